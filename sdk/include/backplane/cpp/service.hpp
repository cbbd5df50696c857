// backplane/cpp/service.hpp - providing and calling services: bytes in, bytes out.
//
// Since: 1.0. Thread: strand, except inline methods. The typed clients and handlers of contract_gen
// stand on these primitives:
//
//   provide:  bp::service kv("bp.storage.kv", 1, 0);
//             kv.method(1, "Get", {request_type, reply_type}, [this](bp::call c) -> R { ... });
//             kv.inline_method(2, "Stat", {...}, [this](bp::call c) -> bp::result<bp::buffer>
//             {...}); cx.provide(std::move(kv));
//     A last argument {.concurrency = 4, .queue = 64} limits a method (call_limits).
//     R is bp::result<bp::buffer> or bp::task<bp::result<bp::buffer>>. c.bytes() is the request;
//     c.reply(bytes) makes the reply (a lease from the host, filled with a copy). Inside a task
//     both stay valid until the task ended. Inline methods run on any thread and never wait.
//
//   call:     bp::service_ref kv = cx.require("bp.storage.kv", 1);
//             auto reply = co_await kv.call(1, request_bytes, {.deadline = 2s});
//     gives bp::result<bp::buffer>, at once when the method is inline. The handle survives restarts
//     of the provider. `cx.require<Client>(name, major)` makes a Client(bp::service_ref).
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/message.hpp"
#include "backplane/cpp/request.hpp"
#include "backplane/cpp/running.hpp"

namespace bp {

/// One call inside its handler: a small handle, valid until the handler returned or its task ended.
class call {
 public:
  call(const detail::engine& of, detail::delivery* queued, bytes_view bytes, std::uint32_t method)
      : of_(&of), queued_(queued), bytes_(bytes), method_(method) {}

  /// Of an inline method: `room` is what the host lent for the reply.
  call(const detail::engine& of, bytes_view bytes, std::uint32_t method, const bp_buf& room)
      : of_(&of), queued_(nullptr), bytes_(bytes), method_(method), room_(room) {}

  [[nodiscard]] bytes_view bytes() const noexcept { return bytes_; }

  [[nodiscard]] std::string_view text() const noexcept { return as_text(bytes_); }

  [[nodiscard]] std::uint32_t method() const noexcept { return method_; }

  /// Point of context::now_ns() after which nobody waits for the answer; 0 in an inline method.
  [[nodiscard]] std::uint64_t deadline_ns() const noexcept {
    return queued_ != nullptr ? queued_->seq : 0;
  }

  /// Id of the instance whose call it is; empty: the operator's (command line, wires). Not in an
  /// inline method, which has no caller to speak of: BP_E_UNSUPPORTED. BP_E_STALE: nobody waits for
  /// the answer any more.
  [[nodiscard]] result<std::string> caller() const {
    if (queued_ == nullptr) {
      return fail(BP_E_UNSUPPORTED, "an inline method cannot tell who calls it");
    }
    std::array<char, BP_INSTANCE_ID_BYTES_MAX> id;  // NOLINT(*-member-init): written by the host
    std::uint64_t bytes = 0;
    const bp_status status =
        of_->svc->caller(of_->host, queued_->handle, id.data(), id.size(), &bytes);
    if (status < 0) {
      return fail(status, "nobody waits for this call any more");
    }
    return std::string(id.data(), bytes);
  }

  [[nodiscard]] std::optional<trace_context> trace() const noexcept {
    return queued_ != nullptr && (queued_->flags & BP_EVF_TRACE) != 0
               ? std::optional(queued_->trace)
               : std::nullopt;
  }

  /// A reply with a copy of `bytes`. In an inline method a small one is written where the caller
  /// reads it: make one reply, and return it.
  [[nodiscard]] result<buffer> reply(bytes_view bytes) const {
    if (!bytes.empty() && bytes.size() <= room_.capacity && room_.data != nullptr) {
      std::memcpy(room_.data, bytes.data(), bytes.size());
      return buffer(of_, bp_buf{room_.data, bytes.size(), room_.capacity, 0});
    }
    return detail::copy_of(*of_, bytes);
  }

