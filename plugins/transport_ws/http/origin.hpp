// plugins/transport_ws/http/origin.hpp - which web pages may connect: none, unless they are listed.
//
// A browser always sends Origin with a WebSocket handshake; who sends none is not a browser.
// Thread: value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace transport_ws::http {

class OriginPolicy {
 public:
  /// `allowed`: "https://app.example.org", "https://*.example.org" (one or more labels), "null", or
  /// "*". `loopback`: pages of this machine (localhost, 127.0.0.1, [::1], any port) too.
  OriginPolicy(std::vector<std::string> allowed, bool loopback)
      : allowed_(std::move(allowed)), loopback_(loopback) {}

  /// No page may connect, wherever it comes from.
  [[nodiscard]] bool none() const noexcept { return allowed_.empty() && !loopback_; }

  [[nodiscard]] bool allows(std::string_view origin) const noexcept;

 private:
  std::vector<std::string> allowed_;
  bool loopback_;
};

}  // namespace transport_ws::http
