// backplane/cpp/registry.hpp - told when channels and services appear, change and go.
//
//   cx.watch_registry("bp.storage.*", [this](const bp::registry_change& change) {
//     if (change.news == bp::registry_news::gone) { forget(change.name); }
//   });
//
// What is there already comes first, then registry_news::snapshot_end, then what changes; see
// backplane/ext/registry.h for what is promised. Since: 1.0. Thread: strand.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/engine.hpp"
#include "backplane/ext/registry.h"

namespace bp {

enum class registry_news : std::uint8_t {
  appeared = BP_REGISTRY_APPEARED,
  changed = BP_REGISTRY_CHANGED,
  gone = BP_REGISTRY_GONE,
  snapshot_end = BP_REGISTRY_SNAPSHOT_END  ///< names nothing
};

/// What happened to one name. The texts are valid until the handler returned.
struct registry_change {
  registry_news news = registry_news::snapshot_end;
  std::uint64_t changes = 0;  ///< how many it stands for; of snapshot_end: names that were told
  std::uint32_t what = 0;     ///< BP_REGISTRY_CHANNEL or BP_REGISTRY_SERVICE
  std::string_view name = {};
  std::string_view instance = {};  ///< who provides the service, or opened the channel first
  std::string_view type = {};      ///< of a channel
  std::uint32_t kind = 0;          ///< of a channel: BP_KIND_*
  std::uint32_t major = 0;         ///< of a service
  std::uint32_t minor = 0;

  [[nodiscard]] bool is_channel() const noexcept { return what == BP_REGISTRY_CHANNEL; }

  [[nodiscard]] bool is_service() const noexcept { return what == BP_REGISTRY_SERVICE; }
};

namespace detail {

/// False: news of a later law, or a payload that is none.
[[nodiscard]] inline bool read_registry_event(const bp_event& event,
                                              registry_change& out) noexcept {
  if (event.method < BP_REGISTRY_APPEARED || event.method > BP_REGISTRY_SNAPSHOT_END) {
    return false;
  }
  out.news = static_cast<registry_news>(event.method);
  out.changes = event.seq;
  if (out.news == registry_news::snapshot_end) {
    return true;
  }
  const bytes_view bytes = view_of(event.buf);
  if (bytes.size() < sizeof(bp_registry_name)) {
    return false;
  }
  bp_registry_name name{};
  std::memcpy(&name, bytes.data(), sizeof(name));
  const auto text = [bytes](const bp_registry_text& place) noexcept {
    return place.offset <= bytes.size() && place.len <= bytes.size() - place.offset
               ? as_text(bytes.subspan(place.offset, place.len))
               : std::string_view();
  };
  out.what = name.what;
  out.name = text(name.name);
  out.instance = text(name.instance);
  out.type = text(name.type);
  out.kind = name.kind;
  out.major = name.major;
  out.minor = name.minor;
  return true;
}

/// The inside of a registry_watch.
class watch_end : public owned_sink {
 public:
  explicit watch_end(engine& in) : of(in), token_(in, *this) {}

  result<void> begin(std::uint32_t kinds, std::string_view pattern) {
    const auto doing = [pattern] { return "watching the names '" + std::string(pattern) + "'"; };
    if (of.registry == nullptr) {
      return std::unexpected(
          error(BP_E_UNSUPPORTED, "this host has no bp.registry/1").during(doing()));
    }
    const bp_str text = to_abi(pattern);
    bp_error why = blank_error();
    const bp_status status =
        of.registry->watch(of.host, of.instance, kinds, &text, token(), &watch_, &why);
    if (status < 0) {
      return std::unexpected(error::from_abi(status, &why).during(doing()));
    }
    return {};
  }

  void close() noexcept {
    if (watch_ != 0) {
      of.registry->unwatch(of.host, std::exchange(watch_, 0));
      of.retire(token());
    }
  }

  [[nodiscard]] bool calls_author() const noexcept final { return true; }

  [[nodiscard]] std::uint64_t token() const noexcept { return token_.token(); }

  engine& of;

 protected:
  virtual void tell(const registry_change& change) = 0;

 private:
  void on_event(const bp_event& event) override {
    registry_change change;
    if (watch_ != 0 && read_registry_event(event, change)) {
      tell(change);
    }
  }

  registration token_;
  bp_watch watch_ = 0;
};

template <typename Handler>
class watching final : public watch_end {
 public:
  static_assert(!is_task<std::invoke_result_t<Handler&, const registry_change&>>,
                "the change is valid until the handler returned: copy what a task needs, and spawn "
                "the task");

  watching(engine& in, Handler handler) : watch_end(in), handler_(std::move(handler)) {}

 private:
  void tell(const registry_change& change) override {
    const auto end = settle([&] { return handler_(change); });
    if (!end.value) {
      of.fault(end.value.error());
    }
  }

  Handler handler_;
};

}  // namespace detail

/// A watch of context::watch_registry(). Copies name the same; it lives until close() or the
/// instance's end.
class registry_watch {
 public:
  registry_watch() = default;

  registry_watch(detail::engine& of, std::uint64_t token) : of_(&of), token_(token) {}

  /// The handler is not called after this.
  void close() const noexcept {
    if (of_ != nullptr) {
      if (auto* end = static_cast<detail::watch_end*>(of_->tokens.find(token_)); end != nullptr) {
        end->close();
      }
    }
  }

 private:
  detail::engine* of_ = nullptr;
  std::uint64_t token_ = 0;
};

}  // namespace bp
