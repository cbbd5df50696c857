// tests/stress/traffic/moves.cpp - what a player does when nothing makes it: each move is right by
// the law, whatever the other players do meanwhile.
#include <algorithm>
#include <array>
#include <cstring>

#include "tests/stress/traffic/player.hpp"

namespace stress {

namespace {

constexpr std::uint64_t first_channel_token = 100;
constexpr std::size_t receivers_max = 5;
constexpr std::size_t may_cancel_max = 8;
constexpr std::uint64_t burst_max = 24;
constexpr std::uint64_t small_bytes_max = 240;
constexpr std::uint64_t large_bytes_max = 40'000;
constexpr std::uint64_t nack_delay_ns_max = 3'000'000;
constexpr std::uint64_t call_timeout_ns_max = 200'000'000;
constexpr std::uint64_t wait_ns = 1'000'000;

std::uint64_t sum_of(const std::byte* data, std::size_t size) {
  std::uint64_t sum = size;
  for (std::size_t i = 0; i < size; ++i) {
    sum = sum * 31 + static_cast<std::uint64_t>(data[i]);
  }
  return sum;
}

}  // namespace

void Player::move(Hand& hand) {
  const std::uint64_t dice = hand.chance.below(100);
  if (hand.strand && dice < 3) {
    open_sender(hand.chance.one_in(2) ? strand_ : own_);
  } else if (hand.strand && dice < 6) {
    open_receiver(hand.chance.below(channels), hand.chance);
  } else if (hand.strand && dice < 8) {
    close_receiver(hand.chance);
  } else if (hand.strand && dice < 12) {
    pause_or_resume(hand.chance);
  } else if (dice < 14) {
    close_sender(hand);
  } else if (dice < 55) {
    send_some(hand);
  } else if (dice < 75) {
    settle_one(hand);
  } else if (dice < 85) {
    call_some(hand);
  } else if (dice < 95) {
    answer_one(hand);
  } else if (dice < 98) {
    set_timer(hand);
  } else {
    run_job();
  }
}

// ---- ends

void Player::open_sender(Hand& hand) {
  // How many the own thread has is its own knowledge: it takes new ones when it has room for them.
  if ((hand.strand ? hand.senders.size() : senders_for_own_.size()) >= senders_max) {
    return;
  }
  const std::size_t channel = strand_.chance.below(channels);
  const ChannelPlan& plan = channel_plans[channel];
  bp_chan_desc wanted = desc(plan.name, plan.kind, BP_DIR_SEND);
  wanted.capacity = plan.capacity;
  wanted.on_full = plan.on_full;
  SendingEnd end;
  end.channel = channel;
  end.sender = scene_.sending_ends.fetch_add(1);
  const bp_status status = chan->open(host, instance, &wanted, 1, &end.handle, nullptr);
  expect("open", status, {});
  if (status == BP_OK) {
    scene_.opened.fetch_add(1, std::memory_order_relaxed);
    hand.strand ? hand.senders.push_back(end) : senders_for_own_.put(end);
  }
}

void Player::open_receiver(std::size_t channel, Chance& chance) {
  if (receivers_.size() >= receivers_max && !scene_.calm.load()) {
    return;
  }
  const ChannelPlan& plan = channel_plans[channel];
  bp_chan_desc wanted = desc(plan.name, plan.kind, BP_DIR_RECEIVE);
  wanted.capacity = plan.capacity;
  wanted.on_full = plan.on_full;
  if (channel == channels - 1 && chance.one_in(2)) {
    wanted.flags = chance.one_in(2) ? BP_CHAN_GATING : BP_CHAN_CONFIRMING;
  }
  if (chance.one_in(4)) {
    wanted.concurrency = static_cast<std::uint32_t>(1 + chance.below(8));
  }
  ReceivingEnd end;
  end.channel = channel;
  const bp_status status =
      chan->open(host, instance, &wanted, first_channel_token + channel, &end.handle, nullptr);
  expect("open", status, {});
  if (status == BP_OK) {
    scene_.opened.fetch_add(1, std::memory_order_relaxed);
    receivers_.push_back(std::move(end));
  }
}

void Player::close_sender(Hand& hand) {
  if (hand.senders.empty()) {
    return;
  }
  std::swap(hand.senders[hand.chance.below(hand.senders.size())], hand.senders.back());
  expect("close", chan->close(host, hand.senders.back().handle), {});
  hand.senders.pop_back();
}

void Player::close_receiver(Chance& chance) {
  if (receivers_.empty()) {
    return;
  }
  std::swap(receivers_[chance.below(receivers_.size())], receivers_.back());
  expect("close", chan->close(host, receivers_.back().handle), {});
  receivers_.pop_back();
}

void Player::pause_or_resume(Chance& chance) {
  if (receivers_.empty()) {
    return;
  }
  ReceivingEnd& end = receivers_[chance.below(receivers_.size())];
  end.paused = !end.paused && chance.one_in(3);
  expect("pause or resume",
         end.paused ? chan->pause(host, end.handle) : chan->resume(host, end.handle), {});
}

// ---- sending

void Player::send_some(Hand& hand) {
  if (hand.senders.empty()) {
    return;
  }
  SendingEnd& end = hand.senders[hand.chance.below(hand.senders.size())];
  std::uint64_t left = 1 + hand.chance.below(burst_max);
  if (hand.chance.one_in(4)) {
    static_cast<void>(send_spans(hand, end));
    return;
  }
  while (left-- > 0 && send_one(hand, end)) {
  }
}

std::uint64_t Player::fill(SendingEnd& end, std::byte* to, std::size_t bytes) {
  const bool queue = end.channel < queues;
  Parcel parcel{queue ? scene_.ledger.issue() : 0, ++end.number, end.sender,
                static_cast<std::uint32_t>(bytes), 0};
  std::byte* rest = to + sizeof parcel;
  const std::size_t rest_bytes = bytes - sizeof parcel;
  std::memset(rest, static_cast<int>(end.number), rest_bytes);
  parcel.sum = sum_of(rest, rest_bytes);
  std::memcpy(to, &parcel, sizeof parcel);
  return parcel.ticket;
}

// False: not now.
bool Player::send_one(Hand& hand, SendingEnd& end) {
  const bool large = hand.chance.one_in(64);
  const std::uint64_t bytes =
      sizeof(Parcel) + hand.chance.below(large ? large_bytes_max : small_bytes_max);
  bp_buf room{};
  const bool of_slab = hand.chance.one_in(8);
  const bp_status reserved = of_slab ? core->alloc(host, instance, bytes, &room)
                                     : chan->reserve(host, end.handle, bytes, &room);
  expect("reserve", reserved, {BP_E_WOULD_BLOCK, BP_E_FULL});
  if (reserved != BP_OK) {
    if (reserved == BP_E_WOULD_BLOCK && !hand.strand && hand.chance.one_in(4)) {
      expect("wait_writable", chan->wait_writable(host, end.handle, core->now_ns(host) + wait_ns),
             {BP_E_TIMEOUT});
    }
    return false;
  }
  const std::uint64_t ticket = fill(end, static_cast<std::byte*>(room.data), bytes);
  room.size = bytes;
  const bp_status sent = send_parcel(hand, end, room, ticket);
  if (room.lease != 0) {
    expect("release", chan->release(host, &room), {});
  }
  return sent >= 0;
}

bp_status Player::send_parcel(Hand& hand, SendingEnd& end, bp_buf& room, std::uint64_t ticket) {
  scene_.ledger.accepted(ticket, end.channel);
  bp_status sent = BP_OK;
  if (hand.chance.one_in(32)) {
    const std::uint64_t token = expect_answer();
    bp_call call = 0;
    sent = chan->send_confirmed(host, end.handle, &room, token, &call);
    if (sent < 0 && sent != BP_E_DROPPED) {
      answer_came(token);
    }
  } else {
    sent = chan->send(host, end.handle, &room);
  }
  if (sent != BP_OK) {
    scene_.ledger.take_back(ticket, end.channel);
  }
  expect("send", sent, {BP_E_WOULD_BLOCK, BP_E_FULL, BP_E_DROPPED});
  return sent;
}

// Each span alone, so that it is known which was dropped.
bool Player::send_spans(Hand& hand, SendingEnd& end) {
  std::array<std::byte, sizeof(Parcel) + small_bytes_max> bytes;
  for (std::uint64_t left = 1 + hand.chance.below(burst_max); left > 0; --left) {
    const std::uint64_t size = sizeof(Parcel) + hand.chance.below(small_bytes_max);
    const std::uint64_t ticket = fill(end, bytes.data(), size);
    const bp_buf span{bytes.data(), size, size, 0};
    scene_.ledger.accepted(ticket, end.channel);
    const bp_status sent = chan->publish(host, end.handle, &span, 1, nullptr);
    if (sent != BP_OK) {
      scene_.ledger.take_back(ticket, end.channel);
    }
    expect("publish", sent, {BP_E_WOULD_BLOCK, BP_E_FULL, BP_E_DROPPED});
    if (sent < 0) {
      return false;
    }
  }
  return true;
}

// ---- what was kept

void Player::settle_one(Hand& hand) {
  Kept kept;
  if (!kept_.take(hand.chance, kept)) {
    return;
  }
  const std::uint64_t dice = hand.chance.below(8);
  if (dice == 1) {
    // STALE: its end was closed by the host meanwhile, and it went back by that.
    expect("nack",
           chan->nack(host, &kept.lease, hand.chance.below(nack_delay_ns_max), BP_E_BUSY, nullptr),
           {});
  } else if (dice == 2 && hand.strand) {
    forward(hand, kept);
  } else if (dice == 3 && hand.strand) {
    expect("release", chan->release(host, &kept.lease), {});
    scene_.ledger.handled(kept.ticket, kept.channel);
  } else {
    const bp_status status = chan->ack(host, &kept.lease);
    expect("ack", status, {});
    if (status == BP_OK) {
      scene_.ledger.handled(kept.ticket, kept.channel);
    }
  }
}

// On to another queue, without a copy; handled here by that.
void Player::forward(Hand& hand, Kept& kept) {
  const auto to = std::ranges::find_if(hand.senders,
                                       [](const SendingEnd& end) { return end.channel < queues; });
  if (to != hand.senders.end()) {
    scene_.ledger.accepted(kept.ticket, to->channel);
    const bp_status sent = chan->send(host, to->handle, &kept.lease);
    expect("forwarding", sent, {BP_E_WOULD_BLOCK, BP_E_FULL, BP_E_DROPPED});
    if (sent != BP_OK) {
      scene_.ledger.take_back(kept.ticket, to->channel);
    }
    if (kept.lease.lease == 0) {
      scene_.ledger.handled(kept.ticket, kept.channel);
      return;
    }
  }
  kept_.put(kept);
}

// ---- calls

void Player::call_some(Hand& hand) {
  std::array<std::uint64_t, 6> words{hand.chance()};
  bp_buf request{words.data(), sizeof words, sizeof words, 0};
  bp_buf reply{};
  bp_call call = 0;
  bp_error error = room_for_error();
  const std::uint64_t token = expect_answer();
  const bp_status status =
      svc->call(host, required_[hand.chance.below(players)],
                1 + static_cast<std::uint32_t>(hand.chance.below(2)), &request,
                core->now_ns(host) + 1'000'000 + hand.chance.below(call_timeout_ns_max), nullptr,
                token, &reply, &call, &error);
  expect("call", status,
         {BP_E_UNAVAILABLE, BP_E_BUSY, BP_E_ABANDONED, BP_E_TIMEOUT, BP_E_PLUGIN_FIRST});
  if (status != BP_OK) {
    answer_came(token);
    if (status == BP_DONE && reply.lease != 0) {
      if (std::memcmp(reply.data, words.data(), sizeof words) != 0) {
        scene_.found("a reply to another call");
      }
      expect("release of a reply", chan->release(host, &reply), {});
    }
    return;
  }
  scene_.calls.fetch_add(1, std::memory_order_relaxed);
  if (may_cancel_.size() < may_cancel_max) {
    may_cancel_.put({call, token});
  }
  std::pair<bp_call, std::uint64_t> given_up;
  if (hand.chance.one_in(4) && may_cancel_.take(hand.chance, given_up)) {
    const bp_status cancelled = svc->cancel(host, given_up.first);
    if (cancelled == BP_OK) {
      if (!answer_came(given_up.second)) {
        scene_.found("a call was cancelled after it was answered");
      }
      scene_.calls_cancelled.fetch_add(1, std::memory_order_relaxed);
    } else {
      expect("cancel", cancelled, {BP_E_STALE});
    }
  }
}

void Player::answer_one(Hand& hand) {
  bp_call call = 0;
  if (!to_answer_.take(hand.chance, call) || hand.chance.one_in(64)) {
    return;  // the deadline answers it
  }
  if (hand.chance.one_in(4)) {
    bp_error error = room_for_error();
    expect("reply", svc->reply(host, call, BP_E_PLUGIN_FIRST, nullptr, &error), {BP_E_STALE});
    return;
  }
  std::uint64_t word = 7;
  bp_buf span{&word, sizeof word, sizeof word, 0};
  if (hand.chance.one_in(2) && core->alloc(host, instance, sizeof word, &span) == BP_OK) {
    std::memcpy(span.data, &word, sizeof word);
  }
  expect("reply", svc->reply(host, call, BP_OK, &span, nullptr), {BP_E_STALE});
  if (span.lease != 0) {
    expect("release", chan->release(host, &span), {});
  }
}

// ---- the rest

void Player::set_timer(Hand& hand) {
  bp_timer timer = 0;
  expect("timer",
         core->timer(host, instance, core->now_ns(host) + hand.chance.below(2'000'000),
                     hand.chance.one_in(4) ? 1'000'000 : 0, 9, &timer),
         {});
  if (timer != 0) {
    timers_.put(timer);
  }
  if (timers_.size() > 8 && timers_.take(hand.chance, timer)) {
    expect("cancel_timer", core->cancel_timer(host, timer), {BP_E_STALE});
  }
}

void Player::run_job() {
  expect("run_blocking", core->run_blocking(host, instance, [](void*) {}, nullptr, 9), {BP_E_BUSY});
}

}  // namespace stress
