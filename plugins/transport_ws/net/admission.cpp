// plugins/transport_ws/net/admission.cpp - counting in and out.
#include "net/admission.hpp"

namespace transport_ws::net {

std::expected<Admission::Ticket, std::string_view> Admission::enter(
    const boost::asio::ip::address& address) {
  const std::scoped_lock lock(mutex_);
  if (inside_ >= connections_max_) {
    return std::unexpected(too_many);
  }
  std::uint32_t& from_here = per_ip_[address];
  if (from_here >= per_ip_max_) {
    return std::unexpected(too_many_from_address);
  }
  ++from_here;
  ++inside_;
  return Ticket(*this, address);
}

std::uint32_t Admission::inside() const {
  const std::scoped_lock lock(mutex_);
  return inside_;
}

std::expected<Admission::Ticket, std::string_view> Admission::enter_unnamed() {
  const std::scoped_lock lock(mutex_);
  if (inside_ >= connections_max_) {
    return std::unexpected(too_many);
  }
  ++inside_;
  return Ticket(*this, std::nullopt);
}

std::expected<void, std::string_view> Admission::move(Whose& from,
                                                      const boost::asio::ip::address& to) {
  if (from == to) {
    return {};
  }
  const std::scoped_lock lock(mutex_);
  std::uint32_t& there = per_ip_[to];
  if (there >= per_ip_max_) {
    return std::unexpected(too_many_from_address);
  }
  ++there;
  if (from) {
    forget(*from);
  }
  from = to;
  return {};
}

void Admission::leave(const Whose& whose) noexcept {
  const std::scoped_lock lock(mutex_);
  --inside_;
  if (whose) {
    forget(*whose);
  }
}

void Admission::forget(const boost::asio::ip::address& address) noexcept {
  const auto found = per_ip_.find(address);
  if (--found->second == 0) {
    per_ip_.erase(found);
  }
}

}  // namespace transport_ws::net
