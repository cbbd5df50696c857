// tests/plugins/transport_ws/edge/tcp_configuration_test.cpp - what a listener inherits, and what
// is refused by its key.
#include "edge/tcp_configuration.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "edge/configuration.hpp"

namespace transport_ws::edge {
namespace {

bp::result<server::Settings> read(const std::string& tcp, const std::string& more = {}) {
  auto configuration = bp::config_from_json<Configuration>("{" + more + R"("tcp":)" + tcp + "}");
  if (!configuration) {
    return std::unexpected(configuration.error());
  }
  return engine_settings(*configuration, "/data");
}

constexpr const char* limits = R"("limits":{"message":2048,"messages_per_s":7},)"
                               R"("writer":{"queue":"2KiB","policy":"drop-oldest","block":"3s"},)";

TEST(TcpConfiguration, InheritsWhatItDoesNotSay) {
  const auto settings = read(
      R"({"a":{"listen":"127.0.0.1:9500","framing":"line","to":"gateway"},
          "b":{"listen":"[::1]:0","framing":"length","to":"channel",
               "message":"1MiB","idle":"0s"}})",
      limits);
  ASSERT_TRUE(settings) << settings.error().text();
  ASSERT_EQ(settings->tcp.size(), 2U);
  const auto& a = settings->tcp[0];
  EXPECT_EQ(a.route.name, "a");
  EXPECT_EQ(a.route.to, route::To::Gateway);
  EXPECT_EQ(a.listen.port(), 9500);
  EXPECT_FALSE(a.tls);
  EXPECT_EQ(a.session.framing, tcp::Framing::Line);
  EXPECT_TRUE(a.session.farewell);
  EXPECT_EQ(a.session.message_bytes_max, 2048U);
  EXPECT_EQ(a.session.messages_per_s, 7U);
  EXPECT_EQ(a.session.queue_bytes, 2048U);
  EXPECT_EQ(a.session.policy, frame::Policy::DropOldest);
  EXPECT_EQ(a.session.block_ms, 3000U);
  EXPECT_EQ(a.session.idle_ms, 300'000U);
  const auto& b = settings->tcp[1];
  EXPECT_EQ(b.session.framing, tcp::Framing::Length);
  EXPECT_FALSE(b.session.farewell);
  EXPECT_EQ(b.session.message_bytes_max, 1U << 20U);
  EXPECT_EQ(b.session.idle_ms, 0U);
  EXPECT_TRUE(settings->routes.empty());
}

TEST(TcpConfiguration, HasTlsOfItsOwn) {
  const auto settings = read(
      R"({"a":{"listen":"127.0.0.1:0","framing":"line","to":"echo","tls":{"certificate":"c","key":"/k","reload":"2s"}}})");
  ASSERT_TRUE(settings) << settings.error().text();
  ASSERT_TRUE(settings->tcp[0].tls);
  EXPECT_EQ(settings->tcp[0].tls->certificate, "/data/c");
  EXPECT_EQ(settings->tcp[0].tls->key, "/k");
  EXPECT_EQ(settings->tls_reload_ms, 2000U);
}

TEST(TcpConfiguration, NamesTheKeyThatIsWrong) {
  const std::string rest = R"("listen":"127.0.0.1:0","framing":"line","to":"echo")";
  std::string many;
  for (int i = 0; i < 17; ++i) {
    many += (i == 0 ? "" : ",") + ("\"n" + std::to_string(i)) + "\":{" + rest + "}";
  }
  for (const auto& [text, expected] : {
           std::pair<std::string, std::string>{R"({"a b":{)" + rest + "}}", "tcp.a b"},
           {R"({"r":{)" + rest + "}}", "'tcp.r' and 'routes.r' have one name"},
           {R"({"a":{"listen":"localhost:1","framing":"line","to":"echo"}})", "tcp.a.listen"},
           {R"({"a":{"listen":"127.0.0.1:1","framing":"netstring","to":"echo"}})", "framing"},
           {R"({"a":{"listen":"127.0.0.1:1","framing":"line","to":"topics"}})", "tcp.a.to"},
           {R"({"a":{"message":10,)" + rest + "}}", "tcp.a.message"},
           {R"({"a":{"idle":"25h",)" + rest + "}}", "tcp.a.idle"},
           {R"({"a":{"tls":{"certificate":"","key":""},)" + rest + "}}", "tcp.a.tls.certificate"},
           {R"({"a":{"tls":{"certificate":"c","key":"k","reload":"2h"},)" + rest + "}}",
            "tcp.a.tls.reload"},
           {"{" + many + "}", "'tcp' holds 17"},
       }) {
    const auto settings = read(text, R"("routes":{"r":{"path":"/r","to":"echo"}},)");
    ASSERT_FALSE(settings) << text;
    EXPECT_EQ(settings.error().code(), BP_E_CONFIG) << text;
    EXPECT_NE(settings.error().text().find(expected), std::string::npos) << settings.error().text();
  }
}

// A door that opens to nobody is a mistake.
TEST(TcpConfiguration, WantsAWayIn) {
  const std::string upgrade = R"("auth":{"mode":"upgrade","certificates":[{"match":"*"}]},)";
  const auto shut = read(R"({"a":{"listen":"127.0.0.1:0","framing":"line","to":"echo"}})", upgrade);
  ASSERT_FALSE(shut);
  EXPECT_NE(shut.error().text().find("nobody could enter 'tcp.a'"), std::string::npos)
      << shut.error().text();
  const auto open = read(
      R"({"a":{"listen":"127.0.0.1:0","framing":"line","to":"echo",
          "tls":{"certificate":"c","key":"k","client":"required","client_ca":"ca"}}})",
      upgrade);
  EXPECT_TRUE(open) << open.error().text();
}

}  // namespace
}  // namespace transport_ws::edge