  /// As alloc(), but in an inline method a small reply gets the room that its caller lent: build
  /// one reply in it, and return it.
  [[nodiscard]] result<buffer> room(std::size_t size) const {
    if (size != 0 && size <= room_.capacity && room_.data != nullptr) {
      return buffer(of_, bp_buf{room_.data, size, room_.capacity, 0});
    }
    return alloc(size);
  }

  /// Memory of the host to build a reply in.
  [[nodiscard]] result<buffer> alloc(std::size_t size) const { return detail::alloc(*of_, size); }

  /// Null in an inline method, which is no coroutine.
  [[nodiscard]] kit::frame_pool* frames() const noexcept {
    return queued_ != nullptr ? queued_->of->frames() : nullptr;
  }

 private:
  const detail::engine* of_;
  detail::delivery* queued_;
  bytes_view bytes_;
  std::uint32_t method_;
  bp_buf room_{};
};

/// How many calls of a method its handler works at once, and how many more wait in the host for
/// their turn, in their order; the rest is answered BP_E_BUSY. For handlers that suspend. A handler
/// that was cancelled counts until it was told so, not until it ended.
struct call_limits {
  std::uint32_t concurrency = 0;              ///< 0: no limit
  std::uint32_t queue = BP_METHOD_QUEUE_MAX;  ///< 0: nobody waits
};

/// Full names of the tables of a method, or "bytes".
struct method_types {
  std::string_view request = "bytes";
  std::string_view reply = "bytes";
};

namespace detail {

/// Answers the call of `one` the way its handler ended.
inline void answer(const delivery& one, settled<buffer> end) noexcept {
  const engine& of = *one.of;
  if (end.value) {
    bp_buf* raw = end.value->raw();
    if (of.svc->reply(of.host, one.handle, BP_OK, raw->size != 0 ? raw : nullptr, nullptr) >= 0) {
      *raw = {};
    }
    return;
  }
  bp_error why = blank_error();
  end.value.error().to_abi(&why);
  of.svc->reply(of.host, one.handle, why.code, nullptr, &why);
  if (end.panicked) {
    of.fault(end.value.error());
  }
}

class provided_service;

/// One method of a provided service.
struct provided_method {
  provided_method(std::uint32_t number, std::string_view called, method_types with)
      : id(number), name(called), types{std::string(with.request), std::string(with.reply)} {}

  virtual ~provided_method() = default;
  provided_method(const provided_method&) = delete;
  provided_method& operator=(const provided_method&) = delete;

  virtual void on_call(provided_service& in, const bp_event& event) = 0;

  [[nodiscard]] virtual bool is_inline() const noexcept { return false; }

  [[nodiscard]] virtual settled<buffer> run_inline(bytes_view /*request*/,
                                                   const bp_buf& /*room*/) noexcept {
    return {std::unexpected(error(BP_E_UNSUPPORTED)), false};
  }

  std::uint32_t id;
  std::string name;
  std::array<std::string, 2> types;  // request, reply
  call_limits limits;
  engine* of = nullptr;  // set by provide()
};

/// The inside of a provided service: lives as long as the instance.
class provided_service final : public owned_sink {
 public:
  using methods = std::unordered_map<std::uint32_t, std::unique_ptr<provided_method>>;

  provided_service(engine& in, methods with)
      : of(in), methods_(std::move(with)), token_(in, *this) {}

  [[nodiscard]] bool calls_author() const noexcept final { return true; }

  result<void> offer(const std::string& name, std::uint32_t major, std::uint32_t minor) {
    std::vector<bp_method> table;
    for (auto& [id, method] : methods_) {
      method->of = &of;
      bp_method row{};
      row.struct_size = sizeof(row);
      row.id = id;
      row.flags = method->is_inline() ? std::uint32_t{BP_METHOD_INLINE} : 0U;
      row.name = to_abi(method->name);
      row.request_type = to_abi(method->types[0]);
      row.reply_type = to_abi(method->types[1]);
      row.inline_fn = method->is_inline() ? &provided_service::call_inline : nullptr;
      row.inline_self = method.get();
      if (method->limits.concurrency != 0) {
        row.concurrency_max = method->limits.concurrency;
        row.queue_max = method->limits.queue != 0 ? method->limits.queue : BP_METHOD_QUEUE_NONE;
      }
      table.push_back(row);
    }
    const bp_str text = to_abi(name);
    bp_error why = blank_error();
    const bp_status status =
        of.svc->provide(of.host, of.instance, &text, major, minor, table.data(), sizeof(bp_method),
                        static_cast<std::uint32_t>(table.size()), token_.token(), &handle_, &why);
    if (status < 0) {
      return std::unexpected(
          error::from_abi(status, &why).during("providing service '" + name + "'"));
    }
    return {};
  }

