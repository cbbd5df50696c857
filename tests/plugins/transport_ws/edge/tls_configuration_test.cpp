// tests/plugins/transport_ws/edge/tls_configuration_test.cpp - keys of TLS, and what must come
// together.
#include "edge/tls_configuration.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "edge/configuration.hpp"

namespace transport_ws::edge {
namespace {

bp::result<server::Settings> read(const std::string& text) {
  const auto configuration = bp::config_from_json<Configuration>(text);
  if (!configuration) {
    return std::unexpected(configuration.error());
  }
  return engine_settings(*configuration, "/data");
}

TEST(TlsConfiguration, IsOffUnlessGiven) {
  const auto settings = read("{}");
  ASSERT_TRUE(settings);
  EXPECT_FALSE(settings->tls);
  EXPECT_FALSE(settings->metrics_tls);
  EXPECT_EQ(settings->tls_reload_ms, 0U);
}

TEST(TlsConfiguration, TakesEveryKey) {
  const auto settings = read(
      R"({"tls":{"certificate":"a.pem","key":"/k/a.key","client_ca":"ca.pem","client":"optional",
                 "min_version":"1.3","reload":"3s",
                 "by_name":[{"certificate":"n.pem","key":"n.key"}]},
          "metrics":{"tls":{"certificate":"m.pem","key":"m.key","reload":"2s"}}})");
  ASSERT_TRUE(settings) << settings.error().text();
  EXPECT_EQ(settings->tls->certificate, "/data/a.pem");
  EXPECT_EQ(settings->tls->key, "/k/a.key");
  EXPECT_EQ(settings->tls->ca, "/data/ca.pem");
  EXPECT_EQ(settings->tls->client, tls::ClientCertificate::Optional);
  EXPECT_EQ(settings->tls->min_version, tls::Version::Tls13);
  ASSERT_EQ(settings->tls->by_name.size(), 1U);
  EXPECT_EQ(settings->tls->by_name[0].certificate, "/data/n.pem");
  EXPECT_EQ(settings->tls->by_name[0].key, "/data/n.key");
  EXPECT_EQ(settings->metrics_tls->certificate, "/data/m.pem");
  EXPECT_EQ(settings->metrics_tls->client, tls::ClientCertificate::None);
  EXPECT_EQ(settings->tls_reload_ms, 2'000U);
  EXPECT_EQ(read(R"({"tls":{"certificate":"a","key":"b","reload":"0s"}})")->tls_reload_ms, 0U);
}

TEST(TlsConfiguration, NamesWhatIsMissing) {
  for (const auto& [text, key] :
       {std::pair<std::string, std::string>{R"({"tls":{"certificate":"a"}})", "key"},
        {R"({"tls":{"certificate":"","key":"b"}})", "tls.certificate"},
        {R"({"tls":{"certificate":"a","key":"b","client":"required"}})", "tls.client_ca"},
        {R"({"metrics":{"tls":{"certificate":"a","key":"b","client_ca":"c"}}})",
         "metrics.tls.client_ca"},
        {R"({"tls":{"certificate":"a","key":"b","min_version":"1.1"}})", "min_version"},
        {R"({"tls":{"certificate":"a","key":"b","by_name":[{"certificate":"","key":"c"}]}})",
         "tls.by_name"},
        {R"({"tls":{"certificate":"a","key":"b","reload":"2h"}})", "tls.reload"}}) {
    const auto settings = read(text);
    ASSERT_FALSE(settings) << text;
    EXPECT_EQ(settings.error().code(), BP_E_CONFIG);
    EXPECT_NE(settings.error().text().find(key), std::string::npos) << settings.error().text();
  }
}

TEST(TlsConfiguration, OfClients) {
  const auto read_client = [](const std::string& tls) {
    return client_settings(*bp::config_from_json<Configuration>(
                               R"({"clients":{"hq":{"url":"wss://hq/x","tls":)" + tls + "}}}"),
                           "/data");
  };
  const auto clients = read_client(R"({"ca":"ca.pem","certificate":"c.pem","key":"c.key"})");
  ASSERT_TRUE(clients) << clients.error().text();
  EXPECT_TRUE(clients->front().url.secure);
  EXPECT_EQ(clients->front().url.port, "443");
  EXPECT_EQ(clients->front().client.tls.ca, "/data/ca.pem");
  EXPECT_EQ(clients->front().client.tls.side, tls::Side::Client);
  EXPECT_NE(read_client(R"({"certificate":"c.pem"})").error().text().find("clients.hq.tls.key"),
            std::string::npos);
}

}  // namespace
}  // namespace transport_ws::edge
