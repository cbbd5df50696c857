// host/daemon/daemon.cpp - builds the world, read top to bottom, and takes it down again.
#include "host/daemon/daemon.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "host/admin/api.hpp"
#include "host/channel/sender.hpp"
#include "host/daemon/folders.hpp"
#include "host/daemon/notify.hpp"
#include "host/daemon/preparation.hpp"
#include "host/daemon/series.hpp"
#include "host/daemon/signals.hpp"
#include "host/exchange/exchange.hpp"
#include "host/message/pool.hpp"
#include "host/runtime/runtime.hpp"
#include "host/wire/wire.hpp"

namespace host::daemon {

namespace {

namespace asio = boost::asio;

constexpr int exit_ok = 0;
constexpr int exit_unavailable = 69;
constexpr int exit_busy = 73;
constexpr int exit_drain_timeout = 75;
constexpr int exit_manifest = 78;
constexpr std::chrono::milliseconds log_flush_timeout{1'000};

void complain(const std::string& line) {
  fmt::print(stderr, "backplane: {}\n", line);
}

log::Options log_options(const manifest::Log& wanted, const std::optional<log::Level>& level) {
  log::Options options;
  options.filter = log::Filter(level.value_or(wanted.level));
  options.format = wanted.format == "json"   ? log::Format::Json
                   : wanted.format == "text" ? log::Format::Text
                                             : log::Format::Auto;
  options.destination = wanted.sink;
  options.rate_limit = std::chrono::duration_cast<std::chrono::milliseconds>(wanted.rate_limit);
  return options;
}

// The manifest's overrides of what plugins declare.
void adjust_channel(const manifest::Manifest& manifest, channel::Settings& settings) {
  for (const manifest::Channel& channel : manifest.channels) {
    if (channel.name != settings.name) {
      continue;
    }
    settings.capacity = channel.capacity.value_or(settings.capacity);
    settings.bytes_max = channel.max_bytes.value_or(settings.bytes_max);
    settings.retry_max = channel.retry.value_or(settings.retry_max);
    settings.groups = channel.groups;
    if (channel.on_full) {
      settings.on_full = static_cast<std::uint32_t>(*channel.on_full) + BP_FULL_BLOCK;
    }
    if (channel.block_timeout) {
      settings.block_timeout_ns =
          static_cast<std::uint64_t>(std::chrono::nanoseconds(*channel.block_timeout).count());
    }
  }
}

// Channels that stay when nobody uses them: whose names are written down somewhere.
std::set<std::string> declared_channels(const manifest::Manifest& manifest,
                                        const supervisor::Plan& plan) {
  std::set<std::string> names;
  for (const manifest::Channel& channel : manifest.channels) {
    names.insert(channel.name);
    names.insert(channel.dead_letter.value_or(""));
  }
  for (const supervisor::Planned& planned : plan.plugins) {
    if (planned.facts) {
      for (const loader::ChannelUse& use : planned.facts->description.channels) {
        names.insert(use.name);  // a pattern is no channel's name
      }
    }
  }
  return names;
}

std::string dead_letter_of(const manifest::Manifest& manifest, const std::string& name) {
  for (const manifest::Channel& channel : manifest.channels) {
    if (channel.name == name) {
      return channel.dead_letter.value_or("");
    }
  }
  return "";
}

// Members in the order of construction: each may use those above it.
class World {
 public:
  World(manifest::Manifest manifest, std::string manifest_file, supervisor::Plan plan,
        std::unique_ptr<log::Sink> sink, StopRequests& stop_requests);

  // Answers the exit code.
  int run();

 private:
  [[nodiscard]] metric::Limits metric_limits() const;
  [[nodiscard]] runtime::Runtime::Options runtime_options();
  [[nodiscard]] channel::Surroundings channel_surroundings();
  void dead_letter(const channel::Settings& settings, channel::Envelope&& envelope,
                   const error::Error& error);
  void started(const std::optional<error::Error>& error);
  void begin_stop(int exit_code);
  void on_signal(int signal);
  [[noreturn]] void leave_now(int exit_code);

  manifest::Manifest manifest_;
  std::string manifest_file_;
  std::unique_ptr<log::Sink> sink_;
  log::Logger logger_;
  const std::set<std::string> declared_channels_;
  message::Pool pool_;
  runtime::Runtime runtime_;
  metric::Registry metrics_;
  log::SpanTable spans_;
  registry::Registry registry_;
  exchange::Exchange exchange_;
  asio::io_context control_{1};
  supervisor::Supervisor supervisor_;
  admin::Backend backend_;
  std::unique_ptr<admin::HttpServer> server_;
  asio::steady_timer deadline_{control_};
  bool ready_ = false;
  std::atomic<bool> stopping_{false};
  int exit_code_ = exit_ok;
  StopRequests& stop_requests_;     // the signals' thread
  std::optional<Signals> signals_;  // the last: its thread uses what is above
};

World::World(manifest::Manifest manifest, std::string manifest_file, supervisor::Plan plan,
             std::unique_ptr<log::Sink> sink, StopRequests& stop_requests)
    : manifest_(std::move(manifest)),
      manifest_file_(std::move(manifest_file)),
      sink_(std::move(sink)),
      logger_(sink_->logger("host")),
      declared_channels_(declared_channels(manifest_, plan)),
      runtime_(runtime_options()),
      metrics_(metric_limits()),
      registry_(
          [this](channel::Settings& settings) {
            adjust_channel(manifest_, settings);
            settings.lasting = settings.lasting || declared_channels_.contains(settings.name);
          },
          channel_surroundings()),
      exchange_(registry_, pool_, runtime_),
      supervisor_(
          std::move(plan),
          supervisor::Environment{
              runtime_, exchange_, metrics_, spans_, *sink_, manifest_.host.data_dir.string(),
              manifest_.host.name, version(),
              [this](std::function<void()> work) { asio::post(control_, std::move(work)); }},
          [this](const std::string& id) {
            logger_.error("a required plugin is lost; the host is not ready any more",
                          {{"plugin_id", id}});
            ready_ = false;
          }),
      backend_{exchange_,
               supervisor_,
               metrics_,
               *sink_,
               version(),
               manifest_.host.name,
               manifest_file_,
               [this] { return ready_ && !stopping_; },
               [this] { begin_stop(exit_ok); }},
      stop_requests_(stop_requests) {
  metrics_.add_collector(
      [this, began = metric::unix_now_ns()](std::vector<metric::Family>& families) {
        append_host_series(
            {registry_, *sink_, pool_, runtime_, [this] { return supervisor_.statuses(); },
             [this]() -> const std::vector<std::shared_ptr<wire::Wire>>& {
               return supervisor_.wires();
             },
             began},
            families);
      });
}

metric::Limits World::metric_limits() const {
  return {.series_per_family = manifest_.metrics.series_per_family,
          .series_total = manifest_.metrics.series_total,
          .expire_after_ns = static_cast<std::uint64_t>(manifest_.metrics.expire_after.count()),
          .now_ns = {}};
}

runtime::Runtime::Options World::runtime_options() {
  runtime::Runtime::Options options;
  options.workers = manifest_.host.workers;
  options.blocking_threads = manifest_.host.blocking_threads;
  options.watchdog.on_stuck = [this](const runtime::Overrun& overrun) {
    logger_.warn(
        "a handler does not return and holds up its instance; fix: give work that waits or takes "
        "long to run_blocking(), or to a thread of the plugin's own",
        {{"plugin_id", overrun.name},
         {"ran_ms", overrun.ran_ns / 1'000'000},
         {"thread_replaced", overrun.replaced}});
  };
  options.watchdog.on_returned = [this](const runtime::Overrun& overrun) {
    logger_.warn("a handler that was reported as stuck returned",
                 {{"plugin_id", overrun.name}, {"ran_ms", overrun.ran_ns / 1'000'000}});
  };
  return options;
}

channel::Surroundings World::channel_surroundings() {
  channel::Surroundings around;
  around.after = [this](std::uint64_t delay_ns, std::function<void()> work) {
    runtime_.timers().add(runtime::now_ns() + delay_ns, 0,
                          [this, work = std::move(work)](std::uint64_t) {
                            runtime_.post(work);  // never on the timer thread
                          });
  };
  around.post = [this](std::function<void()> work) { runtime_.post(std::move(work)); };
  around.pool = &pool_;
  around.dead_letter = [this](const channel::Settings& settings, channel::Envelope&& envelope,
                              const error::Error& error) {
    dead_letter(settings, std::move(envelope), error);
  };
  around.cut_back = [this](const channel::Settings& settings, const std::string& who) {
    logger_.warn(
        "a gating subscriber stalled the channel beyond its block timeout and was cut back to "
        "lagging",
        {{"channel", settings.name}, {"subscriber", who}});
  };
  return around;
}

void World::dead_letter(const channel::Settings& settings, channel::Envelope&& envelope,
                        const error::Error& error) {
  const std::string name = dead_letter_of(manifest_, settings.name);
  logger_.warn("a message is given up", {{"channel", settings.name},
                                         {"seq", envelope.seq},
                                         {"dead_letter", name.empty() ? "none configured" : name},
                                         {"error", error.text()}});
  if (name.empty()) {
    return;
  }
  channel::Settings wanted = settings;
  wanted.name = name;
  wanted.kind = BP_KIND_QUEUE;
  wanted.on_full = BP_FULL_DROP_OLDEST;
  auto entry = registry_.open_channel(wanted, "dead letters of " + settings.name, nullptr);
  if (!entry) {
    logger_.error("a dead letter was lost", {{"error", entry.error().text()}});
    return;
  }
  channel::Envelope letter;
  letter.message = std::move(envelope.message);
  // Never null: the manifest names it, so it lasts.
  const bp_status status = entry->channel->open_sender({})->send(std::move(letter));
  if (status < 0) {
    logger_.error("a dead letter was lost",
                  {{"channel", name}, {"status", error::status_name(status)}});
  }
}

void World::leave_now(int exit_code) {
  if (server_) {
    server_->close();
  }
  [[maybe_unused]] const bool written = sink_->flush(log_flush_timeout);
  std::_Exit(exit_code);
}

void World::started(const std::optional<error::Error>& error) {
  deadline_.cancel();
  if (stopping_) {
    return;
  }
  if (error) {
    logger_.error("the host does not start", {{"error", error->text()}});
    begin_stop(start_exit_code(error->code()));
    return;
  }
  ready_ = true;
  std::size_t running = 0;
  for (const supervisor::Status& status : supervisor_.statuses()) {
    running += status.state == supervisor::State::running ? 1U : 0U;
  }
  logger_.info("ready", {{"plugins", running}, {"socket", manifest_.admin.socket.path.string()}});
  notify_service_manager(fmt::format("READY=1\nSTATUS=ready with {} plugins", running));
}

void World::begin_stop(int exit_code) {
  if (stopping_.exchange(true)) {
    return;
  }
  exit_code_ = exit_code;
  ready_ = false;
  notify_service_manager("STOPPING=1\nSTATUS=stopping");
  logger_.info("stopping", {});
  deadline_.expires_after(std::chrono::nanoseconds(manifest_.host.shutdown_grace));
  deadline_.async_wait([this](boost::system::error_code ec) {
    if (!ec) {
      logger_.error("plugins did not stop within host.shutdown_grace; leaving now", {});
      leave_now(exit_drain_timeout);
    }
  });
  supervisor_.stop([this](const std::optional<error::Error>& error) {
    deadline_.cancel();
    if (error) {
      logger_.error("not everything stopped", {{"error", error->text()}});
      leave_now(exit_drain_timeout);
    }
    server_->close();
    control_.stop();
  });
}

// On the signals' own thread, so that the second one works whatever the control thread does.
void World::on_signal(int signal) {
  if (signal == SIGHUP) {
    logger_.warn("SIGHUP does nothing: reloading is not in this build; restart the host instead",
                 {});
    return;
  }
  const char* const name = signal == SIGTERM ? "SIGTERM" : "SIGINT";
  switch (stop_requests_.take(std::chrono::steady_clock::now(), stopping_)) {
    case StopRequests::Meaning::Stop:
      logger_.info("signal", {{"signal", name}});
      asio::post(control_, [this] { begin_stop(exit_ok); });
      return;
    case StopRequests::Meaning::Same:
      logger_.info("a signal of the same request", {{"signal", name}});
      return;
    case StopRequests::Meaning::LeaveNow:
      break;
  }
  logger_.error("second signal: leaving now", {{"signal", name}});
  std::error_code ignored;
  std::filesystem::remove(manifest_.admin.socket.path, ignored);
  [[maybe_unused]] const bool written = sink_->flush(log_flush_timeout);
  std::_Exit(exit_drain_timeout);
}

int World::run() {
  auto server = admin::HttpServer::listen(control_, manifest_.admin.socket.path.string(),
                                          manifest_.admin.socket.mode, admin::make_api(backend_));
  if (!server) {
    complain(server.error().text());
    return exit_busy;  // the socket is another's, or cannot be made where the manifest wants it
  }
  server_ = std::move(*server);
  signals_.emplace([this](int signal) { on_signal(signal); });
  deadline_.expires_after(std::chrono::nanoseconds(manifest_.host.startup_timeout));
  deadline_.async_wait([this](boost::system::error_code ec) {
    if (!ec && !ready_ && !stopping_) {
      logger_.error("not ready within host.startup_timeout", {});
      begin_stop(exit_unavailable);
    }
  });
  asio::post(control_, [this] {
    supervisor_.start([this](const std::optional<error::Error>& error) { started(error); });
  });
  control_.run();
  logger_.info("stopped", {});
  if (runtime_.stop(runtime::now_ns() + 1'000'000'000) > 0) {
    leave_now(exit_drain_timeout);
  }
  return exit_code_;
}

}  // namespace

std::string version() {
  return BACKPLANE_VERSION;
}

int check(const std::filesystem::path& manifest, const std::filesystem::path& plugin_path,
          bool json) {
  const Preparation prepared = prepare(manifest, manifest::process_environment(plugin_path));
  const int code = prepared.check_exit_code();
  if (json) {
    fmt::print("{}", prepared.json());
    return code;
  }
  fmt::print(stderr, "{}", prepared.text());
  if (code == exit_ok) {
    const auto counted = [](std::size_t count, const char* what) {
      return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
    };
    fmt::print("{}: {}, {}, no problem found\n", manifest.string(),
               counted(prepared.plan.plugins.size(), "plugin"),
               counted(prepared.plan.wires.size(), "wire"));
  }
  return code;
}

int serve(const ServeOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  Preparation prepared =
      prepare(options.manifest, manifest::process_environment(options.plugin_path));
  if (const int code = prepared.serve_exit_code(); code != exit_ok) {
    fmt::print(stderr, "{}", prepared.text());
    return code;
  }
  manifest::Manifest& manifest = *prepared.manifest;
  auto folders = Folders::claim(manifest.host.data_dir, manifest.host.runtime_dir);
  if (!folders) {
    complain(folders.error().text());
    return exit_busy;
  }
  log::Options log = log_options(manifest.log, options.level);
  if (auto applied = log.apply_environment(); !applied) {
    complain(applied.error().text());
    return exit_manifest;
  }
  Signals::block();  // before the first thread
  auto sink = log::Sink::open(log);
  if (!sink) {
    complain(sink.error().text());
    return exit_busy;
  }
  const log::Logger logger = (*sink)->logger("host");
  logger.info("starting", {{"version", version()},
                           {"manifest", options.manifest.string()},
                           {"data_dir", manifest.host.data_dir.string()}});
  for (const manifest::Problem& warning : prepared.warnings) {
    logger.warn(warning.message, {{"pointer", warning.pointer}});
  }
  int code = exit_ok;
  StopRequests stop_requests;
  {
    World world(std::move(manifest), options.manifest.string(), std::move(prepared.plan),
                std::move(*sink), stop_requests);
    code = world.run();
  }
  const bool leave =  // one came while the world was taken down
      Signals::pending() &&
      stop_requests.take(std::chrono::steady_clock::now(), true) == StopRequests::Meaning::LeaveNow;
  return leave ? exit_drain_timeout : code;
}

}  // namespace host::daemon
