// backplane/cpp/context.hpp - bp::context, all that a plugin sees of the world.
//
// Since: 1.0. Thread: strand, except `log`, logger(), strand(), metrics and now_ns(). It lives as
// long as the instance. open(), subscribe(), require(), provide() throw bp::failure, which start()
// and handlers may let pass (it is reported as the error it is, not as a panic); the try_ forms
// return the error.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/cpp/by_name.hpp"
#include "backplane/cpp/channel.hpp"
#include "backplane/cpp/config.hpp"
#include "backplane/cpp/declared.hpp"
#include "backplane/cpp/log.hpp"
#include "backplane/cpp/mailbox.hpp"
#include "backplane/cpp/metric.hpp"
#include "backplane/cpp/registry.hpp"
#include "backplane/cpp/service.hpp"
#include "backplane/cpp/span.hpp"
#include "backplane/cpp/timer.hpp"

namespace bp {

class context {
 public:
  context(const bp_host* host, bp_inst instance, std::string_view manifest)
      : engine_(host, instance),
        declared_(manifest),
        box_(engine_.core != nullptr ? std::make_shared<detail::mailbox>(engine_) : nullptr) {
    if (engine_.core != nullptr) {
      log = bp::logger(engine_);
    }
  }

  // --- configuration and facts ---

  /// The configuration as JSON; in on_config() the new one. Valid until the next one is taken.
  [[nodiscard]] std::string_view config_text() const noexcept {
    return next_config_ ? std::string_view(*next_config_) : std::string_view(config_);
  }

  /// The configuration as a struct that describes its fields (see config.hpp).
  template <typename Config>
  [[nodiscard]] result<Config> config() const {
    return config_from_json<Config>(config_text());
  }

  [[nodiscard]] std::string_view instance_id() const noexcept { return property("instance.id"); }

  /// Absolute, exists, private to this instance.
  [[nodiscard]] std::string_view data_dir() const noexcept { return property("instance.data_dir"); }

  /// A fact of the host ("host.name", "host.version"); empty when it knows no such fact.
  [[nodiscard]] std::string_view property(std::string_view name) const noexcept {
    const bp_str wanted = detail::to_abi(name);
    bp_str value{};
    const bp_status status =
        engine_.core->property(engine_.host, engine_.instance, &wanted, &value);
    return status < 0 ? std::string_view() : detail::from_abi(value);
  }

  // --- log and time ---

  /// `cx.log.info("opened", "path", path)`; copies of it may be used by any thread.
  bp::logger log;

  template <typename... Pairs>
  void debug(std::string_view text, const Pairs&... pairs) const {
    log.debug(text, pairs...);
  }

  template <typename... Pairs>
  void info(std::string_view text, const Pairs&... pairs) const {
    log.info(text, pairs...);
  }

  template <typename... Pairs>
  void warn(std::string_view text, const Pairs&... pairs) const {
    log.warn(text, pairs...);
  }

  template <typename... Pairs>
  void error(std::string_view text, const Pairs&... pairs) const {
    log.error(text, pairs...);
  }

  /// Monotonic; all deadlines of the law are points of this clock.
  [[nodiscard]] std::uint64_t now_ns() const noexcept { return engine_.now_ns(); }

  /// Reports a failure that is nobody's reply; the supervisor acts by its policy.
  void fault(const bp::error& why) const noexcept { engine_.fault(why); }

  // --- channels ---

  [[nodiscard]] result<sender> try_open(std::string_view name, channel_options with = {}) {
    declared_.complete(name, BP_DIR_SEND, with);
    auto end = std::make_unique<detail::sender_end>(engine_, name);
    BP_TRY(end->open(with));
    return sender(engine_.keep(std::move(end)));
  }

  /// The sending end of a channel.
  [[nodiscard]] sender open(std::string_view name, channel_options with = {}) {
    return value_of(try_open(name, std::move(with)));
  }

