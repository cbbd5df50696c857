// tests/plugins/transport_ws/http/message_test.cpp - requests, responses and both halves of the
// handshake.
#include "http/message.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace transport_ws::http {
namespace {

constexpr std::uint32_t header_max = 8192;

const std::string handshake =
    "GET /chat HTTP/1.1\r\nHost: localhost:9400\r\nupgrade: WebSocket\r\nConnection: keep-alive, "
    "Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

std::expected<Request, Refusal> read(const std::string& text, std::string* rest = nullptr) {
  RequestReader reader(header_max, 0);
  const auto complete = reader.feed(text);
  if (!complete) {
    return std::unexpected(complete.error());
  }
  if (!*complete) {
    return std::unexpected(Refusal{0, "incomplete"});
  }
  Request request = reader.take();
  if (rest != nullptr) {
    *rest = reader.rest();
  }
  return request;
}

unsigned refused(const std::string& text) {
  const auto request = read(text);
  return request ? 200 : request.error().status;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  return text.replace(text.find(what), what.size(), with);
}

unsigned upgrade_refused(const std::string& text) {
  const auto request = read(text);
  if (!request) {
    return request.error().status;
  }
  const auto accepted = accept_upgrade(*request);
  return accepted ? 101 : accepted.error().status;
}

const std::string expecting =
    "POST /r HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-Continue\r\n\r\n";

TEST(RequestReader, SaysOnceThatTheClientWaits) {
  RequestReader reader(header_max, 100);
  EXPECT_EQ(reader.feed(expecting.substr(0, 20)), false);
  EXPECT_FALSE(reader.must_invite());
  EXPECT_EQ(reader.feed(expecting.substr(20)), false);
  EXPECT_TRUE(reader.must_invite());
  EXPECT_FALSE(reader.must_invite());
  EXPECT_EQ(reader.feed("ab"), false);
  EXPECT_FALSE(reader.must_invite());
  EXPECT_EQ(reader.feed("cd"), true);
  EXPECT_EQ(reader.take().body, "abcd");
}

TEST(RequestReader, InvitesNobodyWhoDoesNotWait) {
  const auto invites = [](const std::string& text) {
    RequestReader reader(header_max, 100);
    EXPECT_TRUE(reader.feed(text)) << text;
    return reader.must_invite();
  };
  EXPECT_TRUE(invites(expecting));
  EXPECT_TRUE(invites(replaced(expecting, "Content-Length: 4", "Transfer-Encoding: chunked")));
  EXPECT_FALSE(invites(expecting + "a"));     // it has begun
  EXPECT_FALSE(invites(expecting + "abcd"));  // it is there
  EXPECT_FALSE(invites(replaced(expecting, "Content-Length: 4", "Content-Length: 0")));
  EXPECT_FALSE(invites(replaced(expecting, "HTTP/1.1", "HTTP/1.0")));
  EXPECT_FALSE(invites(replaced(expecting, "Expect: 100-Continue\r\n", "")));
}

TEST(RequestReader, RefusesBeforeTheBody) {
  const auto refused = [](const std::string& text) {
    RequestReader reader(header_max, 100);
    const auto fed = reader.feed(text);
    return fed ? 0U : fed.error().status;
  };
  EXPECT_EQ(refused(replaced(expecting, "Content-Length: 4", "Content-Length: 101")), 413U);
  EXPECT_EQ(refused(replaced(expecting, "100-Continue", "200-ok")), 417U);
  EXPECT_EQ(refused(replaced(expecting, "100-Continue", "100-continue, x")), 417U);
  EXPECT_EQ(refused(replaced(expecting, "Expect:", "Expect: x\r\nExpect:")), 417U);
  EXPECT_EQ(refused(replaced(expecting, "Host: a", "Host: a\r\nHost: b")), 400U);
  // HTTP/1.0 knows no expectations.
  EXPECT_EQ(refused(replaced(replaced(expecting, "HTTP/1.1", "HTTP/1.0"), "100-Continue", "x")),
            0U);
}

TEST(RequestReader, ReadsARequestInAnyPieces) {
  for (const std::size_t step : {1U, 7U, 1000U}) {
    RequestReader reader(header_max, 0);
    bool complete = false;
    const std::string bytes = handshake + "rest";
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      if (complete) {
        break;
      }
      const auto fed = reader.feed(std::string_view(bytes).substr(at, step));
      ASSERT_TRUE(fed) << fed.error().reason;
      complete = *fed;
    }
    ASSERT_TRUE(complete);
    const Request request = reader.take();
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.target, "/chat");
    EXPECT_EQ(request.version, 11U);
    EXPECT_EQ(request.field("HOST"), "localhost:9400");
    EXPECT_FALSE(request.has("Origin"));
  }
}

TEST(RequestReader, KeepsWhatFollows) {
  std::string rest;
  ASSERT_TRUE(read(handshake + "\x81\x85", &rest));
  EXPECT_EQ(rest, "\x81\x85");
}

TEST(RequestReader, BoundsTheHeader) {
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(header_max, 'x') + "\r\n\r\n"),
            431U);
  EXPECT_EQ(refused("GET /" + std::string(header_max, 'x')), 431U);
  EXPECT_EQ(
      refused("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(header_max - 100, 'x') + "\r\n\r\n"),
      200U);
}

TEST(RequestReader, RefusesBodiesAndSmuggling) {
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"), 413U);
  EXPECT_EQ(
      refused(
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
      400U);
  EXPECT_EQ(
      refused(
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
      400U);
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
            400U);
  EXPECT_EQ(refused("\x16\x03\x01 TLS hello\r\n\r\n"), 400U);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400U);
}

