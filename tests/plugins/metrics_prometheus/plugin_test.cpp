// tests/plugins/metrics_prometheus/plugin_test.cpp - the edge, against the SDK's fake host.
#include <chrono>
#include <string>
#include <string_view>

#include <flatbuffers/flatbuffers.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backplane/contract/metrics_export_contract.hpp"
#include "backplane/testing/fake_host.hpp"

#include "snapshot_bytes.hpp"

namespace metrics_prometheus {
namespace {

using testing::HasSubstr;
using testing::Not;

using Contract = bp::contract::metrics_export;
constexpr std::uint32_t render_method = 1;

std::string request(std::string_view accept) {
  bp::metrics::export_::RenderRequestT native;
  native.accept = accept;
  const bp::contract::outgoing<bp::metrics::export_::RenderRequest> packed(native);
  return std::string(bp::as_text(packed.bytes()));
}

bp::testing::answer render(bp::testing::fake_host& host, std::string_view content) {
  const bp_call call = host.call(Contract::name, render_method, content);
  host.pump();
  return host.answer_to(call).value_or(bp::testing::answer{BP_E_TIMEOUT, {}, {}});
}

TEST(Plugin, RendersWhatTheScraperPrefers) {
  bp::testing::fake_host host(bp_plugin_v1);
  host.set_property("host.version", "9.8.7");
  ASSERT_TRUE(host.start());
  const auto text = render(host, request("text/plain"));
  EXPECT_EQ(text.status, BP_OK);
  EXPECT_THAT(text.bytes, HasSubstr("backplane_build_info{version=\"9.8.7\"} 1\n"));
  EXPECT_THAT(text.bytes, HasSubstr("text/plain; version=0.0.4; charset=utf-8"));
  EXPECT_THAT(text.bytes, Not(HasSubstr("# EOF")));
  const auto open = render(host, request("application/openmetrics-text"));
  EXPECT_THAT(open.bytes, HasSubstr("# EOF\n"));
  EXPECT_THAT(open.bytes, HasSubstr("application/openmetrics-text; version=1.0.0"));
  EXPECT_EQ(host.metric("metrics_render_seconds"), 2.0);
  ASSERT_TRUE(host.stop());
  EXPECT_EQ(host.open_leases(), 0U);
}

TEST(Plugin, TheConfigurationTakesFormatsAndSeriesAway) {
  bp::testing::fake_host host(bp_plugin_v1, R"({"openmetrics":false,"process":false})");
  ASSERT_TRUE(host.start());
  const auto text = render(host, request("application/openmetrics-text"));
  EXPECT_THAT(text.bytes, Not(HasSubstr("# EOF")));
  EXPECT_THAT(text.bytes, Not(HasSubstr("process_")));
  ASSERT_TRUE(host.configure(R"({"openmetrics":true})"));
  EXPECT_THAT(render(host, request("application/openmetrics-text")).bytes, HasSubstr("# EOF"));
}

TEST(Plugin, TimesOfCreationFollowTheConfiguration) {
  bp::testing::fake_host host(bp_plugin_v1, R"({"created":true})");
  const auto open = [&host] { return render(host, request("application/openmetrics-text")).bytes; };
  Series rows = series({{"table", "a"}}, 5);
  rows.created_unix_ns = 1'764'000'000'000'000'000;
  host.set_metric_snapshot(
      {std::string(SnapshotBytes({family(BP_METRIC_COUNTER, "rows", {rows})}, 7).raw())});
  ASSERT_TRUE(host.start());
  const std::string line = "rows_created{table=\"a\"} 1764000000.000\n";
  EXPECT_THAT(open(), HasSubstr(line));
  EXPECT_THAT(render(host, request("text/plain")).bytes, Not(HasSubstr("_created")));
  ASSERT_TRUE(host.configure("{}"));
  EXPECT_THAT(open(), Not(HasSubstr("_created")));
  EXPECT_EQ(host.known_metric_shape(), 0U) << "all is asked for again";
  ASSERT_TRUE(host.configure(R"({"created":true})"));
  EXPECT_THAT(open(), HasSubstr(line));
}

TEST(Plugin, ABadRequestAndABadConfigurationAreNamed) {
  bp::testing::fake_host host(bp_plugin_v1);
  ASSERT_TRUE(host.start());
  const auto refused = render(host, "nonsense");
  EXPECT_EQ(refused.status, BP_E_SCHEMA);
  EXPECT_THAT(refused.error, HasSubstr("reading the request"));
  const auto configured = host.configure(R"({"openmetrics":1})");
  ASSERT_FALSE(configured);
  EXPECT_EQ(configured.error().code(), BP_E_CONFIG);
  EXPECT_EQ(render(host, request("")).status, BP_OK);
}

bp::testing::answer snapshot(bp::testing::fake_host& host, std::string_view prefix) {
  bp::metrics::export_::SnapshotRequestT native;
  native.prefix = prefix;
  const bp::contract::outgoing<bp::metrics::export_::SnapshotRequest> packed(native);
  const bp_call call = host.call(Contract::name, 2, bp::as_text(packed.bytes()));
  host.pump();
  return host.answer_to(call).value_or(bp::testing::answer{BP_E_TIMEOUT, {}, {}});
}

TEST(Plugin, ASnapshotHasWhatIsAskedFor) {
  bp::testing::fake_host host(bp_plugin_v1);
  ASSERT_TRUE(host.start());
  const auto whole = snapshot(host, "");
  EXPECT_EQ(whole.status, BP_OK);
  EXPECT_THAT(whole.bytes, HasSubstr("backplane_build_info"));
  EXPECT_THAT(whole.bytes, HasSubstr("process_open_fds"));
  EXPECT_THAT(snapshot(host, "process_").bytes, Not(HasSubstr("backplane_build_info")));
}

TEST(Plugin, SnapshotsAreToldInTheRhythmThatIsConfigured) {
  bp::testing::fake_host host(bp_plugin_v1, R"({"snapshot":{"every_s":5,"prefix":"backplane_"}})");
  ASSERT_TRUE(host.start());
  host.advance(std::chrono::seconds(4));
  EXPECT_TRUE(host.sent("metrics.snapshot").empty());
  host.advance(std::chrono::seconds(1));
  host.pump();
  const auto told = host.sent("metrics.snapshot");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_THAT(told.front(), HasSubstr(R"("name":"backplane_build_info")"));
  EXPECT_THAT(told.front(), Not(HasSubstr("process_")));
  ASSERT_TRUE(host.configure("{}"));
  host.advance(std::chrono::seconds(60));
  host.pump();
  EXPECT_EQ(host.sent("metrics.snapshot").size(), 1U) << "switched off";
}

TEST(Plugin, WhatHappensToOtherMetricsIsToldOnce) {
  bp::testing::fake_host host(bp_plugin_v1, R"({"slow_scrape_ms":600000})");
  SnapshotBytes bytes(
      {family(BP_METRIC_COUNTER, "backplane_metric_conflicts", {series({{"family", "twice"}}, 1)}),
       family(BP_METRIC_COUNTER, "backplane_metric_overflow", {series({{"family", "users"}}, 7)})},
      3);
  host.set_metric_snapshot({bytes.raw()});
  ASSERT_TRUE(host.start());
  EXPECT_EQ(render(host, request("")).status, BP_OK);
  EXPECT_EQ(render(host, request("")).status, BP_OK);
  EXPECT_THAT(host.sent("metrics.events"),
              testing::ElementsAre(R"({"event":"overflow","family":"users"})",
                                   R"({"event":"conflict","family":"twice"})"));
}

}  // namespace
}  // namespace metrics_prometheus
