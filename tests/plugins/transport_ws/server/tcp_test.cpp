// tests/plugins/transport_ws/server/tcp_test.cpp - lines and lengths at a running server: the rooms
// behind them, the limits, the door, and those who mean ill.
#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "../auth/doors.hpp"
#include "../raw_client.hpp"
#include "../tls/secure_client.hpp"
#include "tcp/decoder.hpp"
#include "test_server.hpp"

namespace transport_ws::server {
namespace {

using route::To;
using tcp::Framing;

TcpListener listener(const Settings& settings, To to, Framing framing = Framing::Line) {
  TcpListener made;
  made.route.name = "meters";
  made.route.to = to;
  made.listen = settings.listen;
  made.session.framing = framing;
  made.session.farewell = to == To::Gateway;
  return made;
}

std::function<void(Settings&)> speaking(To to, Framing framing = Framing::Line,
                                        const std::function<void(Settings&)>& more = {}) {
  return [=](Settings& settings) {
    settings.tcp = {listener(settings, to, framing)};
    if (more) {
      more(settings);
    }
  };
}

class LineClient : public RawClient {
 public:
  using RawClient::RawClient;

  std::string ask(const std::string& line) {
    send(line + "\n");
    return read_line();
  }
};

std::string with_length(std::string_view payload) {
  const auto length = tcp::encode_length(static_cast<std::uint32_t>(payload.size()));
  return std::string(length.data(), length.size()).append(payload);
}

std::string farewell(unsigned code, const std::string& reason) {
  return R"({"jsonrpc":"2.0","method":"closed","params":{"code":)" + std::to_string(code) +
         R"(,"reason":")" + reason + R"("}})";
}

const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
const std::string pong = R"({"jsonrpc":"2.0","id":1,"result":"pong"})";
const std::string subscribe =
    R"({"jsonrpc":"2.0","id":2,"method":"subscribe","params":{"channel":"events"}})";

std::string publish(const std::string& message) {
  return R"({"jsonrpc":"2.0","id":3,"method":"publish","params":{"message":)" + message + "}}";
}

TEST(Tcp, LeadsToTheGateway) {
  TestServer server(speaking(To::Gateway));
  LineClient client(server.tcp_port());
  EXPECT_EQ(client.ask(ping), pong);
  EXPECT_TRUE(server.heard("open 1"));
  EXPECT_NE(client.ask(subscribe).find(R"("subscription":1)"), std::string::npos);
  client.send(publish("[1]") + "\r\n");
  const std::string one = client.read_line();
  const std::string two = client.read_line();
  EXPECT_NE((one + two).find(R"("event":[1])"), std::string::npos) << one << two;
  EXPECT_NE((one + two).find(R"("id":3,"result")"), std::string::npos) << one << two;
  EXPECT_NE(client.ask("no JSON").find("-32700"), std::string::npos);
}

TEST(Tcp, LeadsToTheGatewayWithLengths) {
  TestServer server(speaking(To::Gateway, Framing::Length));
  RawClient client(server.tcp_port());
  client.send(with_length(ping) + with_length("\xff\xfe"));
  EXPECT_EQ(client.read_bytes(4 + pong.size()), with_length(pong));
  EXPECT_EQ(client.read_bytes(4).size(), 4U);  // bytes are no JSON, and are answered so
}

// One event, one frame in memory, whatever its subscribers speak.
TEST(Tcp, HearsWhatWebSocketClientsPublish) {
  TestServer server([](Settings& settings) {
    settings.tcp = {listener(settings, To::Gateway),
                    listener(settings, To::Gateway, Framing::Length)};
    settings.tcp[1].route.name = "binary";
  });
  LineClient lines(server.tcp_port(0));
  RawClient lengths(server.tcp_port(1));
  RawClient web(server.port());
  ASSERT_EQ(web.shake_hands(), 101U);
  const std::string told = lines.ask(subscribe);
  lengths.send(with_length(subscribe));
  EXPECT_EQ(lengths.read_bytes(4 + told.size()).substr(4), told);
  web.send_text(subscribe);
  EXPECT_EQ(web.read_text(), told);
  web.send_text(publish("[\n{\"id\":9}\n]"));
  std::string heard = web.read_text();
  if (heard.find("event") == std::string::npos) {
    heard = web.read_text();
  }
  EXPECT_NE(heard.find("[\n{\"id\":9}\n]"), std::string::npos);  // byte for byte
  EXPECT_EQ(lengths.read_bytes(4 + heard.size()), with_length(heard));
  std::ranges::replace(heard, '\n', ' ');
  EXPECT_EQ(lines.read_line(), heard);
}

TEST(Tcp, AnswersWhoShutsItsHalf) {
  TestServer server(speaking(To::Gateway));
  LineClient client(server.tcp_port());
  client.send(publish("1") + "\n" + ping + "\n");
  client.shut_sending();
  const std::string all = client.read_all();
  EXPECT_NE(all.find(R"("id":3,"result")"), std::string::npos) << all;
  EXPECT_NE(all.find(pong), std::string::npos) << all;
  EXPECT_NE(all.find(farewell(1000, "the other side hung up")), std::string::npos) << all;
}

TEST(Tcp, LeadsToAChannel) {
  for (const auto framing : {Framing::Line, Framing::Length}) {
    TestServer server(speaking(To::Channel, framing));
    std::promise<std::string> record;
    server.on_loop([&] {
      (void)server.buses[0]->subscribe("ws.in.meters", [&](rpc::Bus::Event event) {
        record.set_value(std::string(std::get<rpc::Bus::Message>(event).json));
      });
    });
    RawClient client(server.tcp_port());
    client.send(framing == Framing::Line ? "21.5 C\n" : with_length("a\nb"));
    EXPECT_EQ(record.get_future().get(),
              framing == Framing::Line ? R"({"connection":1,"kind":"text","text":"21.5 C"})"
                                       : R"({"connection":1,"kind":"binary","base64":"YQpi"})");
    EXPECT_TRUE(server.on_loop([&] {
      return *server.server->loops()[0]->send(1, [] {
        return std::make_shared<const std::string>(frame::encode_frame(frame::Opcode::Text, "ok"));
      }());
    }));
    EXPECT_EQ(client.read_bytes(framing == Framing::Line ? 3 : 6),
              framing == Framing::Line ? "ok\n" : with_length("ok"));
  }
}

TEST(Tcp, Echoes) {
  for (const auto framing : {Framing::Line, Framing::Length}) {
    TestServer server(speaking(To::Echo, framing));
    RawClient client(server.tcp_port());
    for (const std::size_t bytes : {0U, 1U, 125U, 126U, 65'535U, 65'536U}) {
      const std::string payload(bytes, 'p');
      const std::string sent = framing == Framing::Line ? payload + "\n" : with_length(payload);
      client.send(sent);
      ASSERT_EQ(client.read_bytes(sent.size()), sent);
    }
  }
}

TEST(Tcp, IsDealtOutAmongTheThreads) {
  TestServer server(
      speaking(To::Gateway, Framing::Line, [](Settings& settings) { settings.io_threads = 3; }));
  std::vector<std::unique_ptr<LineClient>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<LineClient>(server.tcp_port()));
    EXPECT_EQ(clients.back()->ask(ping), pong);
  }
  for (const auto& loop : server.server->loops()) {
    EXPECT_EQ(loop->counters().connections_accepted.value(), 2U);
    EXPECT_EQ(loop->counters().tcp_connections.value(), 2.0);
  }
  std::promise<std::vector<ConnectionInfo>> listed;
  server.server->list(0, 10, [&](auto found) { listed.set_value(std::move(found)); });
  const auto connections = listed.get_future().get();
  ASSERT_EQ(connections.size(), 6U);
  EXPECT_EQ(connections[0].route, "meters");
  const std::uint64_t last = connections[5].id;
  server.server->close(last, 4000, "by hand", [](bool found) { EXPECT_TRUE(found); });
  EXPECT_TRUE(server.heard("closed " + std::to_string(last) + " 4000 by hand"));
}

