// tests/bench/ours/world.cpp - the host's rooms put together, and a control thread that is us.
#include "tests/bench/ours/world.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "host/exchange/exchange.hpp"
#include "host/log/sink.hpp"
#include "host/log/span.hpp"
#include "host/manifest/manifest.hpp"
#include "host/message/pool.hpp"
#include "host/metric/registry.hpp"
#include "host/registry/registry.hpp"
#include "host/runtime/runtime.hpp"
#include "host/supervisor/supervisor.hpp"

namespace bench {

namespace {

constexpr std::chrono::seconds round_timeout{30};
constexpr std::chrono::milliseconds look_every{50};  // for failures, while a round runs

// Work for the control thread, done by whoever waits.
class Control {
 public:
  void post(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      work_.push_back(std::move(work));
    }
    wake_.notify_one();
  }

  void run_until(const bool& finished) {
    while (!finished) {
      std::function<void()> work;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !work_.empty(); });
        work = std::move(work_.front());
        work_.pop_front();
      }
      work();
    }
  }

  void run_waiting() {
    for (;;) {
      std::function<void()> work;
      {
        const std::lock_guard lock(mutex_);
        if (work_.empty()) {
          return;
        }
        work = std::move(work_.front());
        work_.pop_front();
      }
      work();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> work_;
};

std::string manifest_text(const std::filesystem::path& folder, unsigned workers,
                          const std::vector<Card>& cards) {
  std::string text = R"({"schema":1,"log":{"level":"warn"},"host":{"data_dir":")" +
                     (folder / "var").string() + R"(","runtime_dir":")" +
                     (folder / "run").string() + R"(","workers":)" + std::to_string(workers) +
                     R"(},"plugins":{)";
  bool first = true;
  for (const Card& card : cards) {
    text += std::string(std::exchange(first, false) ? "" : ",") + '"' + card.id +
            R"(":{"restart":{"policy":"never"},"library":")" + card.library.string() + '"';
    if (card.board != nullptr) {
      text += R"(,"config":{"board":)" +
              std::to_string(reinterpret_cast<std::uintptr_t>(card.board)) + "}";
    } else if (!card.config.empty()) {
      text += R"(,"config":)" + card.config;
    }
    text += "}";
  }
  return text + "}}";
}

host::manifest::Manifest read_manifest(const std::string& text,
                                       const std::filesystem::path& folder) {
  host::manifest::Reading reading = host::manifest::read_text(
      text, folder / "plugins.json", host::manifest::process_environment(folder));
  if (!reading.manifest) {
    throw std::runtime_error("the bench's manifest: " + reading.problems.at(0).text());
  }
  return std::move(*reading.manifest);
}

host::supervisor::Plan make_plan(const host::manifest::Manifest& manifest) {
  host::supervisor::Plan plan = host::supervisor::make_plan(manifest, "plugins.json");
  if (!plan.problems.empty()) {
    throw std::runtime_error("the bench's plan: " + plan.problems.at(0).text());
  }
  if (const auto refusals = plan.refusals("plugins.json", true); !refusals.empty()) {
    throw std::runtime_error("the bench's plugins: " + refusals.at(0).text());
  }
  return plan;
}

std::unique_ptr<host::log::Sink> open_sink() {
  host::log::Options options;
  options.filter = host::log::Filter(host::log::Level::Warn);
  auto sink = host::log::Sink::open(options);
  if (!sink) {
    throw std::runtime_error(sink.error().text());
  }
  return std::move(*sink);
}

}  // namespace

struct World::Inside {
  Inside(const std::filesystem::path& folder, unsigned workers, const std::vector<Card>& cards)
      : manifest(read_manifest(manifest_text(folder, workers, cards), folder)),
        supervisor(
            make_plan(manifest),
            host::supervisor::Environment{
                runtime, exchange, metrics, spans, *sink, manifest.host.data_dir.string(), "bench",
                "bench", [this](std::function<void()> work) { control.post(std::move(work)); }},
            [this](const std::string& id) { lost = id; }) {}

