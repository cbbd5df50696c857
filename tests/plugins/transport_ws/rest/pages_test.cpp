// tests/plugins/transport_ws/rest/pages_test.cpp - what browsers see that ask for a page: answers
// they may hand to it, preflights, refusals.
#include <string>

#include <gtest/gtest.h>

#include "counting.hpp"

namespace transport_ws::rest {
namespace {

constexpr const char* listed = "Origin: https://app.example.org\r\n";
constexpr const char* foreign = "Origin: https://evil.net\r\n";

void list_page(Settings& settings) {
  add_http(settings);
  settings.origins = {"https://app.example.org"};
}

bool may_read(const std::string& header) {
  return header.find("Access-Control-Allow-Origin: https://app.example.org\r\n") !=
             std::string::npos &&
         header.find("Vary: Origin\r\n") != std::string::npos;
}

bool says_nothing(const std::string& header) {
  return header.find("Access-Control-") == std::string::npos;
}

class PagesTest : public CounterTest {
 protected:
  PagesTest() : CounterTest(list_page) {}

  static std::string preflight(const std::string& path, const std::string& origin) {
    return "OPTIONS " + path + " HTTP/1.1\r\nHost: a\r\n" + origin +
           "Access-Control-Request-Method: POST\r\n"
           "Access-Control-Request-Headers: content-type\r\n\r\n";
  }
};

TEST_F(PagesTest, MayReadEveryAnswer) {
  RawClient client(server.port());
  client.send(get("/r/1", listed));
  reply(std::string("1"));
  const std::string answered = read(client).first;
  EXPECT_EQ(status(answered), "200");
  EXPECT_TRUE(may_read(answered)) << answered;
  EXPECT_EQ(answered.find("Allow-Credentials"), std::string::npos) << answered;
  client.send(get("/r/1", listed));
  reply(bp::fail(BP_E_NOT_FOUND, "no record '1'"));
  const std::string missing = read(client).first;
  EXPECT_EQ(status(missing), "404");
  EXPECT_TRUE(may_read(missing)) << missing;
  for (const auto* path : {"/healthz", "/nowhere", "/r/1?x=1", "/"}) {
    client.send(get(path, listed));
    const std::string header = read(client).first;
    EXPECT_TRUE(may_read(header)) << path << header;
  }
  RawClient large(server.port());
  large.send(std::string("POST /r HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n") + listed +
             "\r\n");
  const std::string refused = read(large).first;
  EXPECT_EQ(status(refused), "413");
  EXPECT_TRUE(may_read(refused)) << refused;
}

TEST_F(PagesTest, AskWhatTheyMaySend) {
  RawClient client(server.port());
  client.send(preflight("/r", listed));
  const std::string header = read(client).first;
  EXPECT_EQ(status(header), "204");
  EXPECT_TRUE(may_read(header)) << header;
  for (const auto* field : {"Access-Control-Allow-Methods: OPTIONS, POST\r\n",
                            "Access-Control-Allow-Headers: Authorization, Content-Type\r\n",
                            "Access-Control-Max-Age: 600\r\n", "Allow: OPTIONS, POST\r\n"}) {
    EXPECT_NE(header.find(field), std::string::npos) << field << header;
  }
  client.send(preflight("/nowhere", listed));
  const std::string missing = read(client).first;
  EXPECT_EQ(status(missing), "404");
  EXPECT_TRUE(may_read(missing)) << missing;
}

TEST_F(PagesTest, LearnNothingUnlessTheyAreListed) {
  RawClient client(server.port());
  client.send(get("/r/1", foreign));
  const auto [header, body] = read(client);
  EXPECT_EQ(status(header), "403");
  EXPECT_NE(body.find(R"("code":"PERMISSION")"), std::string::npos) << body;
  EXPECT_TRUE(says_nothing(header)) << header;
  client.send(preflight("/r", foreign));
  const std::string asked = read(client).first;
  EXPECT_EQ(status(asked), "403");
  EXPECT_TRUE(says_nothing(asked)) << asked;
  EXPECT_TRUE(server.on_loop([&] { return server.buses[0]->inner.asked.empty(); }));
}

TEST_F(PagesTest, AreNotMetByHandshakes) {
  RawClient client(server.port());
  client.send(get("/", std::string(listed) + "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
  const std::string header = read(client).first;
  EXPECT_EQ(status(header), "426");
  EXPECT_TRUE(says_nothing(header)) << header;
}

// Caches must not show a page what somebody else was answered.
TEST_F(PagesTest, ShareCachesWithOthers) {
  RawClient client(server.port());
  client.send(get("/healthz"));
  const std::string header = read(client).first;
  EXPECT_NE(header.find("Vary: Origin\r\n"), std::string::npos) << header;
  EXPECT_TRUE(says_nothing(header)) << header;
}

class GuardedPagesTest : public CounterTest {
 protected:
  GuardedPagesTest()
      : CounterTest([](Settings& settings) {
          list_page(settings);
          settings.auth.mode = auth::Mode::Upgrade;
          settings.auth.service = "bp.transport.auth/1";
        }) {}
};

TEST_F(GuardedPagesTest, AskWithoutCredentials) {
  RawClient client(server.port());
  client.send("OPTIONS /r HTTP/1.1\r\nHost: a\r\n" + std::string(listed) +
              "Access-Control-Request-Method: POST\r\n\r\n");
  EXPECT_EQ(status(read(client).first), "204");
  client.send(get("/r/1", listed));
  reply(std::string(R"({"refused":"no token"})"));
  const std::string refused = read(client).first;
  EXPECT_EQ(status(refused), "401");
  EXPECT_TRUE(may_read(refused)) << refused;
}

// Without a list no page may ask, and nobody is told of pages.
TEST_F(CounterTest, RefusesForeignPages) {
  RawClient client(server.port());
  client.send(get("/r/1", foreign));
  const std::string refused = read(client).first;
  EXPECT_EQ(status(refused), "403");
  EXPECT_TRUE(says_nothing(refused)) << refused;
  client.send(get("/healthz"));
  EXPECT_EQ(read(client).first.find("Vary"), std::string::npos);
}

}  // namespace
}  // namespace transport_ws::rest