TEST(Tcp, IsClosedWhenTheServerStops) {
  TestServer server(speaking(To::Gateway));
  LineClient client(server.tcp_port());
  EXPECT_EQ(client.ask(ping), pong);
  std::promise<void> drained;
  server.server->drain(1012, [&] { drained.set_value(); });
  EXPECT_EQ(client.read_line(), farewell(1012, "the server is closing"));
  EXPECT_EQ(client.read_line(), "(end)");
  client.hang_up();
  drained.get_future().get();
  EXPECT_EQ(server.server->connections(), 0U);
  EXPECT_EQ(server.server->loops()[0]->counters().tcp_connections.value(), 0.0);
}

TEST(Tcp, StaysOnlySoLong) {
  TestServer server(
      speaking(To::Gateway, Framing::Line, [](Settings& settings) { settings.lifetime_ms = 100; }));
  LineClient client(server.tcp_port());
  EXPECT_EQ(client.read_line(), farewell(1012, "limits.lifetime reached; connect again"));
}

TEST(Tcp, DoesNotStartWhereSomebodyListens) {
  TestServer first(speaking(To::Echo));
  Settings settings;
  settings.listen = {asio::ip::address_v4::loopback(), 0};
  settings.tcp = {listener(settings, To::Echo)};
  settings.tcp[0].listen.port(first.tcp_port());
  Server second(
      settings, [](asio::io_context& context) { return std::make_unique<EchoBus>(context); },
      first);
  const auto opened = second.open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().text().find("binding 'tcp.meters.listen'"), std::string::npos)
      << opened.error().text();
}

