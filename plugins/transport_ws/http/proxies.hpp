// plugins/transport_ws/http/proxies.hpp - who is believed when it says for whom it speaks, and
// whose request it is then.
//
// Thread: a value; looking is const.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "backplane/cpp/error.hpp"

#include "http/message.hpp"

namespace transport_ws::http {

class Proxies {
 public:
  using Address = boost::asio::ip::address;

  Proxies() = default;

  /// "127.0.0.1", "10.0.0.0/8", "fd00::/8". Errors: CONFIG, naming the entry.
  [[nodiscard]] static bp::result<Proxies> parse(const std::vector<std::string>& entries);

  /// IPv4 in IPv6 (::ffff:10.0.0.1) is IPv4.
  [[nodiscard]] bool trusts(const Address& address) const;

  /// Whose request it is that a trusted peer passes on: the rightmost address of X-Forwarded-For
  /// that is no proxy; the leftmost where all are; the peer's where there is none. What stands left
  /// of it anybody may have written and is not read. The error is the answer.
  [[nodiscard]] std::expected<Address, Refusal> client_of(const Request& request,
                                                          const Address& peer) const;

 private:
  struct Network {
    Address base;  // with the bits behind the prefix unset
    unsigned prefix;
  };

  std::vector<Network> networks_;  // none: nobody is trusted
};

/// ::ffff:10.0.0.1 as 10.0.0.1, all others as they are.
[[nodiscard]] Proxies::Address plain(const Proxies::Address& address);

}  // namespace transport_ws::http
