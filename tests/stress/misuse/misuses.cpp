// tests/stress/misuse/misuses.cpp - the wrong things: each is answered by an error, or it is a
// finding.
#include <array>
#include <cstring>

#include "tests/stress/misuse/hand.hpp"

namespace stress {

namespace {

constexpr unsigned kind_shift = 56;
constexpr unsigned generation_shift = 24;

std::uint8_t kind_of(bp_handle handle) {
  return static_cast<std::uint8_t>(handle >> kind_shift);
}

constexpr std::uint64_t too_large = std::uint64_t{BP_MESSAGE_BYTES_MAX} + 1;

}  // namespace

void Hand::wrong(const char* what, bp_status status) {
  field_.misuses.fetch_add(1, std::memory_order_relaxed);
  if (status >= 0) {
    field_.found(std::string("a misuse was allowed: ") + what, status);
  }
}

bp_handle Hand::bad(std::uint8_t kind) {
  for (;;) {
    bp_handle handle = 0;
    switch (chance_.below(7)) {
      case 0:
        return 0;
      case 1:  // forged, far out
        handle = chance_();
        break;
      case 2:  // forged, near something
        handle = std::uint64_t{kind} << kind_shift | (chance_() & 0xffffffffU) << generation_shift |
                 chance_.below(64);
        break;
      case 3:
      case 4:
        handle = field_.dead.pick(chance_);
        break;
      case 5:  // of another instance
        handle =
            field_.made[(number_ + 1 + chance_.below(attackers - 1)) % attackers].pick(chance_);
        break;
      default:  // of another kind
        handle = chance_.one_in(2) || senders_.empty() ? life_.instance : any_sender();
        if (kind_of(handle) == kind) {
          continue;
        }
        break;
    }
    return handle;
  }
}

bp_buf Hand::bad_lease() {
  bp_handle handle = bad(kind_lease);
  alignas(16) static std::array<std::byte, 64> memory;
  bp_buf buf{memory.data(), chance_.below(65), 64, handle};
  if (chance_.one_in(4)) {
    buf.data = reinterpret_cast<void*>(std::uintptr_t{8});
    buf.size = chance_();
  }
  return buf;
}

bp_error* Hand::any_error() {
  switch (chance_.below(3)) {
    case 0:
      return nullptr;
    case 1: {  // too small a one: nothing may be written behind it
      static constexpr std::uint32_t sizes[] = {0, 4, 16, 511};
      const std::uint32_t size = sizes[chance_.below(4)];
      small_error_.assign(std::max<std::size_t>(size, 4), std::byte{0});
      small_error_.shrink_to_fit();
      std::memcpy(small_error_.data(), &size, sizeof size);
      return reinterpret_cast<bp_error*>(small_error_.data());
    }
    default: {  // whole, with lengths that are lies
      small_error_.assign(sizeof(bp_error), std::byte{0xff});
      const std::uint32_t size = sizeof(bp_error);
      std::memcpy(small_error_.data(), &size, sizeof size);
      return reinterpret_cast<bp_error*>(small_error_.data());
    }
  }
}

std::string Hand::bad_name() {
  switch (chance_.below(6)) {
    case 0:
      return {};
    case 1:
      return std::string(10'240, 'n');
    case 2:
      return std::string("nul\0inside", 10);
    case 3:
      return "not\xff\xfeutf-8";
    case 4:
      return "with space";
    default:
      return std::string(BP_NAME_BYTES_MAX + 1, 'x');
  }
}

void Hand::misuse() {
  switch (chance_.below(on_strand_ ? 13 : 11)) {
    case 0:
      return misuse_send();
    case 1:
      return misuse_send_parts();
    case 2:
      return misuse_reserve();
    case 3:
      return misuse_publish();
    case 4:
    case 5:
      return misuse_lease();
    case 6:
      return misuse_ends();
    case 7:
      return misuse_calls();
    case 8:
      return misuse_answers();
    case 9:
      return misuse_core();
    case 10:
      return chance_.one_in(2) ? misuse_extensions() : misuse_json();
    case 11:  // these belong to the strand
      return misuse_open();
    default:
      return misuse_provide();
  }
}

void Hand::misuse_send() {
  bp_buf lease = bad_lease();
  const bp_chan sender = any_sender();
  wrong("send of a bad lease", life_.chan->send(life_.host, sender, &lease));
  lease = bad_lease();
  wrong("send_confirmed of a bad lease",
        life_.chan->send_confirmed(life_.host, sender, &lease, 1, nullptr));
  wrong("send of NULL", life_.chan->send(life_.host, sender, nullptr));
  wrong("send_confirmed of NULL",
        life_.chan->send_confirmed(life_.host, sender, nullptr, 1, nullptr));
  if (!rooms_.empty()) {
    bp_buf good = rooms_.back();
    wrong("send to a bad channel", life_.chan->send(life_.host, bad(kind_channel), &good));
    if (queue_in != 0) {
      wrong("send to a receiving end", life_.chan->send(life_.host, queue_in, &good));
    }
  }
  if (!leases_.empty()) {
    bp_buf good = leases_.back();
    wrong("send to a bad channel", life_.chan->send(life_.host, bad(kind_channel), &good));
    wrong("send_confirmed to a bad channel",
          life_.chan->send_confirmed(life_.host, bad(kind_channel), &good, 1, nullptr));
  }
}

// A good lease, and a part of it that is none.
void Hand::misuse_send_parts() {
  std::vector<bp_buf>& from = chance_.one_in(2) ? rooms_ : leases_;
  const bp_chan sender = any_sender();
  if (from.empty() || from.back().size == 0 || sender == 0) {
    return misuse_send();
  }
  const bp_buf good = from.back();
  auto* begin = static_cast<std::byte*>(good.data);
  // Blocks have room up to the next power of two behind what was asked for.
  constexpr std::uint64_t beyond = std::uint64_t{64} << 20U;
  const std::array<bp_buf, 8> parts{{{begin - 16, 16, 16, good.lease},
                                     {begin + 1, 1, 1, good.lease},
                                     {begin + beyond, 16, 16, good.lease},
                                     {begin, beyond, beyond, good.lease},
                                     {begin, ~std::uint64_t{0}, 16, good.lease},
                                     {begin + 16, ~std::uint64_t{0} - 8, 16, good.lease},
                                     {nullptr, 16, 16, good.lease},
                                     {&field_, 16, 16, good.lease}}};
  bp_buf part = parts[chance_.below(parts.size())];
  wrong("send of a part that is none", life_.chan->send(life_.host, sender, &part));
  part = parts[chance_.below(parts.size())];
  wrong("send_confirmed of a part that is none",
        life_.chan->send_confirmed(life_.host, sender, &part, 1, nullptr));
  if (required != 0) {
    part = parts[chance_.below(parts.size())];
    bp_buf reply{};
    wrong("call with a part that is none",
          life_.svc->call(life_.host, required, 2, &part, 0, nullptr, 1, &reply, nullptr,
                          any_error()));
  }
  if (!calls_to_answer_.empty()) {
    part = parts[chance_.below(parts.size())];
    wrong("reply with a part that is none",
          life_.svc->reply(life_.host, calls_to_answer_.back(), BP_OK, &part, nullptr));
  }
}

void Hand::misuse_reserve() {
  bp_buf lease{};
  wrong("reserve at a bad channel",
        life_.chan->reserve(life_.host, bad(kind_channel), chance_.below(4'096), &lease));
  if (queue_in != 0) {
    wrong("reserve at a receiving end", life_.chan->reserve(life_.host, queue_in, 8, &lease));
  }
  if (const bp_chan sender = any_sender()) {
    static constexpr std::uint64_t sizes[] = {too_large, ~std::uint64_t{0}, std::uint64_t{1} << 63U,
                                              std::uint64_t{1} << 32U};
    wrong("reserve of too much",
          life_.chan->reserve(life_.host, sender, sizes[chance_.below(4)], &lease));
    wrong("alloc of too much",
          life_.core->alloc(life_.host, life_.instance, sizes[chance_.below(4)], &lease));
  }
  wrong("alloc into NULL", life_.core->alloc(life_.host, life_.instance, 8, nullptr));
  wrong("alloc for a bad instance", life_.core->alloc(life_.host, bad(kind_instance), 8, &lease));
}

void Hand::misuse_publish() {
  std::uint64_t word = 1;
  bp_buf span{&word, 8, 8, 0};
  std::uint32_t taken = 0;
  wrong("publish to a bad channel",
        life_.chan->publish(life_.host, bad(kind_channel), &span, 1, &taken));
  const bp_chan sender = any_sender();
  wrong("publish of NULL", life_.chan->publish(life_.host, sender, nullptr, 3, &taken));
  if (sender != 0) {
    bp_buf leased = bad_lease();
    if (leased.lease != 0) {
      leased.data = &word;
      leased.size = 8;
      wrong("publish of a lease", life_.chan->publish(life_.host, sender, &leased, 1, nullptr));
    }
    span.size = too_large;
    const bp_status status = life_.chan->publish(life_.host, sender, &span, 1, &taken);
    wrong("publish of too much", status);
    if (status != BP_E_TOO_LARGE && !stopping_.load(std::memory_order_acquire)) {
      field_.found("publish of too much says", status);
    }
  }
}

void Hand::misuse_lease() {
  bp_buf lease = bad_lease();
  switch (chance_.below(6)) {
    case 0:
      wrong("release", life_.chan->release(life_.host, &lease));
      wrong("release of NULL", life_.chan->release(life_.host, nullptr));
      return;
    case 1:
      wrong("ack", life_.chan->ack(life_.host, &lease));
      wrong("ack of NULL", life_.chan->ack(life_.host, nullptr));
      return;
    case 2:
      wrong("nack", life_.chan->nack(life_.host, &lease, chance_(),
                                     static_cast<bp_status>(chance_()), any_error()));
      wrong("nack of NULL", life_.chan->nack(life_.host, nullptr, 0, BP_E_UNKNOWN, nullptr));
      return;
    case 3:
      wrong("retain", life_.chan->retain(life_.host, &lease));
      wrong("retain of NULL", life_.chan->retain(life_.host, nullptr));
      return;
    case 4:
      if (!rooms_.empty()) {
        bp_buf room = rooms_.back();
        wrong("ack of what was reserved", life_.chan->ack(life_.host, &room));
        wrong("nack of what was reserved",
              life_.chan->nack(life_.host, &room, 0, BP_E_UNKNOWN, nullptr));
        wrong("retain of what was reserved", life_.chan->retain(life_.host, &room));
      }
      return;
    default: {  // released twice
      bp_buf own{};
      if (life_.core->alloc(life_.host, life_.instance, 64, &own) == BP_OK) {
        bp_buf again = own;
        right("release", life_.chan->release(life_.host, &own));
        wrong("release twice", life_.chan->release(life_.host, &again));
        wrong("send after release", life_.chan->send(life_.host, any_sender(), &again));
        ended(again.lease);
      }
    }
  }
}

void Hand::misuse_lent(const bp_buf& lent) {
  bp_buf copy = lent;
  wrong("release of what is lent", life_.chan->release(life_.host, &copy));
  wrong("ack of what is lent", life_.chan->ack(life_.host, &copy));
  wrong("nack of what is lent", life_.chan->nack(life_.host, &copy, 0, BP_E_UNKNOWN, nullptr));
  wrong("send of what is lent", life_.chan->send(life_.host, any_sender(), &copy));
}

void Hand::misuse_ends() {
  wrong("close", life_.chan->close(life_.host, bad(kind_channel)));
  wrong("pause", life_.chan->pause(life_.host, bad(kind_channel)));
  wrong("resume", life_.chan->resume(life_.host, bad(kind_channel)));
  const std::uint32_t* word = nullptr;
  wrong("activity", life_.chan->activity(life_.host, bad(kind_channel), &word));
  if (const bp_chan sender = any_sender()) {
    wrong("pause of a sending end", life_.chan->pause(life_.host, sender));
    wrong("resume of a sending end", life_.chan->resume(life_.host, sender));
    wrong("activity into NULL", life_.chan->activity(life_.host, sender, nullptr));
    if (on_strand_) {
      wrong("waiting on the strand",
            life_.chan->wait_writable(life_.host, sender, ~std::uint64_t{0}));
    }
  }
  if (queue_in != 0) {
    wrong("activity of a receiving end", life_.chan->activity(life_.host, queue_in, &word));
  }
  wrong("wait_writable", life_.chan->wait_writable(life_.host, bad(kind_channel), 0));
}

}  // namespace stress
