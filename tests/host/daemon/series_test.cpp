// tests/host/daemon/series_test.cpp - what the rooms count comes out as families.
#include "host/daemon/series.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include <gtest/gtest.h>

#include "tests/host/slot/scripted_plugin.hpp"

namespace host::daemon {
namespace {

// Keeps what it is given, or refuses it.
class Keeper : public service::Provider {
 public:
  bp_status submit(const std::shared_ptr<service::Call>& call, std::uint64_t /*token*/) override {
    if (answer < 0) {
      return answer;
    }
    return call->assign({}, 1) ? BP_OK : BP_E_CANCELLED;
  }

  void call_ended(std::uint64_t /*handle*/) override {}

  service::Reply run_inline(const service::Method& /*method*/,
                            const message::Message& /*request*/) override {
    return service::Reply::failure({BP_E_DECRYPT, "not ours"});
  }

  bp_status answer_inline(const service::Method& /*method*/, const bp_buf& /*request*/,
                          bp_buf& /*reply*/, bp_error& /*error*/) override {
    return BP_E_UNSUPPORTED;
  }

  bp_status take_reply(const bp_buf& /*reply*/, message::Message& /*out*/) override {
    return BP_E_UNSUPPORTED;
  }

  [[nodiscard]] bool on_this_stack() const noexcept override { return false; }

  bp_status answer = BP_OK;
};

bp_status BP_CALL never_called(void*, std::uint32_t, const bp_buf*, bp_buf*, bp_error*) {
  return BP_E_UNKNOWN;
}

class SeriesTest : public testing::Test {
 protected:
  static constexpr std::uint64_t began_unix_ns = 1'234;

  using Labels = std::vector<std::string>;

  std::vector<metric::Family> collect() {
    std::vector<metric::Family> families;
    append_host_series(
        {stage_.registry, stage_.sink, stage_.pool, stage_.runtime, [this] { return statuses_; },
         [this]() -> const std::vector<std::shared_ptr<wire::Wire>>& { return wires_; },
         began_unix_ns},
        families);
    return families;
  }

  std::optional<metric::Series> series(const std::string& name, const Labels& labels) {
    for (const metric::Family& family : collect()) {
      if (family.name == name) {
        const auto found = std::ranges::find(family.series, labels, &metric::Series::label_values);
        return found == family.series.end() ? std::nullopt : std::optional(*found);
      }
    }
    return std::nullopt;
  }

  std::optional<double> value(const std::string& name, const Labels& labels) {
    const auto found = series(name, labels);
    return found ? std::optional(found->value) : std::nullopt;
  }

  std::shared_ptr<service::Service> provide() {
    service::Service::Description description{
        "s",
        1,
        0,
        "p",
        {{1, 0, "Queued", "bytes", "bytes", nullptr, nullptr},
         {2, BP_METHOD_INLINE, "Inline", "bytes", "bytes", never_called, nullptr}}};
    auto made = std::make_shared<service::Service>(std::move(description), provider_, 0);
    EXPECT_TRUE(stage_.registry.add_service({made, nullptr}));
    return made;
  }

