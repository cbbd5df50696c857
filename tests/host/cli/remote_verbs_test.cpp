// tests/host/cli/remote_verbs_test.cpp - the verbs that ask a host, against one behind a real
// socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/cli/verbs.hpp"
#include "tests/host/admin/backend.hpp"
#include "tests/host/cli/place.hpp"

namespace host::cli {
namespace {

using test::printed;
using test::Printed;
using testing::AllOf;
using testing::HasSubstr;

class RemoteVerbs : public admin::BackendTest {
 protected:
  [[nodiscard]] Place here() const { return {"plugins.json", socket()}; }

  Printed called(const std::string& method, const std::string& json = "{}") {
    return printed([&] { return call(here(), method, json, 0); });
  }
};

TEST_F(RemoteVerbs, PublishTellsThatItWasAcknowledged) {
  const Printed done = printed([&] { return publish(here(), "events", "{}"); });
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(done.out, "{\"status\":\"acknowledged\"}\n");
  const Printed missing = printed([&] { return publish(here(), "event", "{}"); });
  EXPECT_EQ(missing.code, 66);
  EXPECT_THAT(missing.err, HasSubstr("publishing to 'event': no channel 'event'"));
}

TEST_F(RemoteVerbs, PublishOfTooMuchSaysTheSizeAndTheLimit) {
  const Printed large = printed(
      [&] { return publish(here(), "events", std::string(admin::body_bytes_max + 1, ' ')); });
  EXPECT_EQ(large.code, 1);
  EXPECT_THAT(large.err, HasSubstr("a body of 16777217 bytes is above the limit of 16777216"));
}

TEST_F(RemoteVerbs, CallTakesServiceMajorAndMethod) {
  const Printed said = called("bp.echo/1.Say", R"({"a":1})");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out, "{\"a\":1}\n");
  EXPECT_EQ(called("bp.echo.Say").out, "{}\n") << "/1 may be left out";
  const Printed late = printed([&] { return call(here(), "bp.echo/1.Wait", "{}", 5); });
  EXPECT_EQ(late.code, 75);
  EXPECT_THAT(late.err, HasSubstr("calling bp.echo/1.Wait"));
}

TEST_F(RemoteVerbs, ACallWithoutAMethodIsToldWhichThereAre) {
  for (const char* service : {"bp.echo/1", "bp.echo"}) {
    const Printed none = called(service);
    EXPECT_EQ(none.code, 64) << service;
    EXPECT_THAT(none.err, AllOf(HasSubstr("SERVICE/MAJOR.Method, for example bp.echo/1.Say"),
                                HasSubstr("it has: Say, Wait")));
  }
  EXPECT_EQ(called("bp.eco/1").code, 66);
  for (const char* wrong : {"nonsense", "", "/1", "bp.echo/", "/1.Say", "bp.echo/.Say", ".Say"}) {
    const Printed none = called(wrong);
    EXPECT_EQ(none.code, 64) << wrong;
    EXPECT_THAT(none.err, HasSubstr("is no method; a call is SERVICE/MAJOR.Method")) << wrong;
  }
}

TEST_F(RemoteVerbs, SubscribePrintsLines) {
  ASSERT_TRUE(stage_.exchange.publish("jobs", R"({"n":1})", nullptr, [](const auto&) {}));
  const Printed consumed = printed([&] { return subscribe(here(), "jobs", 1, true); });
  EXPECT_EQ(consumed.code, 0) << consumed.err;
  EXPECT_THAT(consumed.out, HasSubstr(R"("message":{"n":1}})"));
  const Printed tapped = printed([&] { return subscribe(here(), "jobs", 1, false); });
  EXPECT_EQ(tapped.code, 64);
  EXPECT_THAT(tapped.err, HasSubstr("'jobs' is a queue"));
}

TEST_F(RemoteVerbs, StatusIsATableOrJson) {
  const Printed table = printed([&] { return control_status(here(), false); });
  EXPECT_EQ(table.code, 2) << "not everything runs";
  EXPECT_THAT(table.out, AllOf(HasSubstr("PLUGIN"), HasSubstr("failed"), HasSubstr("no file")));
  const Printed json = printed([&] { return control_status(here(), true); });
  EXPECT_EQ(json.code, 0);
  EXPECT_EQ(json.out.front(), '[');
}

TEST_F(RemoteVerbs, EventsAreATableOrJson) {
  const Printed table = printed([&] { return control_events(here(), "*", 5, true, false); });
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(
      table.out,
      AllOf(HasSubstr(" failed       instance  storage "),
            HasSubstr(" appeared     channel   jobs                         queue json of "),
            HasSubstr(" appeared     service   bp.echo/1.0                  of echo\n")));
  const Printed json = printed([&] { return control_events(here(), "bp.*", 1, true, true); });
  EXPECT_EQ(json.code, 0) << json.err;
  EXPECT_THAT(json.out, AllOf(HasSubstr(R"("what":"service","name":"bp.echo")"),
                              testing::Not(HasSubstr("jobs"))));
}

TEST_F(RemoteVerbs, LevelsAreSetForWhoIsThere) {
  EXPECT_EQ(printed([&] { return control_log_level(here(), "debug", ""); }).code, 0);
  EXPECT_EQ(printed([&] { return control_log_level(here(), "debug", "storage"); }).code, 0);
  const Printed nobody = printed([&] { return control_log_level(here(), "debug", "storge"); });
  EXPECT_EQ(nobody.code, 66);
  EXPECT_THAT(nobody.err, HasSubstr("did you mean 'storage'?"));
}

TEST_F(RemoteVerbs, PluginsAreOperated) {
  const Printed restart = printed([&] { return control_plugin(here(), "restart", "storage"); });
  EXPECT_EQ(restart.code, 66);
  EXPECT_THAT(restart.err, HasSubstr("starting plugin 'storage': there is no file"));
  EXPECT_EQ(printed([&] { return control_shutdown(here()); }).code, 0);
  EXPECT_EQ(shutdowns(), 1);
}

TEST_F(RemoteVerbs, WithoutAHostTheySaySo) {
  const Place nobody{"plugins.json", (folder_.path() / "none").string()};
  const Printed lost = printed([&] { return control_status(nobody, false); });
  EXPECT_EQ(lost.code, 69);
  EXPECT_THAT(lost.err, HasSubstr("start it with `backplane serve`"));
}

}  // namespace
}  // namespace host::cli