// --- limits

TEST(Tcp, IsLimitedWithAllOtherConnections) {
  TestServer server(speaking(To::Gateway, Framing::Line,
                             [](Settings& settings) { settings.connections_max = 2; }));
  RawClient web(server.port());
  ASSERT_EQ(web.shake_hands(), 101U);
  LineClient inside(server.tcp_port());
  EXPECT_EQ(inside.ask(ping), pong);
  EXPECT_EQ(RawClient(server.tcp_port()).read_all(), "");
  EXPECT_TRUE(server.heard("rejected too many connections"));
  EXPECT_EQ(RawClient(server.port()).shake_hands(), 503U);
  EXPECT_EQ(inside.ask(ping), pong);
}

TEST(Tcp, IsLimitedByAddressAndRate) {
  TestServer one(speaking(To::Echo, Framing::Line,
                          [](Settings& settings) { settings.connections_per_ip_max = 1; }));
  LineClient inside(one.tcp_port());
  EXPECT_EQ(inside.ask("a"), "a");
  EXPECT_EQ(RawClient(one.tcp_port()).read_all(), "");
  EXPECT_TRUE(one.heard("rejected too many connections from this address"));
  TestServer slow(
      speaking(To::Echo, Framing::Line, [](Settings& settings) { settings.accept_per_s = 1; }));
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 20; ++i) {
    crowd.push_back(std::make_unique<RawClient>(slow.tcp_port()));
  }
  EXPECT_TRUE(slow.heard("rejected too many new connections a second"));
}

TEST(Tcp, RefusesALengthBeforeItReads) {
  TestServer server(speaking(To::Gateway, Framing::Length));
  RawClient client(server.tcp_port());
  client.send("\xff\xff\xff\xff");
  EXPECT_EQ(client.read_all(), with_length(farewell(1009, "the message is above the limit")));
  EXPECT_TRUE(server.heard("closed 1 1009"));
}

TEST(Tcp, RefusesALineWithoutEnd) {
  TestServer server(speaking(To::Gateway));
  LineClient client(server.tcp_port());
  const std::string endless(1000, 'x');
  while (client.send(endless)) {  // until it hangs up
  }
  EXPECT_TRUE(server.heard("closed 1 1009"));
}

TEST(Tcp, RefusesLinesThatAreNotUtf8) {
  TestServer server(speaking(To::Gateway));
  LineClient client(server.tcp_port());
  EXPECT_EQ(client.ask(ping), pong);
  EXPECT_EQ(client.ask("\xc0\xaf"), farewell(1007, "the line is not UTF-8"));
  EXPECT_EQ(server.server->loops()[0]->counters().violations.value(), 1U);
}

TEST(Tcp, EndsWhoDripsOrSleeps) {
  TestServer server(speaking(To::Gateway, Framing::Line,
                             [](Settings& settings) { settings.tcp[0].session.idle_ms = 100; }));
  LineClient half(server.tcp_port());
  half.send("{\"jsonrpc\"");
  LineClient silent(server.tcp_port());
  const std::string end = farewell(1001, "nothing was said in either direction for 'idle'");
  EXPECT_EQ(half.read_line(), end);
  EXPECT_EQ(silent.read_line(), end);
}

TEST(Tcp, MayNotFlood) {
  TestServer server(speaking(To::Gateway, Framing::Line, [](Settings& settings) {
    settings.tcp[0].session.messages_per_s = 20;
  }));
  LineClient client(server.tcp_port());
  for (int i = 0; i < 200; ++i) {
    client.send(ping + "\n");
  }
  std::string line = client.read_line();
  while (line == pong) {
    line = client.read_line();
  }
  EXPECT_EQ(line, farewell(1008, "too many messages a second"));
}