  host::channel::Surroundings surroundings() {
    host::channel::Surroundings around;
    around.after = [this](std::uint64_t delay_ns, std::function<void()> work) {
      runtime.timers().add(host::runtime::now_ns() + delay_ns, 0,
                           [this, work = std::move(work)](std::uint64_t) { runtime.post(work); });
    };
    around.post = [this](std::function<void()> work) { runtime.post(std::move(work)); };
    around.pool = &pool;
    return around;
  }

  host::runtime::Runtime::Options runtime_options() const {
    host::runtime::Runtime::Options options;
    options.workers = manifest.host.workers;
    options.blocking_threads = manifest.host.blocking_threads;
    options.watchdog.on_stuck = [](const host::runtime::Overrun& overrun) {
      fmt::print(stderr, "backplane-bench: a handler of '{}' does not return\n", overrun.name);
    };
    return options;
  }

  host::manifest::Manifest manifest;
  std::unique_ptr<host::log::Sink> sink = open_sink();
  host::message::Pool pool;
  host::runtime::Runtime runtime{runtime_options()};
  host::metric::Registry metrics;
  host::log::SpanTable spans;
  // Queues stay when nobody uses them, as those that a manifest names: their counts are looked at.
  host::registry::Registry registry{
      [](host::channel::Settings& settings) { settings.lasting = settings.kind == BP_KIND_QUEUE; },
      surroundings()};
  host::exchange::Exchange exchange{registry, pool, runtime};
  Control control;
  std::string lost;
  host::supervisor::Supervisor supervisor;
  bool started = false;
};

World::World(Place& place, unsigned workers, const std::vector<Card>& cards)
    : inside_(std::make_unique<Inside>(place.folder("world"), workers, cards)) {}

void World::start() {
  bool finished = false;
  std::optional<host::error::Error> problem;
  inside_->started = true;
  inside_->supervisor.start([&](const std::optional<host::error::Error>& error) {
    problem = error;
    finished = true;
  });
  inside_->control.run_until(finished);
  if (problem) {
    throw std::runtime_error(problem->text());
  }
}

World::~World() {
  bool finished = !inside_->started;
  if (inside_->started) {
    inside_->supervisor.stop(
        [&finished](const std::optional<host::error::Error>&) { finished = true; });
  }
  inside_->control.run_until(finished);
  inside_->runtime.stop(host::runtime::now_ns() + 1'000'000'000);
}

void World::restart(const std::string& id) {
  bool finished = false;
  std::optional<host::error::Error> problem;
  inside_->supervisor.restart(id, [&](const std::optional<host::error::Error>& error) {
    problem = error;
    finished = true;
  });
  inside_->control.run_until(finished);
  if (problem) {
    throw std::runtime_error("restarting '" + id + "': " + problem->text());
  }
}

void World::wait(sem_t& done, unsigned times) {
  const auto give_up = std::chrono::steady_clock::now() + round_timeout;
  while (times > 0) {
    timespec until{};
    clock_gettime(CLOCK_MONOTONIC, &until);
    const std::uint64_t next =
        static_cast<std::uint64_t>(until.tv_nsec) +
        static_cast<std::uint64_t>(std::chrono::nanoseconds(look_every).count());
    until.tv_sec += static_cast<time_t>(next / 1'000'000'000);
    until.tv_nsec = static_cast<long>(next % 1'000'000'000);
    if (sem_clockwait(&done, CLOCK_MONOTONIC, &until) == 0) {
      --times;
      continue;
    }
    inside_->control.run_waiting();
    if (!inside_->lost.empty()) {
      throw std::runtime_error("the bench plugin '" + inside_->lost + "' failed");
    }
    if (std::chrono::steady_clock::now() > give_up) {
      throw std::runtime_error(
          "nothing more arrived for half a minute: messages or wakes are lost");
    }
  }
}

std::uint64_t World::counter(const std::string& name) const {
  double value = 0;
  for (const host::metric::Family& family : inside_->metrics.collect()) {
    for (const host::metric::Series& series : family.series) {
      value += family.name == name ? series.value : 0;
    }
  }
  return static_cast<std::uint64_t>(value);
}

const host::message::Pool& World::pool() const {
  return inside_->pool;
}

const host::registry::Registry& World::registry() const {
  return inside_->registry;
}

std::vector<host::supervisor::Status> World::statuses() const {
  return inside_->supervisor.statuses();
}

}  // namespace bench
