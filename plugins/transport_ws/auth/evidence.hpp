// plugins/transport_ws/auth/evidence.hpp - what a connection shows of itself, as the contract
// bp.transport.auth/1 has it.
//
// Thread: values. It may hold secrets: nothing of it is logged but the address.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "tls/engine.hpp"

namespace transport_ws::auth {

struct Evidence {
  std::string address;
  std::string path;
  std::vector<http::Field> fields;
  std::vector<http::Field> cookies;
  std::vector<http::Field> query;  // percent-decoded
  tls::Identity certificate;       // verified; empty: none was shown
  std::string first_message;       // empty: before the upgrade

  /// The value of the first field of that name; empty where there is none. Names of header fields
  /// are the same in any case.
  [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
  [[nodiscard]] std::string_view cookie(std::string_view name) const noexcept;
  /// Empty, too, when it is there twice; so is bearer().
  [[nodiscard]] std::string_view parameter(std::string_view name) const noexcept;
  /// Of "Authorization: Bearer <token>".
  [[nodiscard]] std::string_view bearer() const noexcept;
};

[[nodiscard]] Evidence evidence_of(const http::Request& request, std::string address,
                                   tls::Identity certificate);

/// AuthenticateRequest of sdk/contract/transport_auth.fbs.
[[nodiscard]] std::string to_json(const Evidence& evidence);

}  // namespace transport_ws::auth
