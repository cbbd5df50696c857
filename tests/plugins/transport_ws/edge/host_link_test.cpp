// tests/plugins/transport_ws/edge/host_link_test.cpp - questions and messages between a client's
// socket and the host.
#include "edge/host_link.hpp"

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "hosted.hpp"

namespace transport_ws::edge {
namespace {

using HostLinkTest = Hosted;

const std::string subscribe_quakes =
    R"({"jsonrpc":"2.0","id":2,"method":"subscribe","params":{"channel":"quakes"}})";

// As much of the law as a subscription needs.
struct Law {
  bp_host host{sizeof(bp_host), BP_ABI_MAJOR, BP_ABI_MINOR, &Law::query};
  std::uint64_t token = 0;
  int pauses = 0;
  int resumes = 0;
  int closes = 0;

  static Law& of(const bp_host* host) {
    return *reinterpret_cast<Law*>(const_cast<bp_host*>(host));
  }

  static const void* BP_CALL query(const bp_host* /*host*/, const char* id) {
    static const bp_core core{};
    static const bp_chan_api chan = [] {
      bp_chan_api table{};
      table.close = [](const bp_host* host, bp_chan) { return bp_status{of(host).closes++ * 0}; };
      table.pause = [](const bp_host* host, bp_chan) { return bp_status{of(host).pauses++ * 0}; };
      table.resume = [](const bp_host* host, bp_chan) { return bp_status{of(host).resumes++ * 0}; };
      return table;
    }();
    static const bp_json_api json{sizeof(bp_json_api), 0, nullptr, nullptr, &Law::subscribe};
    const std::string_view wanted = id;
    return wanted == BP_CORE_ID   ? static_cast<const void*>(&core)
           : wanted == BP_CHAN_ID ? static_cast<const void*>(&chan)
           : wanted == BP_JSON_ID ? static_cast<const void*>(&json)
                                  : nullptr;
  }

  static bp_status BP_CALL subscribe(const bp_host* host, bp_inst /*instance*/,
                                     const bp_str* /*channel*/, std::uint32_t flags,
                                     std::uint64_t given, bp_chan* out, bp_error* /*error*/) {
    EXPECT_EQ(flags, static_cast<std::uint32_t>(BP_CHAN_GATING));
    of(host).token = given;
    *out = 77;
    return BP_OK;
  }
};

class WindowTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto subscribed = bus->subscribe(
        "quakes", [this](rpc::Bus::Event event) { got.push_back(std::move(event)); });
    ASSERT_TRUE(subscribed);
    EXPECT_EQ(*subscribed, 77U);
  }

  void deliver(std::string text) {
    bp_event event{};
    event.struct_size = sizeof event;
    event.type = BP_EV_MESSAGE;
    event.handle = 77;
    event.seq = ++seq;
    event.buf.data = text.data();
    event.buf.size = text.size();
    cx.engine().tokens.find(law.token)->on_event(event);
  }

  Law law;
  bp::context cx{&law.host, 1, "{}"};
  boost::asio::io_context context;
  std::deque<rpc::Bus::Event> got;
  HostLink link{cx};
  std::unique_ptr<rpc::Bus> bus = link.make_bus(context);
  std::uint64_t seq = 0;
};

TEST_F(WindowTest, PausesTheChannelWhileTooManyMessagesWait) {
  for (std::size_t i = 0; i < feed_window_messages - 1; ++i) {
    deliver("1");
  }
  EXPECT_EQ(law.pauses, 0);
  deliver("1");
  deliver("1");  // some more may be on their way
  EXPECT_EQ(law.pauses, 1);
  context.poll();
  ASSERT_EQ(got.size(), feed_window_messages + 1);
  while (got.size() > feed_window_messages / 2 + 1) {
    got.pop_front();
  }
  EXPECT_EQ(law.resumes, 0);
  got.pop_front();
  EXPECT_EQ(law.resumes, 1);
}

TEST_F(WindowTest, PausesTheChannelWhileTooManyBytesWait) {
  const std::string mebibyte(1U << 20U, 'x');
  for (std::size_t bytes = 0; bytes < feed_window_bytes; bytes += mebibyte.size()) {
    EXPECT_EQ(law.pauses, 0);
    deliver(mebibyte);
  }
  EXPECT_EQ(law.pauses, 1);
  context.poll();
  got.clear();
  EXPECT_EQ(law.resumes, 1);
}

