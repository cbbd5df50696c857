// backplane/cpp/by_name.hpp - any channel and any service by name, as JSON: cx.by_name().
//
// Since: 1.0. Thread: strand. The host converts through the embedded schemas and checks
// permissions. Control-plane speed. What goes in is copied; texts need to live until the co_await
// only.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "backplane/cpp/channel.hpp"
#include "backplane/cpp/request.hpp"
#include "backplane/cpp/service.hpp"

namespace bp {

class by_name {
 public:
  explicit by_name(detail::engine& of) : of_(&of) {}

  /// `co_await`: result<buffer> (empty) when every confirming consumer has acknowledged.
  [[nodiscard]] auto publish(std::string_view channel, std::string_view json,
                             const trace_context* trace = nullptr) const {
    return detail::request_awaiter(
        *of_, [of = of_, channel, json, trace](std::uint64_t token, detail::asked& answer) {
          if (!present(*of, answer)) {
            return;
          }
          const bp_str to = detail::to_abi(channel);
          const bp_str text = detail::to_abi(json);
          answer.status = of->json->publish(of->host, of->instance, &to, &text,
                                            trace != nullptr ? trace->data() : nullptr, token,
                                            &answer.handle, &answer.why);
        });
  }

  /// `co_await by_name.call("bp.storage.records/1", "Insert", json)`: result<buffer>, the reply as
  /// JSON.
  [[nodiscard]] auto call(std::string_view service, std::string_view method, std::string_view json,
                          call_options with = {}) const {
    return detail::request_awaiter(
        *of_, [of = of_, service, method, json, with](std::uint64_t token, detail::asked& answer) {
          if (!present(*of, answer)) {
            return;
          }
          const bp_str whom = detail::to_abi(service);
          const bp_str what = detail::to_abi(method);
          const bp_str text = detail::to_abi(json);
          const std::uint64_t deadline_ns =
              with.deadline.count() > 0
                  ? of->now_ns() + static_cast<std::uint64_t>(with.deadline.count())
                  : 0;
          answer.status = of->json->call(of->host, of->instance, &whom, &what, &text, deadline_ns,
                                         with.trace != nullptr ? with.trace->data() : nullptr,
                                         token, &answer.handle, &answer.why);
        });
  }

  /// The handler's messages are JSON text. Options: flags, concurrency and on_lagged count.
  template <typename Handler>
  [[nodiscard]] result<subscription> subscribe(std::string_view channel, Handler handler,
                                               channel_options with = {}) const {
    if (of_->json == nullptr) {
      return fail(BP_E_UNSUPPORTED, "this host has no bp.json/1");
    }
    const bp_str name = detail::to_abi(channel);
    const std::uint32_t flags = with.flags;
    auto end = std::make_unique<detail::subscription_for<Handler>>(*of_, channel, std::move(with),
                                                                   std::move(handler));
    bp_chan handle = 0;
    bp_error why = detail::blank_error();
    const bp_status status =
        of_->json->subscribe(of_->host, of_->instance, &name, flags, end->token(), &handle, &why);
    if (status < 0) {
      return std::unexpected(error::from_abi(status, &why)
                                 .during("subscribing to '" + std::string(channel) + "' as JSON"));
    }
    end->opened(handle);
    return subscription(*of_, of_->keep(std::move(end)).token());
  }

 private:
  static bool present(const detail::engine& of, detail::asked& answer) noexcept {
    if (of.json == nullptr) {
      answer.status = BP_E_UNSUPPORTED;
    }
    return of.json != nullptr;
  }

  detail::engine* of_;
};

}  // namespace bp
