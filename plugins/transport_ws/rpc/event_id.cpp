// plugins/transport_ws/rpc/event_id.cpp - 48 bits of time, 12 bits of count, 62 bits of chance.
#include "rpc/event_id.hpp"

#include <chrono>

#include <fmt/format.h>

namespace transport_ws::rpc {

namespace {

constexpr std::uint32_t count_max = 0xFFF;

std::uint64_t unix_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

std::mt19937_64 seeded() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(),
                     device(), device(), device(), device()};
  return std::mt19937_64(seed);
}

}  // namespace

EventIds::EventIds() : random_(seeded()) {}

std::string EventIds::next() {
  const std::uint64_t now_ms = unix_ms();
  if (now_ms > last_ms_) {
    last_ms_ = now_ms;
    count_ = 0;
  } else if (++count_ > count_max) {
    ++last_ms_;  // more than 4096 in a millisecond: borrow from the next one
    count_ = 0;
  }
  const std::uint64_t chance = random_();
  return fmt::format("{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}", last_ms_ >> 16U, last_ms_ & 0xFFFFU,
                     count_, 0x8000U | ((chance >> 48U) & 0x3FFFU), chance & 0xFFFF'FFFF'FFFFULL);
}

}  // namespace transport_ws::rpc
