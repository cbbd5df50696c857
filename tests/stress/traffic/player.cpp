// tests/stress/traffic/player.cpp - a player's beginning, its events and its end.
#include "tests/stress/traffic/player.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace stress {

namespace {

constexpr int moves_per_turn = 12;
constexpr std::uint64_t first_channel_token = 100;
constexpr std::size_t kept_max = 64;
constexpr std::uint32_t inline_method = 1;
constexpr std::uint32_t queued_method = 2;

std::uint64_t sum_of(const std::byte* data, std::size_t size) {
  std::uint64_t sum = size;
  for (std::size_t i = 0; i < size; ++i) {
    sum = sum * 31 + static_cast<std::uint64_t>(data[i]);
  }
  return sum;
}

}  // namespace

Player::Player(const bp_host* its_host, bp_inst its_instance, Scene& scene, std::size_t number)
    : Life(its_host, its_instance),
      scene_(scene),
      number_(number),
      strand_{Chance(scene.seed ^ scene.lives.fetch_add(2) * 0x9e3779b97f4a7c15U), true, {}},
      own_{Chance(~scene.seed ^ scene.lives.load() * 0x9e3779b97f4a7c15U), false, {}} {}

Player::~Player() {
  end_thread();
  const std::lock_guard lock(mutex_);
  scene_.calls_given_up_by_stop.fetch_add(open_answers_.size());
  scene_.open_answers.fetch_sub(open_answers_.size());
}

