// plugins/transport_ws/edge/auth_configuration.hpp - the keys below 'auth'.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/cpp/config.hpp"

#include "auth/authenticator.hpp"
#include "limits.hpp"

namespace transport_ws {
namespace auth {

constexpr auto json_names(Mode /*unused*/) {
  return std::array{std::pair{"none", Mode::None}, std::pair{"upgrade", Mode::Upgrade},
                    std::pair{"first_message", Mode::FirstMessage},
                    std::pair{"either", Mode::Either}};
}

}  // namespace auth

namespace edge {

using Patterns = std::optional<std::vector<std::string>>;

struct GrantsConfiguration {
  std::vector<std::string> publish;
  std::vector<std::string> subscribe;
  std::vector<std::string> call;

  static constexpr auto fields =
      bp::fields(bp::field<&GrantsConfiguration::publish>("publish").or_default(),
                 bp::field<&GrantsConfiguration::subscribe>("subscribe").or_default(),
                 bp::field<&GrantsConfiguration::call>("call").or_default());
};

struct TokenConfiguration {
  std::string sha256;
  Patterns publish;
  Patterns subscribe;
  Patterns call;

  static constexpr auto fields =
      bp::fields(bp::field<&TokenConfiguration::sha256>("sha256"),
                 bp::field<&TokenConfiguration::publish>("publish").or_default(),
                 bp::field<&TokenConfiguration::subscribe>("subscribe").or_default(),
                 bp::field<&TokenConfiguration::call>("call").or_default());
};

struct CertificateConfiguration {
  std::string match;
  std::string principal;
  Patterns publish;
  Patterns subscribe;
  Patterns call;

  static constexpr auto fields =
      bp::fields(bp::field<&CertificateConfiguration::match>("match"),
                 bp::field<&CertificateConfiguration::principal>("principal").or_default(),
                 bp::field<&CertificateConfiguration::publish>("publish").or_default(),
                 bp::field<&CertificateConfiguration::subscribe>("subscribe").or_default(),
                 bp::field<&CertificateConfiguration::call>("call").or_default());
};

struct JwtConfiguration {
  std::string secret_file;
  std::string public_key;
  std::string issuer;
  std::string audience;
  std::chrono::milliseconds leeway{jwt_leeway_ms_default};

  static constexpr auto fields =
      bp::fields(bp::field<&JwtConfiguration::secret_file>("secret_file").or_default(),
                 bp::field<&JwtConfiguration::public_key>("public_key").or_default(),
                 bp::field<&JwtConfiguration::issuer>("issuer").or_default(),
                 bp::field<&JwtConfiguration::audience>("audience").or_default(),
                 bp::field<&JwtConfiguration::leeway>("leeway").or_default());
};

struct AuthConfiguration {
  auth::Mode mode = auth::Mode::None;
  std::string service;
  std::chrono::milliseconds deadline{auth_deadline_ms_default};
  std::string cookie;
  std::string query;
  std::map<std::string, TokenConfiguration> tokens;
  std::vector<CertificateConfiguration> certificates;
  std::optional<JwtConfiguration> jwt;
  GrantsConfiguration defaults;

  static constexpr auto fields =
      bp::fields(bp::field<&AuthConfiguration::mode>("mode").or_default(),
                 bp::field<&AuthConfiguration::service>("service").or_default(),
                 bp::field<&AuthConfiguration::deadline>("deadline").or_default(),
                 bp::field<&AuthConfiguration::cookie>("cookie").or_default(),
                 bp::field<&AuthConfiguration::query>("query").or_default(),
                 bp::field<&AuthConfiguration::tokens>("tokens").or_default(),
                 bp::field<&AuthConfiguration::certificates>("certificates").or_default(),
                 bp::field<&AuthConfiguration::jwt>("jwt").or_default(),
                 bp::field<&AuthConfiguration::defaults>("defaults").or_default());
};

/// Reads the files of keys; relative paths start at `folder`. Errors: CONFIG, and those of the
/// files; each names the key.
[[nodiscard]] bp::result<auth::AuthSettings> auth_settings(const AuthConfiguration& from,
                                                           std::string_view folder);

}  // namespace edge
}  // namespace transport_ws
