// plugins/transport_ws/http/proxies.cpp - networks, and the chain of addresses.
#include "http/proxies.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <fmt/format.h>

#include "limits.hpp"

namespace transport_ws::http {

namespace {

namespace ip = boost::asio::ip;
using Address = Proxies::Address;

unsigned bits_of(const Address& address) noexcept {
  return address.is_v4() ? 32 : 128;
}

// The address with only the first bits left, and without its zone: no entry has one.
Address masked(const Address& address, unsigned prefix) {
  const auto bits = static_cast<unsigned short>(prefix);
  if (address.is_v4()) {
    return ip::make_network_v4(address.to_v4(), bits).network();
  }
  const ip::address_v6 network = ip::make_network_v6(address.to_v6(), bits).network();
  return ip::address_v6(network.to_bytes());
}

std::optional<Address> address_of(std::string_view text) {
  boost::system::error_code failure;
  const Address address = ip::make_address(text, failure);
  // A zone belongs to one machine: nobody else can mean it.
  if (failure || text.find('%') != std::string_view::npos) {
    return std::nullopt;
  }
  return plain(address);
}

bool is_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

// "203.0.113.9", "203.0.113.9:5000", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:5000"
std::optional<Address> hop_of(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    const std::string_view behind = text.substr(end + 1);
    if (!behind.empty() && !(behind.starts_with(':') && is_port(behind.substr(1)))) {
      return std::nullopt;
    }
    const auto address = address_of(text.substr(1, end - 1));
    return address && text.find(':') < end ? address : std::nullopt;
  }
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
    return is_port(text.substr(colon + 1)) ? address_of(text.substr(0, colon)) : std::nullopt;
  }
  return address_of(text);
}

}  // namespace

Proxies::Address plain(const Address& address) {
  return address.is_v6() && address.to_v6().is_v4_mapped()
             ? Address(ip::make_address_v4(ip::v4_mapped, address.to_v6()))
             : address;
}

bp::result<Proxies> Proxies::parse(const std::vector<std::string>& entries) {
  if (entries.size() > proxies_max) {
    return bp::fail(BP_E_CONFIG, fmt::format("'proxies' holds {}; at most {} are possible",
                                             entries.size(), proxies_max));
  }
  Proxies proxies;
  for (const std::string& text : entries) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    const auto base = address_of(std::string_view(text).substr(0, slash));
    unsigned prefix = base ? bits_of(*base) : 0;
    bool good = base.has_value();
    if (good && slash < text.size()) {
      const char* const end = text.data() + text.size();
      const auto read = std::from_chars(text.data() + slash + 1, end, prefix);
      good = read.ec == std::errc() && read.ptr == end && prefix <= bits_of(*base);
    }
    if (!good || masked(*base, prefix) != *base) {
      return bp::fail(BP_E_CONFIG,
                      fmt::format("'proxies': '{}' is no address or network; write 127.0.0.1, "
                                  "10.0.0.0/8 or fd00::/8, with no bits behind the prefix",
                                  text));
    }
    proxies.networks_.push_back({*base, prefix});
  }
  return proxies;
}

bool Proxies::trusts(const Address& address) const {
  const Address wanted = plain(address);
  return std::ranges::any_of(networks_, [&](const Network& network) {
    return network.base.is_v4() == wanted.is_v4() && masked(wanted, network.prefix) == network.base;
  });
}

std::expected<Proxies::Address, Refusal> Proxies::client_of(const Request& request,
                                                            const Address& peer) const {
  Address client = plain(peer);
  for (std::string_view chain : request.all("X-Forwarded-For") | std::views::reverse) {
    for (bool more = true; more;) {
      const std::size_t comma = chain.rfind(',');
      more = comma != std::string_view::npos;
      const auto hop = hop_of(trimmed(more ? chain.substr(comma + 1) : chain));
      if (!hop) {
        return std::unexpected(Refusal{400, "X-Forwarded-For holds what is no address"});
      }
      client = *hop;
      if (!trusts(client)) {
        return client;
      }
      chain = chain.substr(0, more ? comma : 0);
    }
  }
  return client;
}

}  // namespace transport_ws::http