  slot::Stage stage_;
  std::shared_ptr<Keeper> provider_ = std::make_shared<Keeper>();
  std::vector<supervisor::Status> statuses_;
  std::vector<std::shared_ptr<wire::Wire>> wires_;
};

TEST_F(SeriesTest, CallsAreInFlightUntilTheyAreAnsweredOrCancelled) {
  const auto service = provide();
  const auto in_flight = [this] {
    return value("backplane_service_calls_in_flight", {"s/1", "Queued"});
  };
  EXPECT_EQ(in_flight(), 0.0);
  const auto answered = service->invoke(1, {}, 0, {});
  const auto cancelled = service->invoke(1, {}, 0, {});
  EXPECT_EQ(in_flight(), 2.0);
  answered.call->finish({});
  EXPECT_EQ(in_flight(), 1.0);
  cancelled.call->cancel();
  EXPECT_EQ(in_flight(), 0.0);
  provider_->answer = BP_E_BUSY;
  EXPECT_TRUE(service->invoke(1, {}, 0, {}).reply);
  EXPECT_EQ(in_flight(), 0.0) << "a refused call never was";
  EXPECT_EQ(value("backplane_service_calls_in_flight", {"s/1", "Inline"}), std::nullopt);
}

TEST_F(SeriesTest, ATracedCallIsTheExemplarOfItsBucket) {
  const auto service = provide();
  message::Message request = message::copy_of(stage_.pool, {});
  service->invoke(1, request, 0, {}).call->finish({});
  const auto plain = series("backplane_service_call_seconds", {"s/1", "Queued"});
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->exemplars.empty()) << "it was not traced";
  request.traced = true;
  request.trace = {1, 2, 3};
  const auto traced = service->invoke(1, request, 0, {}).call;
  (void)traced->take_request();
  traced->finish({});
  const auto found = series("backplane_service_call_seconds", {"s/1", "Queued"});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->exemplars.size(), 1U);
  const auto& [bucket, exemplar] = found->exemplars.front();
  EXPECT_EQ(exemplar.trace, request.trace);
  EXPECT_LE(exemplar.value, found->buckets.at(bucket).upper);
  EXPECT_TRUE(bucket == 0 || exemplar.value > found->buckets.at(bucket - 1).upper);
}

TEST_F(SeriesTest, FailuresAreToldByTheirCode) {
  const auto service = provide();
  const auto failures = [this](const char* method, const char* code) {
    return value("backplane_service_failures", {"s/1", method, code});
  };
  service->invoke(1, {}, 0, {}).call->finish(service::Reply::failure({BP_E_TIMEOUT, "late"}));
  service->invoke(1, {}, 0, {}).call->finish({-4711, {}, error::Error(-4711, "its own")});
  EXPECT_EQ(failures("Queued", "E_TIMEOUT"), 1.0);
  EXPECT_EQ(failures("Queued", "E_UNKNOWN"), 1.0) << "a code of the plugin's own";
  EXPECT_EQ(failures("Queued", "E_DECRYPT"), std::nullopt);
  (void)service->invoke(2, {}, 0, {});
  (void)service->invoke(2, {}, 0, {});
  EXPECT_EQ(failures("Inline", "E_DECRYPT"), 2.0);
  provider_->answer = BP_E_BUSY;
  (void)service->invoke(1, {}, 0, {});
  EXPECT_EQ(failures("Queued", "E_BUSY"), 1.0);
  EXPECT_EQ(value("backplane_service_calls", {"s/1", "Queued", "busy"}), 1.0);
  EXPECT_EQ(value("backplane_service_calls", {"s/1", "Queued", "failed"}), 2.0);
}

