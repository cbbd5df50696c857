// tests/plugins/metrics_prometheus/registry_service_test.cpp - the service, from a request to the
// exposition.
#include "registry_service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backplane/contract/metrics_export_contract.hpp"
#include "backplane/testing/fake_host.hpp"

#include "snapshot_bytes.hpp"

namespace metrics_prometheus {
namespace {

namespace contract = bp::metrics::registry;
using testing::HasSubstr;
using testing::Not;
using Contract = bp::contract::metrics_registry;

class RegistryServiceTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(host_.start()); }

  template <typename Request>
  bp::testing::answer call(std::uint32_t method, const typename Request::NativeTableType& request) {
    const bp::contract::outgoing<Request> packed(request);
    return ask(Contract::name, method, bp::as_text(packed.bytes()));
  }

  bp::testing::answer ask(std::string_view service, std::uint32_t method, std::string_view bytes) {
    const bp_call made = host_.call(service, method, bytes, caller_);
    host_.pump();
    return host_.answer_to(made).value_or(bp::testing::answer{BP_E_TIMEOUT, {}, {}});
  }

  template <typename Reply>
  static typename Reply::NativeTableType read(const bp::testing::answer& answer) {
    std::vector<std::uint64_t> words((answer.bytes.size() + 7) / 8);
    std::memcpy(words.data(), answer.bytes.data(), answer.bytes.size());
    typename Reply::NativeTableType out;
    const auto root =
        bp::contract::read<Reply>(std::as_bytes(std::span(words)).first(answer.bytes.size()));
    if (root) {
      (*root)->UnPackTo(&out);
    }
    EXPECT_TRUE(root);
    return out;
  }

  std::uint64_t define(contract::Kind kind, const std::string& name) {
    contract::DefineRequestT request;
    request.kind = kind;
    request.name = name;
    request.help = "Help.";
    request.label_names = {"queue"};
    return read<contract::DefineReply>(call<contract::DefineRequest>(1, request)).family;
  }

  std::uint64_t bind(std::uint64_t family, const std::string& value) {
    contract::BindRequestT request;
    request.family = family;
    request.label_values = {value};
    return read<contract::BindReply>(call<contract::BindRequest>(2, request)).series;
  }

  bp::testing::answer observe(std::uint64_t series, const std::vector<double>& values) {
    contract::ObserveRequestT request;
    for (const double value : values) {
      auto& one = request.observations.emplace_back(std::make_unique<contract::ObservationT>());
      one->series = series;
      one->value = value;
    }
    return call<contract::ObserveRequest>(3, request);
  }

  std::string text() {
    const bp::contract::outgoing<bp::metrics::export_::RenderRequest> packed(
        bp::metrics::export_::RenderRequestT{});
    return ask(bp::contract::metrics_export::name, 1, bp::as_text(packed.bytes())).bytes;
  }

  std::string caller_;  // empty: the operator
  bp::testing::fake_host host_{bp_plugin_v1,
                               R"({"process":false,"registry":{"series_per_family":2}})"};
};

TEST_F(RegistryServiceTest, WhatIsObservedIsExposedUntilItIsDropped) {
  const auto family = define(contract::Kind::Counter, "jobs");
  const auto series = bind(family, "mail");
  EXPECT_EQ(read<contract::ObserveReply>(observe(series, {2, 3, -1})).refused, 1U);
  EXPECT_THAT(text(), HasSubstr("jobs_total{queue=\"mail\",plugin=\"operator\"} 5\n"));
  EXPECT_EQ(host_.metric("metrics_registry_refused"), 1.0);
  contract::DropRequestT drop;
  drop.series = series;
  EXPECT_EQ(call<contract::DropRequest>(4, drop).status, BP_OK);
  EXPECT_EQ(observe(series, {1}).status, BP_E_STALE);
  drop.family = family;
  EXPECT_EQ(call<contract::DropRequest>(4, drop).status, BP_OK);
  EXPECT_THAT(text(), Not(HasSubstr("jobs")));
  EXPECT_EQ(call<contract::DropRequest>(4, drop).status, BP_E_STALE);
}

TEST_F(RegistryServiceTest, LabelsBeyondTheLimitOverflow) {
  const auto family = define(contract::Kind::Gauge, "depth");
  for (const char* value : {"a", "b", "c", "d"}) {
    observe(bind(family, value), {1});
  }
  EXPECT_THAT(text(), HasSubstr("depth{queue=\"overflow\",plugin=\"operator\"} 1\n"));
  EXPECT_EQ(host_.metric("metrics_registry_overflow"), 2.0);
  EXPECT_EQ(host_.metric("metrics_registry_series"), 3.0);
}

TEST_F(RegistryServiceTest, WhatAnInstanceDefinesGoesWhenItDoesNotRun) {
  const auto say = [this](const char* state, std::uint32_t shape) {
    SnapshotBytes states({family(BP_METRIC_GAUGE, "backplane_plugin_state",
                                 {series({{"plugin", "script"}, {"state", state}}, 1)})},
                         shape);
    host_.set_metric_snapshot({states.raw()});
  };
  observe(bind(define(contract::Kind::Gauge, "depth"), "a"), {1});
  caller_ = "script";
  const auto series = bind(define(contract::Kind::Gauge, "depth"), "a");
  observe(series, {2});
  say("running", 1);
  EXPECT_THAT(text(), HasSubstr("depth{queue=\"a\",plugin=\"script\"} 2\n"));
  say("stopped", 2);
  EXPECT_THAT(text(), Not(HasSubstr("plugin=\"script\"}")));
  EXPECT_THAT(text(), HasSubstr("depth{queue=\"a\",plugin=\"operator\"} 1\n"));
  EXPECT_EQ(observe(series, {1}).status, BP_E_STALE);
}

TEST_F(RegistryServiceTest, BadDefinitionsAreNamed) {
  contract::DefineRequestT request;
  request.name = "jobs_total";
  const auto refused = call<contract::DefineRequest>(1, request);
  EXPECT_EQ(refused.status, BP_E_INVALID);
  EXPECT_THAT(refused.error, HasSubstr("leave it out"));
}

}  // namespace
}  // namespace metrics_prometheus