void Player::end_thread() {
  end_.store(true, std::memory_order_release);
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Player::own_thread() {
  while (!end_.load(std::memory_order_acquire) && !scene_.calm.load(std::memory_order_acquire)) {
    SendingEnd given;
    while (own_.senders.size() < senders_max && senders_for_own_.take(own_.chance, given)) {
      own_.senders.push_back(given);
    }
    move(own_);
    if (complete_stop_.exchange(false, std::memory_order_acq_rel)) {
      core->complete(host, stop_op_, BP_OK, nullptr);
    }
    if (const std::uint64_t pace = scene_.pace_ns.load(std::memory_order_relaxed)) {
      std::this_thread::sleep_for(std::chrono::nanoseconds(pace));
    }
  }
  if (complete_stop_.exchange(false, std::memory_order_acq_rel)) {
    core->complete(host, stop_op_, BP_OK, nullptr);
  }
}

// ---- its service

void Player::provide() {
  std::array<bp_method, 2> methods{};
  static constexpr std::array<std::string_view, 2> names{"Inline", "Queued"};
  for (std::uint32_t i = 0; i < methods.size(); ++i) {
    methods[i].struct_size = sizeof(bp_method);
    methods[i].id = i + 1;
    methods[i].name = text(names[i]);
  }
  methods[inline_method - 1].flags = BP_METHOD_INLINE;
  methods[inline_method - 1].inline_self = this;
  methods[inline_method - 1].inline_fn = [](void* self, std::uint32_t, const bp_buf* request,
                                            bp_buf* reply, bp_error*) -> bp_status {
    return static_cast<Player*>(self)->inline_answer(*request, *reply);
  };
  const std::string name = "traffic.service." + std::to_string(number_);
  const bp_str named = text(name);
  expect("provide",
         svc->provide(host, instance, &named, 1, 0, methods.data(), sizeof(bp_method),
                      methods.size(), 5, &provided_, nullptr),
         {});
}

// Any thread. The first word of a request says what is wanted.
bp_status Player::inline_answer(const bp_buf& request, bp_buf& reply) {
  std::uint64_t word = 0;
  std::memcpy(&word, request.data, std::min<std::uint64_t>(sizeof word, request.size));
  if (word % 8 == 0) {
    return BP_E_PLUGIN_FIRST;
  }
  if (word % 8 == 1) {
    const bp_status status = core->alloc(host, instance, request.size, &reply);
    if (status != BP_OK) {
      return status;
    }
  }
  reply.size = std::min(request.size, reply.capacity);
  std::memcpy(reply.data, request.data, reply.size);
  return BP_OK;
}

// ---- beginning and end

void Player::start(const bp_event& event) {
  provide();
  for (std::size_t i = 0; i < players; ++i) {
    const std::string name = "traffic.service." + std::to_string(i);
    const bp_str named = text(name);
    expect("require",
           svc->require(host, instance, &named, 1, 0, BP_REQUIRE_OPTIONAL, &required_[i], nullptr),
           {});
  }
  for (int i = 0; i < 2; ++i) {
    open_sender(strand_);
    open_sender(own_);
    open_receiver(strand_.chance.below(channels), strand_.chance);
  }
  core->post(host, instance, play_on);
  thread_ = std::thread([this] { own_thread(); });
  complete(event);
}

void Player::stop(const bp_event& event) {
  if (strand_.chance.one_in(2)) {
    Kept kept;
    while (kept_.take(strand_.chance, kept)) {
      if (chan->ack(host, &kept.lease) == BP_OK) {
        scene_.ledger.handled(kept.ticket, kept.channel);
      }
    }
  }
  stopping_.store(true, std::memory_order_release);
  if (strand_.chance.one_in(3) && !scene_.calm.load()) {
    // Until then messages would come, and could be taken back before their handler returned.
    while (!receivers_.empty()) {
      close_receiver(strand_.chance);
    }
    stop_op_ = event.handle;
    complete_stop_.store(true, std::memory_order_release);  // the own thread does it
  } else {
    complete(event);
  }
}

void Player::settle() {
  end_thread();
  Kept kept;
  while (kept_.take(strand_.chance, kept)) {
    if (chan->ack(host, &kept.lease) == BP_OK) {
      scene_.ledger.handled(kept.ticket, kept.channel);
    }
  }
  bp_call call = 0;
  while (to_answer_.take(strand_.chance, call)) {
    svc->reply(host, call, BP_E_CANCELLED, nullptr, nullptr);
  }
  bp_timer timer = 0;
  while (timers_.take(strand_.chance, timer)) {
    core->cancel_timer(host, timer);
  }
  SendingEnd given;
  while (senders_for_own_.take(strand_.chance, given)) {
    own_.senders.push_back(given);
  }
  for (Hand* hand : {&strand_, &own_}) {
    while (!hand->senders.empty()) {
      close_sender(*hand);
    }
  }
  for (ReceivingEnd& end : receivers_) {
    chan->resume(host, end.handle);
  }
  // Whoever is left takes what is left.
  for (std::size_t channel = 0; channel < queues && number_ == 0; ++channel) {
    open_receiver(channel, strand_.chance);
  }
}

void Player::leave() {
  for (const ReceivingEnd& end : receivers_) {
    expect("close", chan->close(host, end.handle), {});
  }
  receivers_.clear();
  for (const bp_svc service : required_) {
    expect("close of a service", svc->close(host, service), {});
  }
  expect("withdrawing", svc->close(host, provided_), {});
}

// ---- events

void Player::on_event(const bp_event& event) {
  switch (event.type) {
    case BP_EV_START:
      return start(event);
    case BP_EV_STOP:
      return stop(event);
    case BP_EV_MESSAGE:
      return on_message(event);
    case BP_EV_LAGGED:
      scene_.missed.fetch_add(event.seq, std::memory_order_relaxed);
      return;
    case BP_EV_CALL:
      if (stopping_.load()) {
        return;  // its caller is told when this life ends
      }
      if (scene_.calm.load()) {
        svc->reply(host, event.handle, BP_E_CANCELLED, nullptr, nullptr);
      } else {
        to_answer_.put(event.handle);
      }
      return;
    case BP_EV_REPLY:
    case BP_EV_CONFIRMED:
      return on_answer(event);
    case BP_EV_POSTED:
    case BP_EV_TIMER:
      if (event.token == settle_down) {
        settle();
      } else if (event.token == leave_all) {
        leave();
      } else if (event.token == play_on) {
        for (int i = 0; i < moves_per_turn && !scene_.calm.load() && !stopping_.load(); ++i) {
          move(strand_);
        }
        if (!scene_.calm.load() && !stopping_.load()) {
          core->post(host, instance, play_on);
        }
      }
      return;
    default:
      if (event.type < BP_EV_MESSAGE) {
        complete(event);
      }
      return;
  }
}

void Player::on_message(const bp_event& event) {
  const std::size_t channel = event.token - first_channel_token;
  Parcel parcel;
  if (channel >= channels || event.buf.size < sizeof parcel) {
    scene_.found("a message that was never sent", static_cast<std::int64_t>(event.buf.size));
    return;
  }
  std::memcpy(&parcel, event.buf.data, sizeof parcel);
  const auto* rest = static_cast<const std::byte*>(event.buf.data) + sizeof parcel;
  if (parcel.bytes != event.buf.size ||
      parcel.sum != sum_of(rest, event.buf.size - sizeof parcel)) {
    scene_.found("a message that changed on its way", static_cast<std::int64_t>(parcel.ticket));
    return;
  }
  if (channel >= queues) {
    scene_.heard.fetch_add(1, std::memory_order_relaxed);
    const auto end = std::ranges::find(receivers_, event.handle, &ReceivingEnd::handle);
    if (end == receivers_.end()) {
      return;  // closed in this very batch
    }
    std::uint64_t& last = end->last[parcel.sender];
    if (parcel.number <= last) {
      scene_.found("a broadcast out of order", static_cast<std::int64_t>(parcel.number));
    }
    last = parcel.number;
  } else if (scene_.calm.load() || stopping_.load() || kept_.size() >= kept_max ||
             !strand_.chance.one_in(3)) {
    scene_.ledger.handled(parcel.ticket, channel);
  } else {
    Kept kept{event.buf, channel, parcel.ticket};
    const bp_status status = chan->retain(host, &kept.lease);
    expect("retain", status, {BP_E_BUSY});
    if (status == BP_OK) {
      kept_.put(kept);
    } else {
      scene_.ledger.handled(parcel.ticket, channel);
    }
  }
  if (strand_.chance.one_in(512) && !scene_.calm.load()) {
    close_receiver(strand_.chance);  // perhaps this one, with a batch of it in hand
  }
}

void Player::on_answer(const bp_event& event) {
  if (!answer_came(event.token)) {
    scene_.found("an answer that nobody waits for", event.status);
  }
  (event.type == BP_EV_REPLY ? scene_.replies : scene_.confirmed)
      .fetch_add(1, std::memory_order_relaxed);
}

std::uint64_t Player::expect_answer() {
  const std::lock_guard lock(mutex_);
  open_answers_.insert(++last_token_);
  scene_.open_answers.fetch_add(1);
  return last_token_;
}

bool Player::answer_came(std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  const bool expected = open_answers_.erase(token) == 1;
  scene_.open_answers.fetch_sub(expected ? 1U : 0U);
  return expected;
}

void Player::expect(const char* what, bp_status status, std::initializer_list<bp_status> allowed) {
  if (status < 0 && std::ranges::find(allowed, status) == allowed.end() &&
      !stopping_.load(std::memory_order_acquire)) {
    scene_.found(std::string(what) + " was refused", status);
  }
}

}  // namespace stress