  /// Runs a handler that makes a task; CALL_CANCELLED cancels it.
  template <typename Handler>
  void run(Handler& handler, const bp_event& event) {
    running_call::pointer running = running_call::make(of, event);
    if (event.buf.size != 0) {
      auto payload = keep_payload(of, event.buf);
      if (!payload) {
        answer(running->one, {std::unexpected(std::move(payload).error()), false});
        return;
      }
      running->request = std::move(*payload);
    }
    running_.add(*running);
    cancel_scope& own = running->scope;
    const call view(of, &running->one, running->request.bytes(), event.method);
    of.spawn(
        of.handlers, own, [&handler, view] { return handler(view); },
        [this, running = std::move(running)](settled<buffer> end) {
          running_.remove(*running);
          answer(running->one, std::move(end));
        });
  }

  void close() noexcept { of.svc->close(of.host, handle_); }

  [[nodiscard]] std::uint64_t token() const noexcept { return token_.token(); }

  engine& of;

 private:
  void on_event(const bp_event& event) override {
    if (event.type == BP_EV_CALL_CANCELLED) {
      if (running_call* found = running_.find(event.handle); found != nullptr) {
        found->scope.cancel();
      }
      return;
    }
    if (event.type != BP_EV_CALL) {
      return;
    }
    if (const auto found = methods_.find(event.method); found != methods_.end()) {
      found->second->on_call(*this, event);
    } else {
      const delivery one(of, event);
      answer(one, {fail(BP_E_NOT_FOUND, "no method " + std::to_string(event.method)), false});
    }
  }

  static bp_status BP_CALL call_inline(void* self, std::uint32_t /*method*/, const bp_buf* request,
                                       bp_buf* reply, bp_error* why) noexcept {
    auto& method = *static_cast<provided_method*>(self);
    settled<buffer> end = method.run_inline(view_of(*request), *reply);
    if (end.value) {
      *reply = std::exchange(*end.value->raw(), bp_buf{});
      return BP_OK;
    }
    end.value.error().to_abi(why);
    return end.value.error().code();
  }

  methods methods_;
  registration token_;
  bp_svc handle_ = 0;
  running_calls running_;
};

template <typename Handler>
class plain_method final : public provided_method {
 public:
  plain_method(std::uint32_t number, std::string_view called, method_types with, Handler handler,
               bool inlined)
      : provided_method(number, called, with), handler_(std::move(handler)), inlined_(inlined) {}

  void on_call(provided_service& in, const bp_event& event) override {
    delivery one(in.of, event);
    const call view(in.of, &one, view_of(event.buf), event.method);
    answer(one, settle([&] { return handler_(view); }));
  }

  [[nodiscard]] bool is_inline() const noexcept override { return inlined_; }

  [[nodiscard]] settled<buffer> run_inline(bytes_view request,
                                           const bp_buf& room) noexcept override {
    auto end = settle([&] { return handler_(call(*of, request, id, room)); });
    if (end.panicked) {
      of->fault(end.value.error());
    }
    return end;
  }

 private:
  Handler handler_;
  bool inlined_;
};

template <typename Handler>
class task_method final : public provided_method {
 public:
  task_method(std::uint32_t number, std::string_view called, method_types with, Handler handler)
      : provided_method(number, called, with), handler_(std::move(handler)) {}

  void on_call(provided_service& in, const bp_event& event) override { in.run(handler_, event); }

 private:
  Handler handler_;
};

}  // namespace detail

/// A service to be provided: its name, its version, its methods.
class service {
 public:
  service(std::string_view name, std::uint32_t major, std::uint32_t minor)
      : name_(name), major_(major), minor_(minor) {}