  template <typename Handler>
  [[nodiscard]] result<subscription> try_subscribe(std::string_view name, Handler handler,
                                                   channel_options with = {}) {
    using End = detail::subscription_for<Handler>;
    declared_.complete(name, BP_DIR_RECEIVE, with);
    if constexpr (!is_task<std::invoke_result_t<Handler&, message>>) {
      with.concurrency = 0;  // each message ends with its handler: nothing to limit
    }
    auto end = std::make_unique<End>(engine_, name, with, std::move(handler));
    auto opened = detail::open_end(engine_, name, BP_DIR_RECEIVE, with, end->token());
    BP_TRY(opened);
    end->opened(*opened);
    return subscription(engine_, engine_.keep(std::move(end)).token());
  }

  /// `handler(bp::message)` for each message; it returns void, result<void>, or a task of these.
  template <typename Handler>
  subscription subscribe(std::string_view name, Handler handler, channel_options with = {}) {
    return value_of(try_subscribe(name, std::move(handler), std::move(with)));
  }

  // --- services ---

  [[nodiscard]] result<void> try_provide(service offered) {
    const std::string name = offered.name();
    const std::uint32_t major = offered.major();
    const std::uint32_t minor = offered.minor();
    auto inside = std::make_unique<detail::provided_service>(engine_, std::move(offered).take());
    BP_TRY(inside->offer(name, major, minor));
    engine_.keep(std::move(inside));
    return {};
  }

  void provide(service offered) { value_of(try_provide(std::move(offered))); }

  /// `flags` BP_REQUIRE_OPTIONAL: a reference even while nobody provides it.
  [[nodiscard]] result<service_ref> try_require(std::string_view name, std::uint32_t major,
                                                std::uint32_t min_minor = 0,
                                                std::uint32_t flags = 0) {
    const bp_str text = detail::to_abi(name);
    bp_svc handle = 0;
    bp_error why = detail::blank_error();
    const bp_status status = engine_.svc->require(engine_.host, engine_.instance, &text, major,
                                                  min_minor, flags, &handle, &why);
    if (status < 0) {
      return std::unexpected(bp::error::from_abi(status, &why)
                                 .during("requiring service '" + std::string(name) + "'"));
    }
    return service_ref(engine_, handle);
  }

  /// A reference, or a typed client made from one: `cx.require<bp::contract::kv>("bp.storage.kv",
  /// 1)`.
  template <typename Client = service_ref>
  [[nodiscard]] Client require(std::string_view name, std::uint32_t major,
                               std::uint32_t min_minor = 0, std::uint32_t flags = 0) {
    return Client(value_of(try_require(name, major, min_minor, flags)));
  }

  /// Channels and services by name, as JSON.
  [[nodiscard]] bp::by_name by_name() noexcept { return bp::by_name(engine_); }

  /// `handler(const bp::registry_change&)`, returning void or result<void>, for each name that
  /// matches `pattern` (`*`, `?`): those that are there, then what appears, changes and goes.
  template <typename Handler>
  [[nodiscard]] result<registry_watch> try_watch_registry(
      std::string_view pattern, Handler handler,
      std::uint32_t kinds = BP_REGISTRY_CHANNEL | BP_REGISTRY_SERVICE) {
    auto end = std::make_unique<detail::watching<Handler>>(engine_, std::move(handler));
    BP_TRY(end->begin(kinds, pattern));
    return registry_watch(engine_, engine_.keep(std::move(end)).token());
  }

  template <typename Handler>
  registry_watch watch_registry(std::string_view pattern, Handler handler,
                                std::uint32_t kinds = BP_REGISTRY_CHANNEL | BP_REGISTRY_SERVICE) {
    return value_of(try_watch_registry(pattern, std::move(handler), kinds));
  }

  // --- time and work ---

  /// `fn()` each `period`; it returns void, result<void> or a task. Ticks during its task are
  /// merged.
  template <typename Handler>
  timer every(std::chrono::nanoseconds period, Handler fn) {
    return set_timer(period, period, std::move(fn));
  }

