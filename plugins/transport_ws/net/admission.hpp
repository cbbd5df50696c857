// plugins/transport_ws/net/admission.hpp - how many connections there may be, in all and from one
// address.
//
// Thread: any.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <mutex>
#include <optional>
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
        : home_(std::exchange(other.home_, nullptr)), address_(std::move(other.address_)) {}

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

    /// It counts for this address from now on. An error says that there is no place, and that
    /// nothing changed.
    [[nodiscard]] std::expected<void, std::string_view> count_for(
        const boost::asio::ip::address& address) {
      return home_->move(address_, address);
    }

   private:
    friend class Admission;

    Ticket(Admission& home, const std::optional<boost::asio::ip::address>& address)
        : home_(&home), address_(address) {}

    Admission* home_ = nullptr;
    std::optional<boost::asio::ip::address> address_;  // none: it counts for nobody yet
  };

  Admission(std::uint32_t connections_max, std::uint32_t per_ip_max) noexcept
      : connections_max_(connections_max), per_ip_max_(per_ip_max) {}

  /// The error says which limit was met.
  [[nodiscard]] std::expected<Ticket, std::string_view> enter(
      const boost::asio::ip::address& address);

  /// For somebody whom Ticket::count_for() will name: counted among all until then.
  [[nodiscard]] std::expected<Ticket, std::string_view> enter_unnamed();

  [[nodiscard]] std::uint32_t inside() const;

 private:
  using Whose = std::optional<boost::asio::ip::address>;

  [[nodiscard]] std::expected<void, std::string_view> move(Whose& from,
                                                           const boost::asio::ip::address& to);
  void leave(const Whose& whose) noexcept;
  void forget(const boost::asio::ip::address& address) noexcept;

  mutable std::mutex mutex_;
  std::map<boost::asio::ip::address, std::uint32_t> per_ip_;
  std::uint32_t inside_ = 0;
  std::uint32_t connections_max_;
  std::uint32_t per_ip_max_;
};

}  // namespace transport_ws::net