  /// `handler(bp::call)` returns result<buffer> or task<result<buffer>>.
  template <typename Handler>
  service& method(std::uint32_t id, std::string_view name, method_types types, Handler handler,
                  call_limits limits = {}) {
    if constexpr (is_task<std::invoke_result_t<Handler&, call>>) {
      methods_[id] = std::make_unique<detail::task_method<Handler>>(id, name, types, handler);
    } else {
      methods_[id] =
          std::make_unique<detail::plain_method<Handler>>(id, name, types, handler, false);
    }
    methods_[id]->limits = limits;
    return *this;
  }

  /// `handler(bp::call)` returns result<buffer>, is thread-safe and never waits: it may run on the
  /// caller's thread, many at once.
  template <typename Handler>
    requires(!is_task<std::invoke_result_t<Handler&, call>>)
  service& inline_method(std::uint32_t id, std::string_view name, method_types types,
                         Handler handler) {
    methods_[id] = std::make_unique<detail::plain_method<Handler>>(id, name, types, handler, true);
    return *this;
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  [[nodiscard]] std::uint32_t major() const noexcept { return major_; }

  [[nodiscard]] std::uint32_t minor() const noexcept { return minor_; }

  [[nodiscard]] detail::provided_service::methods take() && noexcept { return std::move(methods_); }

 private:
  std::string name_;
  std::uint32_t major_;
  std::uint32_t minor_;
  detail::provided_service::methods methods_;
};

/// How a call is made.
struct call_options {
  std::chrono::nanoseconds deadline{0};  ///< from now; 0: the manifest's default
  const trace_context* trace = nullptr;  ///< lives until the call was made
};

/// A required service. Copies name the same; it survives restarts of the provider.
class service_ref {
 public:
  service_ref() = default;

  service_ref(detail::engine& of, bp_svc handle) : of_(&of), handle_(handle) {}

  [[nodiscard]] explicit operator bool() const noexcept { return handle_ != 0; }

  /// `co_await`: result<buffer>. `request` is copied by the host; it must live until the co_await.
  [[nodiscard]] auto call(std::uint32_t method, bytes_view request, call_options with = {}) const {
    bp_buf raw{};
    raw.data = const_cast<std::byte*>(request.data());  // NOLINT: the law reads borrowed spans only
    raw.size = raw.capacity = request.size();
    return detail::request_awaiter(*of_, [of = of_, handle = handle_, method, raw, with](
                                             std::uint64_t token, detail::asked& answer) mutable {
      make(*of, handle, method, raw, with, token, answer);
    });
  }

  /// The same with a request built in the host's memory (context::alloc), which moves.
  [[nodiscard]] auto call(std::uint32_t method, buffer request, call_options with = {}) const {
    return detail::request_awaiter(
        *of_, [of = of_, handle = handle_, method, held = std::move(request), with](
                  std::uint64_t token, detail::asked& answer) mutable {
          make(*of, handle, method, *held.raw(), with, token, answer);
        });
  }

  [[nodiscard]] auto call(std::uint32_t method, std::string_view request,
                          call_options with = {}) const {
    return call(method, as_bytes(request), with);
  }

  /// Drops the requirement.
  void close() noexcept {
    if (handle_ != 0) {
      of_->svc->close(of_->host, std::exchange(handle_, 0));
    }
  }

 private:
  static void make(detail::engine& of, bp_svc handle, std::uint32_t method, bp_buf& request,
                   const call_options& with, std::uint64_t token, detail::asked& answer) noexcept {
    const std::uint64_t deadline_ns =
        with.deadline.count() > 0 ? of.now_ns() + static_cast<std::uint64_t>(with.deadline.count())
                                  : 0;
    answer.status = of.svc->call(of.host, handle, method, &request, deadline_ns,
                                 with.trace != nullptr ? with.trace->data() : nullptr, token,
                                 &answer.reply, &answer.handle, &answer.why);
    if (answer.status >= 0) {
      request = {};  // it moved
    }
  }

  detail::engine* of_ = nullptr;
  bp_svc handle_ = 0;
};

}  // namespace bp