  /// `fn()` once, after `delay`.
  template <typename Handler>
  timer after(std::chrono::nanoseconds delay, Handler fn) {
    return set_timer(delay, std::chrono::nanoseconds(0), std::move(fn));
  }

  /// `co_await cx.sleep(250ms);`
  [[nodiscard]] auto sleep(std::chrono::nanoseconds how_long) {
    return detail::sleep_awaiter(engine_, how_long);
  }

  /// `co_await cx.run_blocking([&] { return read_it(); })` on the blocking pool; gives what it
  /// returns. The task waits for it even when it is cancelled meanwhile. A full pool is BP_E_BUSY:
  /// in the result when the function returns a result, else thrown as bp::failure.
  template <typename Function>
  [[nodiscard]] auto run_blocking(Function function) {
    return detail::blocking_awaiter<Function>(engine_, std::move(function));
  }

  /// Starts a task that nobody awaits: a callable returning task<void> or task<result<void>>. STOP
  /// cancels and joins it; an error it ends with is a fault.
  template <typename Work>
  void spawn(Work work) {
    engine_.spawn(engine_.background, engine_.working, std::move(work), [this](const auto& end) {
      if (!end.value && end.value.error().code() != BP_E_CANCELLED) {
        engine_.fault(end.value.error());
      }
    });
  }

  /// From any thread to the strand. Take a strand() for threads that may outlive the instance.
  template <typename Work>
  result<void> post(Work work) const {
    return strand().post(std::move(work));
  }

  [[nodiscard]] strand_handle strand() const { return strand_handle(box_); }

  /// One answer from another thread: give the completion away, co_await its arrival().
  template <typename Value>
  [[nodiscard]] bp::completion<Value> completion() const {
    return bp::completion<Value>(strand());
  }

  /// Requested when STOP begins: for loops on the plugin's own threads and in run_blocking.
  [[nodiscard]] std::stop_token stop_token() const noexcept { return stopping_.get_token(); }

  // --- memory, metrics, traces ---

  /// Memory of the host, for requests, replies and messages.
  [[nodiscard]] result<buffer> alloc(std::size_t size) const {
    return detail::alloc(engine_, size);
  }

  [[nodiscard]] bp::metric_family<bp::counter> counters(const metric_description& what) const {
    return family<bp::counter>(BP_METRIC_COUNTER, what);
  }

  [[nodiscard]] bp::metric_family<bp::gauge> gauges(const metric_description& what) const {
    return family<bp::gauge>(BP_METRIC_GAUGE, what);
  }

  [[nodiscard]] bp::metric_family<bp::histogram> histograms(const metric_description& what) const {
    return family<bp::histogram>(BP_METRIC_HISTOGRAM, what);
  }

  /// Gauges of 0 and 1; one of the labels is named as the family, and says which state.
  [[nodiscard]] bp::metric_family<bp::gauge> statesets(const metric_description& what) const {
    return family<bp::gauge>(BP_METRIC_STATESET, what);
  }

  /// One set of facts, shown as `name_info{...} 1`; what.labels are their names.
  void facts(const metric_description& what, std::initializer_list<std::string_view> values) const {
    (void)family<bp::gauge>(BP_METRIC_INFO, what).bind(values);
  }

  /// Without labels, for the calling thread.
  [[nodiscard]] bp::counter counter(std::string_view name, std::string_view help) const {
    return counters({.name = name, .help = help}).bind();
  }

  [[nodiscard]] bp::gauge gauge(std::string_view name, std::string_view help,
                                std::string_view unit = {}) const {
    return gauges({.name = name, .help = help, .unit = unit}).bind();
  }

  [[nodiscard]] bp::histogram histogram(std::string_view name, std::string_view help,
                                        std::string_view unit = "seconds") const {
    return histograms({.name = name, .help = help, .unit = unit}).bind();
  }