TEST_F(WindowTest, IgnoresWhatComesAfterTheEnd) {
  bus->unsubscribe(77);
  EXPECT_EQ(law.closes, 1);
  deliver("late");
  context.poll();
  EXPECT_TRUE(got.empty());
}

TEST_F(HostLinkTest, PublishWaitsForTheHostsConfirmation) {
  start();
  const auto client = connect();
  client->send_text(publish_one);
  const auto asked = question();
  EXPECT_EQ(asked.service, "events");
  EXPECT_EQ(asked.request, R"({"id":"a"})");
  host->reply(asked.handle, "");
  host->pump();
  EXPECT_EQ(client->read_text(), R"({"jsonrpc":"2.0","id":1,"result":{"id":"a"}})");
  ASSERT_TRUE(host->stop());
}

TEST_F(HostLinkTest, PassesErrorsOnWithTheirContext) {
  start();
  const auto client = connect();
  client->send_text(publish_one);
  host->reply_error(question().handle, bp::error(BP_E_CORRUPT, "page 7").during("inserting"));
  host->pump();
  const std::string answer = client->read_text();
  EXPECT_NE(answer.find(R"("data":{"code":"CORRUPT","message":"page 7","context":["inserting"]})"),
            std::string::npos)
      << answer;
  ASSERT_TRUE(host->stop());
}

TEST_F(HostLinkTest, PassesRefusalsOn) {
  start();
  const auto client = connect();
  client->send_text(
      R"({"jsonrpc":"2.0","id":1,"method":"call","params":{"service":"none/1","method":"M"}})");
  EXPECT_NE(client->read_text().find("no service 'none/1'"), std::string::npos);
  ASSERT_TRUE(host->stop());
}

TEST_F(HostLinkTest, CallsWithADeadline) {
  start();
  host->offer("kv/1");
  const auto client = connect();
  client->send_text(
      R"({"jsonrpc":"2.0","id":1,"method":"call","params":{"service":"kv/1","method":"Get","params":{"k":1},"timeout_ms":5}})");
  const auto asked = question();
  EXPECT_EQ(asked.method_name, "Get");
  EXPECT_EQ(asked.request, R"({"k":1})");
  EXPECT_EQ(asked.deadline_ns, host->now_ns() + 5'000'000);
  host->reply(asked.handle, R"({"v":2})");
  host->pump();
  EXPECT_EQ(client->read_text(), R"({"jsonrpc":"2.0","id":1,"result":{"v":2}})");
  ASSERT_TRUE(host->stop());
}

TEST_F(HostLinkTest, DeliversToSubscribersAndIsGating) {
  start();
  const auto client = connect();
  client->send_text(subscribe_events);
  EXPECT_TRUE(
      client->read_text().starts_with(R"({"jsonrpc":"2.0","id":2,"result":{"subscription":1,)"));
  host->deliver("events", R"({"id":"x"})");
  EXPECT_NE(client->read_text().find(R"("event":{"id":"x"})"), std::string::npos);
  host->lag("events", 7);
  EXPECT_NE(client->read_text().find(
                R"("method":"missed","params":{"subscription":1,"channel":"events","missed":7})"),
            std::string::npos);
  ASSERT_TRUE(host->stop());
}

TEST_F(HostLinkTest, LosesNothingWhenAClientIsSlow) {
  constexpr int events = 1'000;
  start(R"("writer":{"queue":"64KiB","block":"1h"})");
  RawClient slow(port(), 4096);
  ASSERT_EQ(slow.shake_hands(), 101U);
  slow.send_text(subscribe_quakes);
  slow.read_text();
  for (int i = 0; i < events; ++i) {
    host->deliver("quakes", R"({"n":)" + std::to_string(i) + R"(,"data":")" +
                                std::string(10'000, 'x') + R"("})");
  }
  for (int i = 0; i < events; ++i) {
    ASSERT_NE(slow.read_text().find(R"("event":{"n":)" + std::to_string(i) + ","),
              std::string::npos);
  }
  ASSERT_TRUE(host->stop());
}

TEST_F(HostLinkTest, StopsWithQuestionsOpen) {
  start();
  const auto client = connect();
  client->send_text(publish_one);
  const auto asked = question();
  ASSERT_TRUE(host->stop());
  EXPECT_FALSE(client->read_frame());
}

}  // namespace
}  // namespace transport_ws::edge
