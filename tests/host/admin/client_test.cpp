// tests/host/admin/client_test.cpp - one exchange, and what is said when there is no answer.
#include "host/admin/client.hpp"

#include <future>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/admin/backend.hpp"

namespace host::admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ClientTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return (folder_.path() / "s").string(); }

  test::Folder folder_;
  Loop loop_;
};

TEST_F(ClientTest, SendsABodyAndGivesTheAnswer) {
  const Served served(loop_, path(), [](Request&& request, const std::shared_ptr<Responder>& to) {
    to->reply({request.body == "b" ? 201U : 500U, request.path});
  });
  const auto reply = request(path(), "POST", "/" + percent_encoded("a b/%"), "b");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 201U);
  EXPECT_EQ(reply->body, "/a b/%");
  EXPECT_EQ(percent_encoded("a b/%~"), "a%20b%2F%25~");
}

TEST_F(ClientTest, GivesTheLinesOfAStreamAndStopsWhenItsReaderDoes) {
  const Served served(loop_, path(), [](Request&& request, const std::shared_ptr<Responder>& to) {
    to->begin_stream("text/plain");
    to->write("one\ntw");
    to->write("o\n");
    if (request.path == "/ends") {
      to->end();
    }
  });
  std::vector<std::string> lines;
  const auto reply = request(path(), "GET", "/endless", "", [&](std::string_view line) {
    lines.emplace_back(line);
    return lines.size() < 2;
  });
  EXPECT_TRUE(reply);
  EXPECT_THAT(lines, ElementsAre("one", "two"));
  lines.clear();
  ASSERT_TRUE(request(path(), "GET", "/ends", "", [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  }));
  EXPECT_THAT(lines, ElementsAre("one", "two"));
}

TEST_F(ClientTest, WithoutAHostItSaysHowToStartOne) {
  const auto reply = request(path(), "GET", "/", "");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), BP_E_UNAVAILABLE);
  EXPECT_THAT(reply.error().text(), HasSubstr("fix: start it with `backplane serve`"));
  EXPECT_EQ(request("/" + std::string(200, 'x'), "GET", "/", "").error().code(), BP_E_INVALID);
}

TEST_F(ClientTest, ABodyAboveTheLimitIsNotSentAndItsSizeIsTold) {
  bool asked = false;
  const Served served(loop_, path(), [&](Request&&, const std::shared_ptr<Responder>& to) {
    asked = true;
    to->reply({200, ""});
  });
  const auto reply = request(path(), "POST", "/", std::string(body_bytes_max + 1, ' '));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), BP_E_TOO_LARGE);
  EXPECT_THAT(reply.error().text(),
              HasSubstr("a body of 16777217 bytes is above the limit of 16777216 bytes"));
  EXPECT_FALSE(asked);
  EXPECT_TRUE(request(path(), "POST", "/", std::string(body_bytes_max, ' '))) << "just within";
}

// A header above its limit stands for any early refusal: the server closes while the rest is sent.
TEST_F(ClientTest, AnEarlyRefusalIsReadAlthoughTheRequestCouldNotBeSent) {
  const Served served(loop_, path(), [](Request&&, const std::shared_ptr<Responder>&) {});
  const auto reply = request(path(), "POST", "/" + std::string(2 * header_bytes_max, 'x'),
                             std::string(body_bytes_max, ' '));
  ASSERT_TRUE(reply) << reply.error().text();
  EXPECT_EQ(reply->status, 413U);
  EXPECT_THAT(reply->body, HasSubstr("above the limit of 8192 bytes"));
}

TEST_F(ClientTest, AHostThatGoesAwayIsNamed) {
  std::promise<void> asked;
  auto served = std::make_unique<Served>(
      loop_, path(), [&](Request&& request, const std::shared_ptr<Responder>& to) {
        if (request.path == "/stream") {
          to->begin_stream("text/plain");
          to->write("one\n");
        } else {
          asked.set_value();
        }
      });
  auto silent = std::async(std::launch::async, [&] { return request(path(), "GET", "/", ""); });
  asked.get_future().wait();
  std::promise<void> streaming;
  auto stream = std::async(std::launch::async, [&] {
    return request(path(), "GET", "/stream", "", [&](std::string_view) {
      streaming.set_value();
      return true;
    });
  });
  streaming.get_future().wait();
  served.reset();
  EXPECT_EQ(silent.get().error().code(), BP_E_UNAVAILABLE);
  EXPECT_THAT(stream.get().error().text(), HasSubstr("went away before its answer was complete"));
}

}  // namespace
}  // namespace host::admin
