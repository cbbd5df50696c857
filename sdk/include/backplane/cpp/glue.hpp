// backplane/cpp/glue.hpp - between the law's four functions and a plain class. Not for authors.
//
// Since: 1.0. Thread: strand. Nothing unwinds out of here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "backplane/cpp/context.hpp"
#include "backplane/cpp/state.hpp"

namespace bp::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"  // the law is C
constexpr std::uint64_t law_layout = BP_LAYOUT;
#pragma GCC diagnostic pop

#pragma GCC diagnostic push
#if !defined(__clang__)
// g++ takes the frame of a coroutine template for a type of this header and complains when an
// author's lambda or class of an anonymous namespace is in it.
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

/// One instance: the context, the author's object, and the lifecycle between them.
template <typename Plugin>
class box {
 public:
  box(const bp_host* host, bp_inst instance, std::string_view manifest)
      : cx_(host, instance, manifest) {}

  [[nodiscard]] result<void> construct() {
    const engine& of = cx_.engine();
    if (!BP_HAS(bp_core, of.core, alloc) || !BP_HAS(bp_chan_api, of.chan, close) ||
        !BP_HAS(bp_svc_api, of.svc, close)) {
      return fail(BP_E_UNSUPPORTED, "the host lacks bp.core/1, bp.chan/1 or bp.svc/1");
    }
    bp_str text{};
    if (of.core->config(of.host, of.instance, &text) >= 0) {
      cx_.offer_config(std::string(from_abi(text)));
      cx_.take_config(true);
    }
    auto end = settle([this] {
      if constexpr (std::is_constructible_v<Plugin, context&>) {
        plugin_.emplace(cx_);
      } else {
        plugin_.emplace();
      }
    });
    return std::move(end.value);
  }

  void on_event(const bp_event& event) {
    engine& of = cx_.engine();
    if (event.type < BP_EV_MESSAGE) {
      operate(event);
    } else if (event_sink* sink = of.tokens.find(event.token);
               sink != nullptr && !(over_ && sink->calls_author())) {
      sink->on_event(event);
    } else {
      give_back(event);
    }
    settle_down();
  }

 private:
  /// Lets everything go on that can, and wakes us again when it would be too much at once.
  void settle_down() {
    engine& of = cx_.engine();
    if (of.ready.drain()) {
      of.core->post(of.host, of.instance, 0);
    }
    of.sweep();
  }

  /// An event whose sink has gone, or calls nobody any more: what somebody waits for is answered,
  /// the rest is ignored.
  void give_back(const bp_event& event) {
    engine& of = cx_.engine();
    if (event.type == BP_EV_MESSAGE) {
      delivery(of, event).nack(error(BP_E_CLOSED), std::chrono::nanoseconds(0));
    } else if (event.type == BP_EV_CALL) {
      answer(delivery(of, event), {std::unexpected(error(BP_E_UNAVAILABLE)), false});
    }
  }

  void operate(const bp_event& event) {
    const bp_op op = event.handle;
    switch (event.type) {
      case BP_EV_START:
        return run(op, [this] { return start(); });
      case BP_EV_STOP:
        return run(op, [this] { return stop(); });
      case BP_EV_QUIESCE:
        return run(op, [this] { return quiesce(); });
      case BP_EV_SAVE:
        return run(op, [this, op] { return save(op); });
      case BP_EV_RESTORE:
        return run(op, [this, op] { return restore(op); });
      case BP_EV_CONFIG:
        cx_.offer_config(std::string(as_text(view_of(event.buf))));
        return run(op, [this] { return configure(); });
      default:
        return complete(op, {std::unexpected(error(BP_E_UNSUPPORTED)), false});
    }
  }

  template <typename Operation>
  void run(bp_op op, Operation operation) {
    engine& of = cx_.engine();
    of.spawn(of.operations, of.lifecycle, std::move(operation),
             [this, op](const settled<void>& end) { complete(op, end); });
  }

  void complete(bp_op op, const settled<void>& end) noexcept {
    const engine& of = cx_.engine();
    if (end.value) {
      of.core->complete(of.host, op, BP_OK, nullptr);
      return;
    }
    bp_error why = blank_error();
    end.value.error().to_abi(&why);
    of.core->complete(of.host, op, why.code, &why);
  }