// The others go on while one does not read, and what waits for it is bounded.
TEST(Tcp, IsCutOffWhenItDoesNotRead) {
  TestServer server(speaking(To::Gateway, Framing::Line, [](Settings& settings) {
    settings.tcp[0].session.queue_bytes = 64U << 10U;
    settings.tcp[0].session.block_ms = 200;
  }));
  LineClient lazy(server.tcp_port(), 4096);
  EXPECT_NE(lazy.ask(subscribe).find("subscription"), std::string::npos);
  LineClient eager(server.tcp_port());
  EXPECT_NE(eager.ask(subscribe).find("subscription"), std::string::npos);
  RawClient publisher(server.port());
  ASSERT_EQ(publisher.shake_hands(), 101U);
  constexpr int count = 1000;
  std::jthread writer([&] {
    for (int i = 0; i < count; ++i) {
      publisher.send_text(publish("\"" + std::to_string(i) + std::string(8000, ' ') + "\""));
      EXPECT_NE(publisher.read_text().find("result"), std::string::npos);
    }
  });
  for (int i = 0; i < count; ++i) {
    const std::string line = eager.read_line();
    ASSERT_NE(line.find("\"event\":\"" + std::to_string(i) + " "), std::string::npos)
        << line.substr(0, 100);
  }
  EXPECT_TRUE(server.heard("closed 1 1013 too slow; resume from seq"));
  EXPECT_EQ(server.server->loops()[0]->counters().cut_off.value(), 1U);
}

// --- who it is

const std::string authenticate_some =
    R"({"jsonrpc":"2.0","id":1,"method":"authenticate","params":{"token":"some"}})";
const std::string some_is_sensor = R"({"jsonrpc":"2.0","id":1,"result":{"principal":"sensor"}})";

TEST(Tcp, IsIdentifiedByItsFirstMessage) {
  TestServer server(speaking(To::Gateway, Framing::Line, [](Settings& settings) {
    auth::ask_for_tokens(settings, auth::Mode::FirstMessage);
  }));
  LineClient client(server.tcp_port());
  EXPECT_EQ(client.ask(authenticate_some), some_is_sensor);
  EXPECT_TRUE(server.heard("identified 1 as sensor"));
  EXPECT_NE(client.ask(subscribe).find("PERMISSION"), std::string::npos);
  LineClient other(server.tcp_port());
  EXPECT_EQ(other.ask(ping), farewell(4401, "the first message must be an 'authenticate' request"));
}

TEST(Tcp, IsIdentifiedWithLengthsToo) {
  TestServer server(speaking(To::Channel, Framing::Length, [](Settings& settings) {
    auth::ask_for_tokens(settings, auth::Mode::Either);
  }));
  RawClient some(server.tcp_port());
  some.send(with_length(authenticate_some));
  const std::string answer = some.read_all();  // may not publish to ws.in.meters
  EXPECT_NE(answer.find("'sensor' may not publish to 'ws.in.meters'"), std::string::npos) << answer;
  RawClient all(server.tcp_port());
  std::string text = authenticate_some;
  text.replace(text.find("some"), 4, "all");
  all.send(with_length(text));
  EXPECT_TRUE(server.heard("identified 2 as admin"));
}

TEST(Tcp, IsIdentifiedByItsCertificate) {
  const tls::Office office(tls::ClientCertificate::Optional);
  for (const auto mode : {auth::Mode::Upgrade, auth::Mode::Either}) {
    TestServer server(speaking(To::Gateway, Framing::Line, [&](Settings& settings) {
      settings.tcp[0].tls = office.server;
      auth::ask_for_tokens(settings, mode);
    }));
    tls::SecureClient sensor(server.tcp_port(), office.client_as("sensor-7"));
    sensor.send(ping + "\n");
    EXPECT_EQ(sensor.read_bytes(pong.size() + 1), pong + "\n");
    EXPECT_TRUE(server.heard("open 1 as CN=sensor-7"));
    tls::SecureClient stranger(server.tcp_port(), office.client_as("stranger"));
    EXPECT_EQ(stranger.read_all(), "");
    EXPECT_TRUE(server.heard("rejected not authenticated"));
    const auto& counters = server.server->loops()[0]->counters();
    EXPECT_EQ(
        counters.rejections[static_cast<std::size_t>(session::Rejection::Credentials)].value(), 1U);
    // Its place is given back by the end of what the loop was at.
    EXPECT_EQ(server.on_loop([&] { return server.server->connections(); }), 1U);
  }
}

TEST(Tcp, SpeaksTls) {
  const tls::Office office;
  TestServer server(speaking(To::Echo, Framing::Line, [&](Settings& settings) {
    settings.tcp[0].tls = office.server;
    settings.tls_reload_ms = 1;
  }));
  tls::SecureClient client(server.tcp_port());
  ASSERT_TRUE(client.secured);
  const std::string large = std::string(60'000, 'l') + "\n";
  client.send(large);
  EXPECT_EQ(client.read_bytes(large.size()), large);
  RawClient plain(server.tcp_port());
  plain.send("plain\n");
  (void)plain.read_all();
  EXPECT_TRUE(server.heard("rejected TLS: "));
  office.renew("renewed");
  EXPECT_TRUE(server.heard("certificate tcp.meters.tls reloaded"));
  EXPECT_EQ(tls::SecureClient(server.tcp_port()).server_name(), "renewed");
}

}  // namespace
}  // namespace transport_ws::server
