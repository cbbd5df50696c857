// tests/stress/misuse/attacker.cpp - opens, attacks, takes what comes, stops.
#include "tests/stress/misuse/attacker.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace stress {

namespace {

constexpr int steps_per_turn = 32;
constexpr std::uint32_t capacity = 64;
constexpr std::uint64_t finale_token = 21;
constexpr std::uint64_t message_token = 22;

enum : std::uint32_t { inline_well = 1, queued = 2, inline_badly = 3 };

std::uint64_t mixed(std::uint64_t seed, std::uint64_t with) {
  return Chance(seed ^ with * 0x9e3779b97f4a7c15U)();
}

}  // namespace

Attacker::Attacker(const bp_host* its_host, bp_inst its_instance, Field& field, std::size_t number)
    : Life(its_host, its_instance),
      field_(field),
      number_(number),
      strand_(*this, field, number, true, mixed(field.seed, 2 * field.lives.fetch_add(1) + 1)),
      own_(*this, field, number, false, mixed(field.seed, 2 * field.lives.load())) {}

Attacker::~Attacker() {
  end_thread();
}

void Attacker::end_thread() {
  end_.store(true, std::memory_order_release);
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Attacker::own_thread() {
  while (!end_.load(std::memory_order_acquire) && !field_.calm.load(std::memory_order_acquire)) {
    own_.step();
  }
}

// ---- its service

bp_status BP_CALL Attacker::answer(void* self, std::uint32_t method, const bp_buf* request,
                                   bp_buf* reply, bp_error* /*error*/) {
  auto& mine = *static_cast<Attacker*>(self);
  if (method == inline_badly) {
    return mine.answer_badly(*reply);
  }
  const std::uint64_t size = std::min<std::uint64_t>(request->size, reply->capacity);
  if (size > 0) {
    std::memcpy(reply->data, request->data, size);
  }
  reply->size = size;
  return BP_OK;
}

// With memory that is not its own. On whichever thread: no hand may be used here.
bp_status Attacker::answer_badly(bp_buf& reply) {
  thread_local Chance chance(mixed(field_.seed, 77));
  bp_handle dead = 0;
  switch (chance.below(6)) {
    case 0:
      reply.size = reply.capacity + 1;
      return BP_OK;
    case 1:
      reply.data = &field_;
      reply.size = 8;
      return BP_OK;
    case 2:
      reply.size = ~std::uint64_t{0};
      return BP_OK;
    case 3:
      while (dead == 0) {
        dead = field_.dead.pick(chance);
        dead = dead == 0 ? instance : dead;
      }
      reply = {&field_, 8, 8, dead};
      return BP_OK;
    case 4: {  // a part that is none, of a lease that is
      bp_buf lease{};
      if (core->alloc(host, instance, 64, &lease) != BP_OK) {
        return BP_E_BUSY;
      }
      reply = lease;
      reply.size = std::uint64_t{1} << 40U;
      return BP_OK;
    }
    default:  // an error, and a lease beside it
      static_cast<void>(core->alloc(host, instance, 64, &reply));
      return BP_E_UNAVAILABLE;
  }
}

// ---- beginning and end

void Attacker::open_senders(Hand& hand) {
  bp_chan_desc desc = Life::desc("misuse.queue", BP_KIND_QUEUE, BP_DIR_SEND);
  desc.capacity = capacity;
  hand.give_sender(open(desc, 1));
  desc.name = text("misuse.rejecting");
  desc.on_full = BP_FULL_REJECT;
  hand.give_sender(open(desc, 1));
  desc = Life::desc("misuse.broadcast", BP_KIND_BROADCAST, BP_DIR_SEND);
  desc.capacity = capacity;
  hand.give_sender(open(desc, 1));
}

void Attacker::open_receivers() {
  bp_chan_desc desc = Life::desc("misuse.queue", BP_KIND_QUEUE, BP_DIR_RECEIVE);
  desc.capacity = capacity;
  strand_.queue_in = own_.queue_in = open(desc, message_token);
  desc.name = text("misuse.rejecting");
  desc.on_full = BP_FULL_REJECT;
  const bp_chan rejecting = open(desc, message_token);
  desc = Life::desc("misuse.broadcast", BP_KIND_BROADCAST, BP_DIR_RECEIVE);
  desc.capacity = capacity;
  strand_.broadcast_in = own_.broadcast_in = open(desc, message_token);
  receivers_ = {strand_.queue_in, rejecting, strand_.broadcast_in};
}

void Attacker::start(const bp_event& event) {
  open_receivers();
  open_senders(strand_);
  open_senders(own_);
  std::array<bp_method, 3> methods{};
  static constexpr std::string_view names[] = {"Well", "Queued", "Badly"};
  for (std::uint32_t i = 0; i < methods.size(); ++i) {
    methods[i].struct_size = sizeof(bp_method);
    methods[i].id = i + 1;
    methods[i].name = text(names[i]);
    if (methods[i].id != queued) {
      methods[i].flags = BP_METHOD_INLINE;
      methods[i].inline_fn = &Attacker::answer;
      methods[i].inline_self = this;
    }
  }
  const std::string mine = service_name(number_);
  const std::string other = service_name((number_ + 1) % attackers);
  const bp_str provided = text(mine);
  const bp_str required = text(other);
  bp_svc service = 0;
  bp_status status = svc->provide(host, instance, &provided, 1, 0, methods.data(),
                                  sizeof(bp_method), methods.size(), 5, &service, nullptr);
  strand_.provided = own_.provided = service;
  if (status == BP_OK) {
    status = svc->require(host, instance, &required, 1, 0, BP_REQUIRE_OPTIONAL, &service, nullptr);
    strand_.required = own_.required = service;
  }
  core->post(host, instance, go_on);
  thread_ = std::thread([this] { own_thread(); });
  complete(event, status);
}

void Attacker::stop(const bp_event& event) {
  strand_.expect_refusals();
  own_.expect_refusals();
  complete(event);
  strand_.try_after_stop();
  strand_.wrong("complete STOP twice", core->complete(host, event.handle, BP_OK, nullptr));
  // The own thread goes on: destroy() ends it.
}

// ---- what comes

void Attacker::on_event(const bp_event& event) {
  if (event.buf.lease != 0) {
    lent_.push_back(event.buf.lease);
  }
  switch (event.type) {
    case BP_EV_START:
      return start(event);
    case BP_EV_STOP:
      return stop(event);
    case BP_EV_MESSAGE:
      return on_message(event);
    case BP_EV_CALL:
      return on_call(event);
    case BP_EV_POSTED:
      return on_posted(event.token);
    case BP_EV_REPLY:
      if (finale_ && event.token == finale_token) {
        (event.status < 0 ? field_.refused : field_.answered)
            .fetch_add(1, std::memory_order_relaxed);
      }
      return;
    default:
      if (event.type < BP_EV_MESSAGE) {
        complete(event);
      }
      return;
  }
}

void Attacker::batch_ended() {
  for (const bp_handle handle : lent_) {
    field_.dead.put(handle);
  }
  lent_.clear();
}

void Attacker::on_message(const bp_event& event) {
  if (finale_) {
    field_.arrived.fetch_add(event.token == finale_token ? 1U : 0U, std::memory_order_relaxed);
    return;
  }
  field_.messages.fetch_add(1, std::memory_order_relaxed);
  if (field_.calm.load(std::memory_order_acquire)) {
    return;
  }
  Chance& chance = strand_.chance();
  if (chance.one_in(8)) {
    strand_.misuse_lent(event.buf);
  }
  if (!chance.one_in(4)) {
    return;
  }
  bp_buf kept = event.buf;
  if (chan->retain(host, &kept) != BP_OK) {
    return;  // BUSY: many are retained
  }
  bp_buf again = event.buf;
  strand_.wrong("retain twice", chan->retain(host, &again));
  again = kept;
  strand_.wrong("retain of a lease", chan->retain(host, &again));
  field_.made[number_].put(kept.lease);
  (chance.one_in(2) ? strand_ : own_).give_lease(kept);
}

void Attacker::on_call(const bp_event& event) {
  if (finale_) {
    bp_buf reply = event.buf;
    reply.lease = 0;
    svc->reply(host, event.handle, BP_OK, &reply, nullptr);
    return;
  }
  if (field_.calm.load(std::memory_order_acquire)) {
    svc->reply(host, event.handle, BP_E_CANCELLED, nullptr, nullptr);
    return;
  }
  (strand_.chance().one_in(2) ? strand_ : own_).give_call(event.handle);
}

void Attacker::on_posted(std::uint64_t token) {
  switch (token) {
    case go_on:
      for (int i = 0; i < steps_per_turn && !field_.calm.load(std::memory_order_acquire); ++i) {
        strand_.step();
      }
      if (!field_.calm.load(std::memory_order_acquire)) {
        core->post(host, instance, go_on);
      }
      return;
    case be_calm:
      end_thread();
      strand_.let_go();
      own_.let_go();
      field_.calmed.fetch_add(1, std::memory_order_release);
      return;
    case close_all:
      if (finale_) {
        svc->close(host, strand_.required);
        svc->close(host, strand_.provided);
      }
      for (const bp_chan end : receivers_) {
        chan->close(host, end);
      }
      return;
    case open_finale:
      return open_finale_ends();
    case begin_finale:
      return begin_finale_round();
    default:
      return;
  }
}

// ---- the round trip at the end

void Attacker::open_finale_ends() {
  finale_ = true;
  receivers_.clear();
  if (number_ != 0) {
    return;
  }
  bp_chan_desc desc = Life::desc("misuse.finale", BP_KIND_QUEUE, BP_DIR_RECEIVE);
  desc.capacity = finale_messages;
  receivers_ = {open(desc, finale_token)};
}

void Attacker::begin_finale_round() {
  bp_chan_desc desc = Life::desc("misuse.finale", BP_KIND_QUEUE, BP_DIR_SEND);
  desc.capacity = finale_messages;
  const bp_chan out = open(desc, 1);
  for (std::uint64_t i = 0; i < finale_messages; ++i) {
    bp_buf room{};
    if (chan->reserve(host, out, sizeof i, &room) != BP_OK) {
      return;
    }
    std::memcpy(room.data, &i, sizeof i);
    chan->send(host, out, &room);
  }
  for (std::uint64_t i = 0; i < finale_calls; ++i) {
    bp_buf request{&i, sizeof i, sizeof i, 0};
    bp_buf reply{};
    const bp_status status =
        svc->call(host, strand_.required, i % 2 == 0 ? inline_well : queued, &request, 0, nullptr,
                  finale_token, &reply, nullptr, nullptr);
    if (status == BP_DONE) {
      field_.answered.fetch_add(
          reply.size == sizeof i && std::memcmp(reply.data, &i, sizeof i) == 0 ? 1U : 0U);
      chan->release(host, &reply);
    } else if (status < 0) {
      field_.refused.fetch_add(1);
    }
  }
  chan->close(host, out);
}

}  // namespace stress
