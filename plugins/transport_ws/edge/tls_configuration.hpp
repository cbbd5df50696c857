// plugins/transport_ws/edge/tls_configuration.hpp - the keys below 'tls', of listeners and of
// clients.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/cpp/config.hpp"

#include "limits.hpp"
#include "tls/context.hpp"

namespace transport_ws {
namespace tls {

constexpr auto json_names(ClientCertificate /*unused*/) {
  return std::array{std::pair{"none", ClientCertificate::None},
                    std::pair{"optional", ClientCertificate::Optional},
                    std::pair{"required", ClientCertificate::Required}};
}

constexpr auto json_names(Version /*unused*/) {
  return std::array{std::pair{"1.2", Version::Tls12}, std::pair{"1.3", Version::Tls13}};
}

}  // namespace tls

namespace edge {

struct PairConfiguration {
  std::string certificate;
  std::string key;

  static constexpr auto fields =
      bp::fields(bp::field<&PairConfiguration::certificate>("certificate"),
                 bp::field<&PairConfiguration::key>("key"));
};

struct TlsConfiguration {
  std::string certificate;
  std::string key;
  std::string client_ca;
  tls::ClientCertificate client = tls::ClientCertificate::None;
  tls::Version min_version = tls::Version::Tls12;
  std::chrono::milliseconds reload{tls_reload_ms_default};
  std::vector<PairConfiguration> by_name;

  static constexpr auto fields =
      bp::fields(bp::field<&TlsConfiguration::certificate>("certificate"),
                 bp::field<&TlsConfiguration::key>("key"),
                 bp::field<&TlsConfiguration::client_ca>("client_ca").or_default(),
                 bp::field<&TlsConfiguration::client>("client").or_default(),
                 bp::field<&TlsConfiguration::min_version>("min_version").or_default(),
                 bp::field<&TlsConfiguration::reload>("reload").or_default(),
                 bp::field<&TlsConfiguration::by_name>("by_name").or_default());
};

struct ClientTlsConfiguration {
  std::string ca;
  std::string certificate;
  std::string key;
  tls::Version min_version = tls::Version::Tls12;

  static constexpr auto fields =
      bp::fields(bp::field<&ClientTlsConfiguration::ca>("ca").or_default(),
                 bp::field<&ClientTlsConfiguration::certificate>("certificate").or_default(),
                 bp::field<&ClientTlsConfiguration::key>("key").or_default(),
                 bp::field<&ClientTlsConfiguration::min_version>("min_version").or_default());
};

/// `key`: the configuration's name of it, for errors. Relative paths start at `folder`. Errors:
/// CONFIG; the files are not looked at yet.
[[nodiscard]] bp::result<tls::Settings> tls_settings(const TlsConfiguration& from,
                                                     std::string_view key, std::string_view folder);
[[nodiscard]] bp::result<tls::Settings> tls_settings(const ClientTlsConfiguration& from,
                                                     std::string_view key, std::string_view folder);

}  // namespace edge
}  // namespace transport_ws