TEST_F(SeriesTest, APluginsTurnsFaultsAndLivesAreTold) {
  supervisor::Status status;
  status.id = "ws";
  status.plugin = "org.example.ws";
  status.version = "1.2.3";
  status.state = supervisor::State::running;
  status.since_unix_ms = 1'500;
  status.starts = 3;
  status.restarts = 2;
  status.faults = 1;
  status.waiting = 5;
  status.holds.jobs = 4;
  metric::Durations turns;
  turns.add(50'000);
  turns.add(20'000'000'000);
  status.turns = turns.counts();
  statuses_ = {status};
  EXPECT_EQ(value("backplane_plugin", {"ws", "org.example.ws", "1.2.3"}), 1.0);
  EXPECT_EQ(value("backplane_plugin_state_since_seconds", {"ws"}), 1.5);
  EXPECT_EQ(value("backplane_plugin_starts", {"ws"}), 3.0);
  EXPECT_EQ(value("backplane_plugin_restarts", {"ws"}), 2.0);
  EXPECT_EQ(value("backplane_plugin_faults", {"ws"}), 1.0);
  EXPECT_EQ(value("backplane_plugin_queue_depth", {"ws"}), 5.0);
  EXPECT_EQ(value("backplane_plugin_held", {"ws", "jobs"}), 4.0);
  EXPECT_EQ(value("backplane_plugin_batches", {"ws"}), 2.0);
  EXPECT_EQ(value("backplane_handler_overruns", {"ws"}), 0.0);
  const auto histogram = series("backplane_plugin_turn_seconds", {"ws"});
  ASSERT_TRUE(histogram);
  EXPECT_DOUBLE_EQ(histogram->sum, 20.00005);
  EXPECT_EQ(histogram->count, 2U);
  EXPECT_EQ(histogram->buckets.front(), (metric::Bucket{1e-5, 0}));
  EXPECT_EQ(histogram->buckets.at(1), (metric::Bucket{1e-4, 1}));
  EXPECT_EQ(histogram->buckets.back(),
            (metric::Bucket{std::numeric_limits<double>::infinity(), 2}));
}

TEST_F(SeriesTest, AChannelTellsHowManyMayWait) {
  channel::Settings settings;
  settings.name = "jobs";
  settings.capacity = 16;
  settings.lasting = true;
  const auto entry = stage_.registry.open_channel(settings, "test", nullptr);
  ASSERT_TRUE(entry);
  EXPECT_EQ(value("backplane_channel_queue_limit", {"jobs"}), 0.0);
  const auto one = entry->channel->open_sender({});
  const auto other = entry->channel->open_sender({});
  EXPECT_EQ(value("backplane_channel_queue_limit", {"jobs"}), 32.0);
  EXPECT_EQ(value("backplane_channel_ends", {"jobs", "send"}), 2.0);
}

TEST_F(SeriesTest, CountersSayWhenTheyBegan) {
  const std::uint64_t before = metric::unix_now_ns();
  const auto service = provide();
  channel::Settings settings;
  settings.name = "jobs";
  settings.lasting = true;
  ASSERT_TRUE(stage_.registry.open_channel(settings, "test", nullptr));
  const std::uint64_t after = metric::unix_now_ns();
  statuses_.resize(1);
  statuses_[0].id = "ws";
  EXPECT_EQ(series("backplane_plugin_events", {"ws"})->created_unix_ns, began_unix_ns);
  EXPECT_EQ(series("backplane_plugin_turn_seconds", {"ws"})->created_unix_ns, began_unix_ns);
  for (const auto& [name, labels] : std::vector<std::pair<std::string, Labels>>{
           {"backplane_service_calls", {"s/1", "Queued", "ok"}},
           {"backplane_service_call_seconds", {"s/1", "Queued"}},
           {"backplane_channel_published", {"jobs"}}}) {
    const auto made = series(name, labels);
    ASSERT_TRUE(made) << name;
    EXPECT_GE(made->created_unix_ns, before) << name;
    EXPECT_LE(made->created_unix_ns, after) << name;
  }
}

TEST_F(SeriesTest, MemoryAndThreadsAreTold) {
  EXPECT_EQ(value("backplane_message_memory_limit_bytes", {}),
            static_cast<double>(message::pool_bytes_default));
  {
    const message::Ref used = stage_.pool.allocate(4'096);
  }
  EXPECT_EQ(value("backplane_message_memory_bytes", {}), 0.0);
  EXPECT_EQ(value("backplane_message_memory_kept_bytes", {}), 4'096.0);
  const double workers = value("backplane_threads", {"worker", "busy"}).value_or(-1) +
                         value("backplane_threads", {"worker", "idle"}).value_or(-1);
  EXPECT_EQ(workers, 2.0);
  EXPECT_EQ(value("backplane_blocking_jobs_waiting", {}), 0.0);
  EXPECT_EQ(value("backplane_threads", {"blocking", "busy"}), 0.0);
}

}  // namespace
}  // namespace host::daemon