// A proxy in front might read them in another way, and hand on two requests for one.
TEST(RequestReader, RefusesWhatCanBeReadInTwoWays) {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(refused(post + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 200U);
  EXPECT_EQ(refused(post + "Content-Length: 0\r\nTransfer-Encoding: chnuked\r\n\r\n"), 400U);
  EXPECT_EQ(refused(post + "Transfer-Encoding: chnuked\r\nContent-Length: 0\r\n\r\n"), 400U);
  EXPECT_EQ(refused(post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 400U);
  EXPECT_EQ(refused(post + "Host: b\r\n\r\n"), 400U);
  EXPECT_EQ(refused(post + "Origin: https://a.b\r\nOrigin: https://c.d\r\n\r\n"), 400U);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), 400U);
  EXPECT_EQ(refused("GET / HTTP/1.0\r\n\r\n"), 200U);
}

// Beast's assertion about such a chunk ended the process.
TEST(RequestReader, TakesALastChunkThatComesAlone) {
  RequestReader reader(header_max, 0);
  bool complete = false;
  for (const char* piece :
       {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n", "\r", "\n"}) {
    EXPECT_FALSE(complete);
    complete = reader.feed(piece).value();
  }
  EXPECT_TRUE(complete);
}

RC_GTEST_PROP(RequestReader, SurvivesAnyBytes, (const std::vector<unsigned char>& noise)) {
  RequestReader reader(header_max, 0);
  (void)reader.feed("GET / HTTP/1.1\r\n");
  (void)reader.feed(std::string(noise.begin(), noise.end()));
}

TEST(Upgrade, AnswersTheExampleOfTheSpecification) {
  const auto accepted = accept_upgrade(*read(handshake));
  ASSERT_TRUE(accepted);
  EXPECT_TRUE(accepted->starts_with("HTTP/1.1 101 "));
  EXPECT_NE(accepted->find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
            std::string::npos);
}

TEST(Upgrade, RefusesEveryMissingPart) {
  EXPECT_EQ(upgrade_refused(handshake), 101U);
  EXPECT_EQ(upgrade_refused(replaced(handshake, "GET", "PUT")), 400U);
  EXPECT_EQ(upgrade_refused(replaced(handshake, "HTTP/1.1", "HTTP/1.0")), 400U);
  EXPECT_EQ(upgrade_refused(replaced(handshake, "Host: localhost:9400\r\n", "")), 400U);
  EXPECT_EQ(upgrade_refused(replaced(handshake, "upgrade: WebSocket", "upgrade: h2c")), 400U);
  EXPECT_EQ(upgrade_refused(replaced(handshake, "keep-alive, Upgrade", "keep-alive")), 400U);
  EXPECT_EQ(upgrade_refused(replaced(handshake, "Version: 13", "Version: 8")), 426U);
  EXPECT_EQ(upgrade_refused(
                replaced(handshake, "Version: 13", "Version: 13\r\nSec-WebSocket-Version: 8")),
            426U);
  EXPECT_EQ(upgrade_refused(replaced(handshake, "dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=")), 400U);
  EXPECT_EQ(
      upgrade_refused(replaced(handshake, "dGhlIHNhbXBsZSBub25jZQ==", "!!!!IHNhbXBsZSBub25jZQ==")),
      400U);
}

TEST(Upgrade, IsUnderstoodByOurOwnClient) {
  const std::string key = random_key();
  EXPECT_NE(key, random_key());
  const auto request = read(upgrade_request("example.org:1", "/a?b", key, {{"X-Token", "t"}}));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->field("X-Token"), "t");
  const auto accepted = accept_upgrade(*request);
  ASSERT_TRUE(accepted);
  ResponseReader reader(header_max);
  ASSERT_EQ(reader.feed(*accepted + "\x81"), true);
  const Response response = reader.take();
  EXPECT_TRUE(check_upgraded(response, key));
  EXPECT_FALSE(check_upgraded(response, random_key()));
  EXPECT_EQ(reader.rest(), "\x81");
}

TEST(Upgrade, RefusedByTheServerIsNamed) {
  ResponseReader reader(header_max);
  ASSERT_EQ(reader.feed("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"), true);
  const auto upgraded = check_upgraded(reader.take(), random_key());
  ASSERT_FALSE(upgraded);
  EXPECT_EQ(upgraded.error().reason, "the server answered 403 Forbidden instead of 101");
}

TEST(RequestReader, ShowsFieldsBeforeTheBodyHasCome) {
  RequestReader reader(8192, 10);
  EXPECT_FALSE(reader.peek("Origin"));
  const auto large = reader.feed(
      "POST / HTTP/1.1\r\nHost: a\r\norigin: https://a.net\r\nContent-Length: 11\r\n\r\n");
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().status, 413U);
  EXPECT_EQ(reader.peek("Origin"), "https://a.net");
  EXPECT_FALSE(reader.peek("Upgrade"));
}

TEST(Response, IsWrittenWithItsLength) {
  const std::string text = to_text({503, "text/plain", "busy\n", {{"Retry-After", "1"}}});
  EXPECT_TRUE(text.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_NE(text.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_NE(text.find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\nbusy\n"));
}

TEST(Message, ChunksAreForClientsThatKnowThem) {
  const Response response{200, "text/plain", {}, {{"Content-Encoding", "gzip"}}};
  EXPECT_EQ(
      chunked_head(response, 11),
      "HTTP/1.1 200 OK\r\nServer: backplane\r\nConnection: close\r\n"
      "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n");
  EXPECT_EQ(chunked_head(response, 10).find("chunked"), std::string::npos);
  EXPECT_EQ(chunk("0123456789abcdef", 11), "10\r\n0123456789abcdef\r\n");
  EXPECT_EQ(chunk({}, 11), "0\r\n\r\n");
  EXPECT_EQ(chunk("abc", 10), "abc");
}

}  // namespace
}  // namespace transport_ws::http
