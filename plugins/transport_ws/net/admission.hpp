// plugins/transport_ws/net/admission.hpp - how many connections there may be, in all and from one
// address.
//
// Thread: any.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include <boost/asio/ip/address.hpp>

namespace transport_ws::net {

inline constexpr std::string_view too_many = "too many connections";
inline constexpr std::string_view too_many_from_address = "too many connections from this address";

class Admission {
 public:
  /// A place that was granted; given back when the ticket dies. The Admission must outlive it.
  class Ticket {
   public:
    Ticket() = default;

    Ticket(Ticket&& other) noexcept
        : home_(std::exchange(other.home_, nullptr)), address_(other.address_) {}

    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(home_, other.home_);
      std::swap(address_, other.address_);
      return *this;
    }

    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    ~Ticket() {
      if (home_ != nullptr) {
        home_->leave(address_);
      }
    }

   private:
    friend class Admission;

    Ticket(Admission& home, const boost::asio::ip::address& address)
        : home_(&home), address_(address) {}

    Admission* home_ = nullptr;
    boost::asio::ip::address address_;
  };

  Admission(std::uint32_t connections_max, std::uint32_t per_ip_max) noexcept
      : connections_max_(connections_max), per_ip_max_(per_ip_max) {}

  /// The error says which limit was met.
  [[nodiscard]] std::expected<Ticket, std::string_view> enter(
      const boost::asio::ip::address& address);

  [[nodiscard]] std::uint32_t inside() const;

 private:
  void leave(const boost::asio::ip::address& address) noexcept;

  mutable std::mutex mutex_;
  std::map<boost::asio::ip::address, std::uint32_t> per_ip_;
  std::uint32_t inside_ = 0;
  std::uint32_t connections_max_;
  std::uint32_t per_ip_max_;
};

}  // namespace transport_ws::net
