// tests/plugins/transport_ws/edge/configuration_test.cpp - defaults, every key, and ranges named by
// their key.
#include "edge/configuration.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace transport_ws::edge {
namespace {

bp::result<server::Settings> read(const std::string& text) {
  const auto configuration = bp::config_from_json<Configuration>(text);
  if (!configuration) {
    return std::unexpected(configuration.error());
  }
  return engine_settings(*configuration);
}

TEST(Configuration, HasDefaults) {
  const auto settings = read("{}");
  ASSERT_TRUE(settings) << settings.error().text();
  EXPECT_EQ(net::to_text(settings->listen), "127.0.0.1:9400");
  EXPECT_EQ(net::to_text(*settings->metrics_listen), "127.0.0.1:9464");
  EXPECT_EQ(settings->session.heartbeat_ms, 25'000U);
  EXPECT_EQ(settings->session.queue_bytes, 1U << 20U);
  EXPECT_EQ(settings->session.message_bytes_max, 64U << 10U);
  EXPECT_EQ(settings->handshake_ms, 5'000U);
  EXPECT_EQ(settings->io_threads, 1U);
}

TEST(Configuration, TakesEveryKey) {
  const auto settings = read(
      R"({"listen":"[::1]:1","metrics_listen":"","origins":["https://a"],"origins_loopback":true,
    "io_threads":2,"heartbeat":"3s","drain":"2s","proxies":["10.0.0.0/8"],
    "limits":{"connections":5,"connections_per_ip":4,"handshake":"1s","header":"4KiB",
              "message":2048,
              "in_flight":7,"subscriptions":8,"call_timeout":"9s"},
    "writer":{"queue":"32KiB","policy":"drop-oldest","block":"250ms"},
    "metrics":{"in_flight":2,"timeout":"3s"}})");
  ASSERT_TRUE(settings) << settings.error().text();
  EXPECT_EQ(net::to_text(settings->listen), "[::1]:1");
  EXPECT_TRUE(settings->proxies.trusts(asio::ip::make_address("10.1.2.3")));
  EXPECT_FALSE(settings->metrics_listen);
  EXPECT_EQ(settings->origins.size(), 1U);
  EXPECT_TRUE(settings->origins_loopback);
  EXPECT_EQ(settings->io_threads, 2U);
  EXPECT_EQ(settings->session.heartbeat_ms, 3'000U);
  EXPECT_EQ(settings->drain_ms, 2'000U);
  EXPECT_EQ(settings->connections_max, 5U);
  EXPECT_EQ(settings->connections_per_ip_max, 4U);
  EXPECT_EQ(settings->handshake_ms, 1'000U);
  EXPECT_EQ(settings->header_bytes_max, 4'096U);
  EXPECT_EQ(settings->session.message_bytes_max, 2'048U);
  EXPECT_EQ(settings->gateway.in_flight_max, 7U);
  EXPECT_EQ(settings->gateway.subscriptions_max, 8U);
  EXPECT_EQ(settings->gateway.call_timeout_ms, 9'000U);
  EXPECT_EQ(settings->session.queue_bytes, 32U << 10U);
  EXPECT_EQ(settings->session.policy, frame::Policy::DropOldest);
  EXPECT_EQ(settings->session.block_ms, 250U);
  EXPECT_EQ(settings->http_in_flight_max, 2U);
  EXPECT_EQ(settings->http_timeout_ms, 3'000U);
}

TEST(Configuration, TakesRatesAndALifetime) {
  const auto usual = read("{}");
  ASSERT_TRUE(usual);
  EXPECT_EQ(usual->accept_per_s, 10'000U);
  EXPECT_EQ(usual->session.messages_per_s, 0U);
  EXPECT_EQ(usual->session.control_per_s, 1'000U);
  EXPECT_EQ(usual->lifetime_ms, 0U);
  const auto settings = read(
      R"({"limits":{"accept_per_s":0,"messages_per_s":5,"control_per_s":6,"lifetime":"48h",
                    "per_principal":7}})");
  ASSERT_TRUE(settings) << settings.error().text();
  EXPECT_EQ(settings->accept_per_s, 0U);
  EXPECT_EQ(settings->session.messages_per_s, 5U);
  EXPECT_EQ(settings->session.control_per_s, 6U);
  EXPECT_EQ(settings->lifetime_ms, 172'800'000U);
  EXPECT_EQ(settings->per_principal_max, 7U);
  EXPECT_NE(read(R"({"limits":{"lifetime":"9000h"}})").error().text().find("limits.lifetime"),
            std::string::npos);
  EXPECT_NE(read(R"({"limits":{"per_principal":0}})").error().text().find("limits.per_principal"),
            std::string::npos);
}

TEST(Configuration, NamesTheKeyThatIsOutOfRange) {
  for (const auto& [text, key] :
       {std::pair<std::string, std::string>{R"({"listen":"here"})", "listen"},
        {R"({"metrics_listen":"127.0.0.1"})", "metrics_listen"},
        {R"({"heartbeat":"0s"})", "heartbeat"},
        {R"({"heartbeat":"2h"})", "heartbeat"},
        {R"({"io_threads":0})", "io_threads"},
        {R"({"limits":{"message":"17MiB"}})", "limits.message"},
        {R"({"limits":{"header":1}})", "limits.header"},
        {R"({"limits":{"connections":0}})", "limits.connections"},
        {R"({"writer":{"queue":"2GiB"}})", "writer.queue"},
        {R"({"writer":{"policy":"wait"}})", "policy"},
        {R"({"metrics":{"in_flight":65}})", "metrics.in_flight"},
        {R"({"lisen":"x"})", "lisen"}}) {
    const auto settings = read(text);
    ASSERT_FALSE(settings) << text;
    EXPECT_EQ(settings.error().code(), BP_E_CONFIG) << text;
    EXPECT_NE(settings.error().text().find(key), std::string::npos) << settings.error().text();
  }
}

bp::result<std::vector<client::OutboundSettings>> read_clients(const std::string& clients) {
  return client_settings(
      *bp::config_from_json<Configuration>(R"({"heartbeat":"7s","clients":)" + clients + "}"));
}

TEST(Configuration, NamesClients) {
  const auto clients = read_clients(R"({"hq":{"url":"ws://hq:9400/x","hello":["a"],"retries":3}})");
  ASSERT_TRUE(clients) << clients.error().text();
  ASSERT_EQ(clients->size(), 1U);
  const client::OutboundSettings& hq = clients->front();
  EXPECT_EQ(hq.name, "hq");
  EXPECT_EQ(hq.channel, "ws.client.hq");
  EXPECT_EQ(hq.url.target, "/x");
  EXPECT_EQ(hq.client.hello, std::vector<std::string>{"a"});
  EXPECT_EQ(hq.client.backoff.retries_max, 3U);
  EXPECT_EQ(hq.client.session.heartbeat_ms, 7'000U);
  EXPECT_EQ(hq.client.session.role, frame::Role::Client);
}

TEST(Configuration, GivesClientsHeadersAndTellsNoValues) {
  const auto clients =
      read_clients(R"({"hq":{"url":"ws://hq","headers":{"Authorization":"Bearer x"}}})");
  ASSERT_TRUE(clients) << clients.error().text();
  ASSERT_EQ(clients->front().client.fields.size(), 1U);
  EXPECT_EQ(clients->front().client.fields[0].name, "Authorization");
  EXPECT_EQ(clients->front().client.fields[0].value, "Bearer x");
  const auto wrong = read_clients(R"({"hq":{"url":"ws://hq","headers":{"X":"secret\n"}}})");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().text().find("clients.hq.headers"), std::string::npos);
  EXPECT_EQ(wrong.error().text().find("secret"), std::string::npos);
}

TEST(Configuration, RefusesClientsByName) {
  EXPECT_NE(read_clients(R"({"a b":{"url":"ws://h"}})").error().text().find("clients.a b"),
            std::string::npos);
  EXPECT_NE(read_clients(R"({"hq":{"url":"http://h"}})").error().text().find("clients.hq.url"),
            std::string::npos);
}

}  // namespace
}  // namespace transport_ws::edge