  /// The value that was observed, or added, belongs to a trace: exporters show the last one of each
  /// bucket. Beside observe() and add(), for what is traced; from any thread. False: it was
  /// refused, or the host is older.
  bool exemplar(const bp::histogram& of, double value, const trace_context& trace) const noexcept {
    return detail::exemplar(engine_, of.cell(), value, trace);
  }

  bool exemplar(const bp::counter& of, double value, const trace_context& trace) const noexcept {
    return detail::exemplar(engine_, of.cell(), value, trace);
  }

  /// All series of the host and of every plugin, as a bp_metric_snapshot. May take milliseconds.
  [[nodiscard]] result<buffer> metric_snapshot() const {
    if (engine_.metric == nullptr) {
      return fail(BP_E_UNSUPPORTED, "this host has no bp.metric/1");
    }
    bp_buf raw{};
    const bp_status status = engine_.metric->snapshot(engine_.host, engine_.instance, &raw);
    if (status < 0) {
      return std::unexpected(bp::error(status).during("taking a metric snapshot"));
    }
    return buffer(&engine_, raw);
  }

  /// The same in parts of about a megabyte, without what a caller that gives the `shape` of its
  /// last one knows already (see bp_metric_api.snapshot_parts). An older host gives one part, with
  /// all.
  [[nodiscard]] result<std::vector<buffer>> metric_parts(std::uint32_t shape) const {
    std::vector<buffer> parts;
    const bp_metric_api* metric = engine_.metric;
    if (!BP_HAS(bp_metric_api, metric, snapshot_parts)) {
      auto whole = metric_snapshot();
      if (!whole) {
        return std::unexpected(std::move(whole).error());
      }
      parts.push_back(std::move(*whole));
      return parts;
    }
    std::vector<bp_buf> raw(BP_METRIC_PARTS_MAX);
    std::uint32_t count = 0;
    const bp_status status =
        metric->snapshot_parts(engine_.host, engine_.instance, shape, raw.data(),
                               static_cast<std::uint32_t>(raw.size()), &count);
    if (status < 0) {
      return std::unexpected(bp::error(status).during("taking a metric snapshot"));
    }
    for (const bp_buf& part : std::span(raw).first(count)) {
      parts.emplace_back(&engine_, part);
    }
    return parts;
  }

  /// A span below `parent` (null: a new trace), ended by its destructor.
  template <typename... Pairs>
  [[nodiscard]] bp::span span(std::string_view name, const trace_context* parent,
                              const Pairs&... pairs) const {
    return {engine_, name, parent, pairs...};
  }

  // --- for the layer itself ---

  [[nodiscard]] kit::frame_pool* frames() noexcept { return engine_.frames(); }

  [[nodiscard]] detail::engine& engine() noexcept { return engine_; }

  [[nodiscard]] const detail::engine& engine() const noexcept { return engine_; }

  void close_mailbox() noexcept { box_->close(); }

  void request_stop() noexcept { stopping_.request_stop(); }

  void offer_config(std::string text) { next_config_ = std::move(text); }

  void take_config(bool accepted) {
    if (accepted && next_config_) {
      config_ = std::move(*next_config_);
    }
    next_config_.reset();
  }

 private:
  template <typename Handler>
  timer set_timer(std::chrono::nanoseconds first, std::chrono::nanoseconds every, Handler fn) {
    auto end =
        std::make_unique<detail::ticking<Handler>>(engine_, every.count() > 0, std::move(fn));
    value_of(end->set(first, every));
    return {engine_, engine_.keep(std::move(end)).token()};
  }

  template <typename Metric>
  [[nodiscard]] metric_family<Metric> family(std::uint32_t kind,
                                             const metric_description& what) const {
    return value_of(detail::define<Metric>(engine_, kind, what));
  }

  detail::engine engine_;
  detail::declared_channels declared_;
  std::shared_ptr<detail::mailbox> box_;
  std::stop_source stopping_;
  std::string config_;
  std::optional<std::string> next_config_;
};

}  // namespace bp
