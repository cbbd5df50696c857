// tests/host/admin/api_test.cpp - every route over a real socket: what it answers and how it
// refuses.
#include "host/admin/api.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/admin/backend.hpp"

namespace host::admin {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Api : public BackendTest {
 protected:
  void refused(const std::string& method, const std::string& target, unsigned status,
               const std::vector<std::string>& words) {
    const ClientReply reply = ask(method, target);
    EXPECT_EQ(reply.status, status) << target << ": " << reply.body;
    for (const std::string& word : words) {
      EXPECT_THAT(reply.body, HasSubstr(word)) << target;
    }
  }
};

TEST_F(Api, TellsHealth) {
  EXPECT_EQ(ask("GET", "/livez").body, "{\"status\":\"alive\"}\n");
  EXPECT_EQ(ask("GET", "/readyz").status, 200U);
  ready_ = false;
  const ClientReply reply = ask("GET", "/readyz");
  EXPECT_EQ(reply.status, 503U);
  EXPECT_THAT(reply.body, AllOf(HasSubstr("not ready"), HasSubstr(R"("id":"storage")")));
}

TEST_F(Api, ShowsWhatThereIs) {
  EXPECT_THAT(ask("GET", "/v1/info").body,
              AllOf(HasSubstr(R"("name":"machine")"), HasSubstr(R"("manifest":"plugins.json")")));
  EXPECT_THAT(ask("GET", "/v1/plugins").body,
              AllOf(HasSubstr(R"("id":"storage")"), HasSubstr(R"("state":"failed")"),
                    HasSubstr("there is no file"), HasSubstr(R"("notice":"")")));
  EXPECT_THAT(ask("GET", "/v1/channels").body,
              AllOf(HasSubstr(R"({"name":"events","kind":"broadcast","type":"json")"),
                    HasSubstr(R"({"name":"jobs","kind":"queue")")));
  EXPECT_THAT(ask("GET", "/v1/services").body,
              AllOf(HasSubstr(R"({"name":"bp.echo","major":1)"), HasSubstr(R"("name":"Wait")")));
}

TEST_F(Api, PublishesAndCalls) {
  EXPECT_EQ(ask("POST", "/v1/channels/events/publish", "{}").body,
            "{\"status\":\"acknowledged\"}\n");
  EXPECT_EQ(ask("POST", "/v1/channels/event/publish", "{}").status, 404U);
  const ClientReply twice = ask("POST", "/v1/channels/events/publish", R"({"a":1,"a":2})");
  EXPECT_EQ(twice.status, 400U);
  EXPECT_THAT(twice.body, HasSubstr(R"(the key \"a\" is given twice)"));
  EXPECT_EQ(ask("POST", "/v1/services/bp.echo/1/Say", R"({"a":1})").body, "{\"a\":1}\n");
  refused("POST", "/v1/services/bp.echo/1/Wait?timeout_ms=5", 504, {"TIMEOUT"});
}

TEST_F(Api, ACallWithoutAMethodIsToldWhichThereAre) {
  refused("POST", "/v1/services/bp.echo/1", 400,
          {"SERVICE/MAJOR.Method", "for example bp.echo/1.Say", "it has: Say, Wait"});
  refused("POST", "/v1/services/bp/1/echo", 400, {"'bp.echo/1' is a service"});
  refused("POST", "/v1/services/bp.eco/1", 404, {"did you mean 'bp.echo/1'?"});
}

TEST_F(Api, ATapStreamsAndAQueueIsConsumedOnPurpose) {
  ASSERT_TRUE(stage_.exchange.publish("jobs", "7", nullptr, [](const auto&) {}));
  std::vector<std::string> lines;
  const auto keep = [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  };
  const auto tapped = request(socket(), "GET", "/v1/channels/jobs/tap?consume=1&count=1", "", keep);
  ASSERT_TRUE(tapped) << tapped.error().text();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr(R"("message":7})"));
}

TEST_F(Api, ParametersAreChecked) {
  refused("POST", "/v1/services/bp.echo/1/Say?timeout_ms=x", 400,
          {"INVALID", "'timeout_ms' is 'x'", "from 1 to 86400000"});
  refused("POST", "/v1/services/bp.echo/1/Say?timeout_ms=0", 400, {"from 1 to"});
  refused("POST", "/v1/services/bp.echo/1/Say?timeout_m=5", 400,
          {"no parameter 'timeout_m'", "did you mean 'timeout_ms'?"});
  refused("GET", "/v1/channels/events/tap?count=abc", 400, {"'count' is 'abc'", "whole number"});
  refused("GET", "/v1/channels/events/tap?count=1&count=2", 400, {"more than once"});
  refused("GET", "/v1/channels/jobs/tap?consume=yes", 400, {"'consume' is 'yes'", "0 or 1"});
  refused("GET", "/v1/plugins?x=1", 400, {"no parameter 'x'", "takes none"});
  refused("POST", "/v1/shutdown?now", 400, {"no parameter 'now'"});
  EXPECT_EQ(shutdowns(), 0);
}

TEST_F(Api, AQueueIsNotTappedByAccident) {
  refused("GET", "/v1/channels/jobs/tap", 400, {"is a queue", "backplane sub"});
  refused("GET", "/v1/channels/jobs/tap?consume=0", 400, {"is a queue"});
  refused("GET", "/v1/channels/none/tap", 404, {"no channel 'none'"});
}

TEST_F(Api, SetsLevelsOfWhoIsThere) {
  const log::Logger storage = stage_.sink.logger("storage");
  EXPECT_FALSE(storage.enabled(log::Level::Trace));
  EXPECT_EQ(ask("POST", "/v1/log-level?level=trace&name=storage").status, 200U);
  EXPECT_TRUE(storage.enabled(log::Level::Trace));
  EXPECT_EQ(ask("POST", "/v1/log-level?level=warn&name=net").status, 200U) << "all below net";
  EXPECT_EQ(ask("POST", "/v1/log-level?level=info&name=wire").status, 200U);
  EXPECT_EQ(ask("POST", "/v1/log-level?level=debug").status, 200U);
  refused("POST", "/v1/log-level?level=debug&name=storge", 404,
          {"NOT_FOUND", "no plugin 'storge'", "did you mean 'storage'?"});
  refused("POST", "/v1/log-level?level=loud", 400, {"'loud' is not a log level"});
  refused("POST", "/v1/log-level", 400, {"the parameter 'level'"});
}

TEST_F(Api, OperatesPlugins) {
  refused("POST", "/v1/plugins/storge/restart", 404, {"did you mean 'storage'?"});
  refused("POST", "/v1/plugins/storage/restart", 404,
          {"there is no file", "starting plugin 'storage'"});
  refused("POST", "/v1/plugins/storage/clear-quarantine", 409, {"failed, not quarantined"});
  refused("POST", "/v1/plugins/storage/start", 404, {"there is no file"});
  EXPECT_EQ(ask("POST", "/v1/plugins/storage/stop").body, "{\"status\":\"done\"}\n");
  refused("POST", "/v1/plugins/storage/explode", 404, {"there are restart, start, stop"});
}

TEST_F(Api, ShutsDownAndRefusesWhatItDoesNotKnow) {
  EXPECT_EQ(ask("POST", "/v1/shutdown").status, 202U);
  EXPECT_EQ(shutdowns(), 1);
  refused("GET", "/v1/none", 404, {"no route GET /v1/none"});
  refused("POST", "/v1/none", 404, {"no route POST /v1/none"});
  refused("DELETE", "/v1/plugins", 501, {"reads are GET, changes are POST"});
}

}  // namespace
}  // namespace host::admin
