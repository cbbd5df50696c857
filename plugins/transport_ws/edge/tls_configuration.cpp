// plugins/transport_ws/edge/tls_configuration.cpp - what belongs together is given together.
#include "edge/tls_configuration.hpp"

#include <fmt/format.h>

#include "limits.hpp"
#include "tls/file.hpp"

namespace transport_ws::edge {

namespace {

template <typename From>
tls::Settings settings_of(const From& from, tls::Side side, const std::string& ca,
                          std::string_view folder) {
  tls::Settings settings;
  settings.side = side;
  settings.certificate = tls::path_in(folder, from.certificate);
  settings.key = tls::path_in(folder, from.key);
  settings.ca = tls::path_in(folder, ca);
  settings.min_version = from.min_version;
  return settings;
}

}  // namespace

bp::result<tls::Settings> tls_settings(const TlsConfiguration& from, std::string_view key,
                                       std::string_view folder) {
  if (from.certificate.empty() || from.key.empty()) {
    return bp::fail(BP_E_CONFIG,
                    fmt::format("'{0}.certificate' and '{0}.key' must name files in PEM", key));
  }
  if ((from.client == tls::ClientCertificate::None) != from.client_ca.empty()) {
    return bp::fail(BP_E_CONFIG,
                    fmt::format("'{0}.client_ca' and '{0}.client' (optional or required) are given "
                                "together or not at all",
                                key));
  }
  tls::Settings settings = settings_of(from, tls::Side::Server, from.client_ca, folder);
  settings.client = from.client;
  if (from.by_name.size() > certificates_by_name_max) {
    return bp::fail(BP_E_CONFIG,
                    fmt::format("'{}.by_name' has {} certificates; at most {} are taken", key,
                                from.by_name.size(), certificates_by_name_max));
  }
  for (const PairConfiguration& pair : from.by_name) {
    if (pair.certificate.empty() || pair.key.empty()) {
      return bp::fail(
          BP_E_CONFIG,
          fmt::format("'certificate' and 'key' in '{}.by_name' must name files in PEM", key));
    }
    settings.by_name.push_back(
        {tls::path_in(folder, pair.certificate), tls::path_in(folder, pair.key)});
  }
  return settings;
}

bp::result<tls::Settings> tls_settings(const ClientTlsConfiguration& from, std::string_view key,
                                       std::string_view folder) {
  if (from.certificate.empty() != from.key.empty()) {
    return bp::fail(
        BP_E_CONFIG,
        fmt::format("'{0}.certificate' and '{0}.key' are given together or not at all", key));
  }
  return settings_of(from, tls::Side::Client, from.ca, folder);
}

}  // namespace transport_ws::edge