  /// Runs a hook, whatever it returns.
  template <typename Hook>
  static task<result<void>> call(Hook hook) {
    using returned = decltype(hook());
    if constexpr (is_task<returned>) {
      using value = typename task_value<returned>::type;
      if constexpr (std::is_void_v<value>) {
        co_await hook();
        co_return result<void>();
      } else {
        co_return co_await hook();
      }
    } else if constexpr (std::is_void_v<returned>) {
      hook();
      co_return result<void>();
    } else {
      co_return hook();
    }
  }

  task<result<void>> start() {
    std::optional<settled<void>> end;
    try {
      if constexpr (requires(Plugin& plugin, context& cx) { plugin.start(cx); }) {
        end.emplace(co_await call([this] { return plugin_->start(cx_); }));
      } else {
        end.emplace();
      }
    } catch (...) {
      end.emplace(settle_exception<void>());
    }
    if (!end->value) {
      over_ = true;
      co_await end_tasks();
    }
    co_return std::move(end->value);
  }

  task<void> end_tasks() {
    engine& of = cx_.engine();
    of.hold_back();
    cx_.request_stop();
    of.working.cancel();
    while (of.handlers.count() + of.background.count() != 0) {
      co_await of.handlers.joined();
      co_await of.background.joined();
    }
  }

  task<result<void>> stop() {
    co_await end_tasks();
    over_ = true;  // what the plugin lets go of now, no handler finds gone
    result<void> end;
    if constexpr (requires(Plugin& plugin, context& cx) { plugin.stop(cx); }) {
      end = co_await call([this] { return plugin_->stop(cx_); });
    }
    cx_.close_mailbox();
    co_return end;
  }

  task<result<void>> quiesce() {
    if constexpr (requires(Plugin& plugin, context& cx) { plugin.quiesce(cx); }) {
      BP_CO_TRY(co_await call([this] { return plugin_->quiesce(cx_); }));
    }
    co_await cx_.engine().handlers.joined();
    co_return result<void>();
  }

  task<result<void>> save(bp_op op) {
    if constexpr (requires(Plugin& plugin, state_writer& to) { plugin.save(to); }) {
      state_writer to(cx_.engine(), op);
      co_return co_await call([this, &to] { return plugin_->save(to); });
    }
    co_return result<void>();
  }

  task<result<void>> restore(bp_op op) {
    if constexpr (requires(Plugin& plugin, state_reader& from) { plugin.restore(from); }) {
      state_reader from(cx_.engine(), op);
      co_return co_await call([this, &from] { return plugin_->restore(from); });
    }
    co_return result<void>();
  }

  task<result<void>> configure() {
    if constexpr (requires(Plugin& plugin, context& cx) { plugin.on_config(cx); }) {
      settled<void> end;
      try {
        end.value = co_await call([this] { return plugin_->on_config(cx_); });
      } catch (...) {
        end = settle_exception<void>();
      }
      cx_.take_config(end.value.has_value());
      co_return std::move(end.value);
    } else {
      cx_.take_config(false);
      co_return fail(
          BP_E_UNSUPPORTED,
          "this plugin takes a new configuration only at its start: restart the instance");
    }
  }

  context cx_;
  std::optional<Plugin> plugin_;
  bool over_ = false;  // stop() was called or start() failed: no handler is called any more
};

#pragma GCC diagnostic pop

/// The four functions of the law for one class.
template <typename Plugin, typename Manifest>
struct glue {
  static bp_status BP_CALL create(const bp_host* host, bp_inst instance, void** self,
                                  bp_error* why) noexcept {
    auto end = settle([&]() -> result<void> {
      auto made = std::make_unique<box<Plugin>>(host, instance, Manifest::text());
      BP_TRY(made->construct());
      *self = made.release();
      return {};
    });
    if (end.value) {
      return BP_OK;
    }
    end.value.error().to_abi(why);
    return end.value.error().code();
  }

  static void BP_CALL destroy(void* self) noexcept { delete static_cast<box<Plugin>*>(self); }

  static void BP_CALL on_events(void* self, const bp_event* first, std::uint32_t stride,
                                std::uint32_t count) noexcept {
    auto& instance = *static_cast<box<Plugin>*>(self);
    const auto* at = reinterpret_cast<const std::byte*>(first);
    for (std::uint32_t i = 0; i < count; ++i, at += stride) {
      instance.on_event(*reinterpret_cast<const bp_event*>(at));
    }
  }
};

}  // namespace bp::detail
