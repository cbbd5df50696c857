// backplane/cpp/channel.hpp - bp::sender and bp::subscription: the two ends of a channel.
//
// Since: 1.0. Thread: strand (a sender may be opened for another thread, see context::open).
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/log.hpp"
#include "backplane/cpp/message.hpp"
#include "backplane/cpp/request.hpp"

namespace bp {

/// What an end asks for. What is left at 0 or empty is what plugin.json declares for the channel.
struct channel_options {
  std::uint32_t kind = 0;      ///< BP_KIND_QUEUE or BP_KIND_BROADCAST
  std::string_view type = {};  ///< "json", "bytes" or the full name of a FlatBuffers table
  std::uint64_t schema = 0;    ///< hash of the type's schema; 0: not compared
  std::uint32_t capacity = 0;  ///< messages
  std::uint32_t message_bytes_max = 0;
  std::uint32_t on_full = 0;  ///< BP_FULL_*, queues
  std::uint32_t flags = 0;    ///< receiving: BP_CHAN_GATING, BP_CHAN_CONFIRMING
  /// Receiving from a queue: the consumer's group (bp_chan_desc.group). Empty: the default one.
  std::string_view group = {};
  /// Receiving, handlers that return a task: how many may run at once. 1 keeps the order.
  std::uint32_t concurrency = 1;
  /// Receiving from a broadcast: told how many messages were missed. Default: a warning in the log.
  std::function<void(std::uint64_t missed)> on_lagged = nullptr;
};

namespace detail {

inline result<bp_chan> open_end(const engine& in, std::string_view name, std::uint32_t direction,
                                const channel_options& with, std::uint64_t token) {
  bp_chan_desc desc{};
  desc.struct_size = sizeof(desc);
  desc.kind = with.kind;
  desc.direction = direction;
  desc.flags = with.flags;
  desc.name = to_abi(name);
  desc.type = to_abi(with.type);
  desc.schema = with.schema;
  desc.capacity = with.capacity;
  desc.message_bytes_max = with.message_bytes_max;
  desc.on_full = with.on_full;
  desc.concurrency = direction == BP_DIR_RECEIVE ? with.concurrency : 0;
  desc.group = to_abi(with.group);
  bp_chan channel = 0;
  bp_error why = blank_error();
  const bp_status status = in.chan->open(in.host, in.instance, &desc, token, &channel, &why);
  if (status < 0) {
    return std::unexpected(
        error::from_abi(status, &why).during("opening channel '" + std::string(name) + "'"));
  }
  return channel;
}

/// The inside of a sender: lives as long as the instance.
class sender_end final : public owned_sink {
 public:
  sender_end(engine& in, std::string_view name) : of(in), name_(name), token_(in, *this) {}

  result<void> open(const channel_options& with) {
    auto opened = open_end(of, name_, BP_DIR_SEND, with, token_.token());
    BP_TRY(opened);
    channel_ = *opened;
    if (BP_HAS(bp_chan_api, of.chan, activity)) {
      of.chan->activity(of.host, channel_, &activity_);
    }
    return {};
  }

  [[nodiscard]] std::uint64_t token() const noexcept { return token_.token(); }

  [[nodiscard]] bool listening() const noexcept {
    return activity_ == nullptr || __atomic_load_n(activity_, __ATOMIC_RELAXED) != 0;
  }

  [[nodiscard]] result<buffer> reserve(std::size_t size) const {
    bp_buf raw{};
    const bp_status status = of.chan->reserve(of.host, channel_, size, &raw);
    if (status < 0) {
      return refused(status, "reserving room in channel '");
    }
    raw.size = size;
    return buffer(&of, raw);
  }

  result<void> send(buffer& lease) const {
    const bp_status status = of.chan->send(of.host, channel_, lease.raw());
    if (status < 0) {
      return refused(status, "sending to channel '");
    }
    return {};
  }

  /// A copy of `bytes`, in one call where the host has it.
  result<void> publish(bytes_view bytes) const {
    if (!BP_HAS(bp_chan_api, of.chan, publish)) {
      auto lease = reserve(bytes.size());
      BP_TRY(lease);
      if (!bytes.empty()) {
        std::memcpy(lease->data(), bytes.data(), bytes.size());
      }
      return send(*lease);
    }
    // The law does not write to a borrowed span.
    const bp_buf span{const_cast<std::byte*>(bytes.data()), bytes.size(), bytes.size(), 0};
    const bp_status status = of.chan->publish(of.host, channel_, &span, 1, nullptr);
    if (status < 0) {
      return refused(status, "sending to channel '");
    }
    return {};
  }

  [[nodiscard]] std::unexpected<error> refused(bp_status status, std::string doing) const {
    return std::unexpected(error(status).during(std::move(doing += name_) + "'"));
  }

  /// `co_await end.writable()` after WOULD_BLOCK: until another try makes sense.
  class writable_awaiter final : public suspension {
   public:
    explicit writable_awaiter(sender_end& end) : end_(end) { node_.self = this; }

    [[nodiscard]] bool await_ready() const noexcept { return end_.closed_; }

    template <typename Promise>
    bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
      end_.waiting_.push_back(node_);
      return wait(awaiting);
    }

    void await_resume() {
      node_.unlink();
      check();
    }

    struct node : bp::detail::ring_node {
      writable_awaiter* self = nullptr;
    };

    void go_on() noexcept {
      node_.unlink();
      wake();
    }

   private:
    bool give_up() noexcept override { return true; }

    sender_end& end_;
    node node_;
  };

  [[nodiscard]] writable_awaiter writable() { return writable_awaiter(*this); }

  [[nodiscard]] bp_chan channel() const noexcept { return channel_; }

  void close() noexcept { of.chan->close(of.host, channel_); }

  engine& of;

 private:
  void on_event(const bp_event& event) override {
    if (event.type == BP_EV_CHANNEL_CLOSED) {
      closed_ = true;
    }
    while (waiting_.linked()) {
      static_cast<writable_awaiter::node&>(*waiting_.next).self->go_on();
    }
  }

  std::string name_;
  registration token_;
  bp_chan channel_ = 0;
  const std::uint32_t* activity_ = nullptr;
  ring_node waiting_;
  bool closed_ = false;
};

}  // namespace detail

/// The sending end of a channel. Copies name the same end.
class sender {
 public:
  sender() = default;

  explicit sender(detail::sender_end& end) : end_(&end) {}

  /// Does anybody listen? Skip the work on a broadcast when nobody does. One relaxed load.
  [[nodiscard]] bool listening() const noexcept { return end_->listening(); }

  /// Room for a message; write into it, then send() it.
  [[nodiscard]] result<buffer> reserve(std::size_t size) const { return end_->reserve(size); }

  /// Publishes. On an error (BP_E_WOULD_BLOCK: no credit now) the lease is still yours.
  result<void> send(buffer& lease) const { return end_->send(lease); }

  result<void> send(buffer&& lease) const { return end_->send(lease); }

  /// Publishes a copy.
  result<void> send(bytes_view bytes) const { return end_->publish(bytes); }

  result<void> send(std::string_view text) const { return send(as_bytes(text)); }

  /// Publishes as soon as there is credit.
  task<result<void>> send_wait(buffer lease) const {
    detail::sender_end& end = *end_;
    for (;;) {
      auto sent = end.send(lease);
      if (sent || sent.error().code() != BP_E_WOULD_BLOCK) {
        co_return sent;
      }
      co_await end.writable();
    }
  }

  /// The same with a copy; `bytes` must live until it ended.
  task<result<void>> send_wait(bytes_view bytes) const {
    auto lease = detail::copy_of(end_->of, bytes);
    BP_CO_TRY(lease);
    co_return co_await send_wait(std::move(*lease));
  }

  /// Publishes as soon as there is credit; ends when every consumer that confirms has acknowledged.
  task<result<void>> send_confirmed(buffer lease) const {
    detail::sender_end& end = *end_;
    for (;;) {
      const auto ask = [&end, &lease](std::uint64_t token, detail::asked& answer) {
        answer.status = end.of.chan->send_confirmed(end.of.host, end.channel(), lease.raw(), token,
                                                    &answer.handle);
      };
      detail::request_awaiter request(end.of, ask);
      auto confirmed = co_await request;
      if (confirmed) {
        co_return result<void>();
      }
      if (confirmed.error().code() != BP_E_WOULD_BLOCK) {
        co_return std::unexpected(std::move(confirmed).error());
      }
      co_await end.writable();
    }
  }

  task<result<void>> send_confirmed(bytes_view bytes) const {
    auto lease = detail::copy_of(end_->of, bytes);
    BP_CO_TRY(lease);
    co_return co_await send_confirmed(std::move(*lease));
  }

  /// The host's handle, for calls of the law.
  [[nodiscard]] bp_chan raw() const noexcept { return end_->channel(); }

  void close() const noexcept { end_->close(); }

 private:
  detail::sender_end* end_ = nullptr;
};

namespace detail {

/// The inside of a subscription: its handler outlives its tasks.
class subscription_end : public owned_sink {
 public:
  subscription_end(engine& in, std::string_view name, channel_options with)
      : of_(in), name_(name), with_(std::move(with)), token_(in, *this) {
    with_.type = with_.group = {};  // belong to the caller of subscribe()
  }

  [[nodiscard]] std::uint64_t token() const noexcept { return token_.token(); }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  [[nodiscard]] bool calls_author() const noexcept final { return true; }

  void hold_back() noexcept final { pause(); }

  [[nodiscard]] bp_chan channel() const noexcept { return channel_; }

  void opened(bp_chan channel) noexcept { channel_ = channel; }

  void pause() const noexcept { of_.chan->pause(of_.host, channel_); }

  void resume() const noexcept { of_.chan->resume(of_.host, channel_); }

  void close() noexcept {
    of_.chan->close(of_.host, channel_);
    closed_ = true;
    retire_if_idle();
  }

 protected:
  virtual void deliver(const bp_event& event) = 0;

  [[nodiscard]] virtual bool idle() const noexcept { return true; }

  void retire_if_idle() noexcept {
    if (closed_ && idle()) {
      of_.retire(token());
    }
  }

  [[nodiscard]] std::uint32_t concurrency() const noexcept {
    return with_.concurrency == 0 ? BP_CHAN_CONCURRENCY_MAX : with_.concurrency;
  }

  engine& of_;

 private:
  void on_event(const bp_event& event) override {
    if (event.type == BP_EV_MESSAGE) {
      deliver(event);
    } else if (event.type == BP_EV_LAGGED) {
      if (with_.on_lagged) {
        with_.on_lagged(event.seq);
      } else {
        logger(of_).warn("messages missed: the subscriber is too slow", "channel", name_, "missed",
                         event.seq);
      }
    }
  }

  std::string name_;
  channel_options with_;
  registration token_;
  bp_chan channel_ = 0;
  bool closed_ = false;
};

/// With a handler that returns at once: void or result<void>.
template <typename Handler>
class plain_subscription final : public subscription_end {
 public:
  plain_subscription(engine& in, std::string_view name, channel_options with, Handler handler)
      : subscription_end(in, name, std::move(with)), handler_(std::move(handler)) {}

 private:
  void deliver(const bp_event& event) override {
    delivery one(of_, event);
    one.settle(settle([&] { return handler_(message(one)); }));
  }

  Handler handler_;
};

/// With a handler that returns task<void> or task<result<void>>.
template <typename Handler>
class task_subscription final : public subscription_end {
 public:
  task_subscription(engine& in, std::string_view name, channel_options with, Handler handler)
      : subscription_end(in, name, std::move(with)), handler_(std::move(handler)) {}

 private:
  void deliver(const bp_event& event) override {
    auto one = std::make_unique<delivery>(of_, event);
    if (!one->retain()) {
      of_.fault(error(BP_E_BUSY, "channel '" + name() + "': a message could not be retained"));
      return;
    }
    if (running_ < concurrency()) {
      run(std::move(one));
    } else {
      waiting_.push_back(std::move(one));  // bounded: the host delivers `concurrency` at most
    }
  }

  void run(std::unique_ptr<delivery> one) {
    ++running_;
    delivery& it = *one;
    of_.spawn(
        of_.handlers, of_.working, [this, &it] { return handler_(message(it)); },
        [this, kept = std::move(one)](auto end) {
          kept->settle(end);
          --running_;
          if (!waiting_.empty()) {
            auto next = std::move(waiting_.front());
            waiting_.pop_front();
            run(std::move(next));
          }
          retire_if_idle();
        });
  }

  [[nodiscard]] bool idle() const noexcept override { return running_ == 0; }

  Handler handler_;
  std::uint32_t running_ = 0;
  std::deque<std::unique_ptr<delivery>> waiting_;
};

template <typename Handler>
using subscription_for =
    std::conditional_t<is_task<std::invoke_result_t<Handler&, message>>, task_subscription<Handler>,
                       plain_subscription<Handler>>;

}  // namespace detail

/// The receiving end of a channel. Copies name the same end.
class subscription {
 public:
  subscription() = default;

  subscription(detail::engine& of, std::uint64_t token) : of_(&of), token_(token) {}

  /// Stops and starts delivery; what arrives meanwhile waits (queue) or lags (broadcast).
  void pause() const noexcept {
    if (auto* end = find(); end != nullptr) {
      end->pause();
    }
  }

  void resume() const noexcept {
    if (auto* end = find(); end != nullptr) {
      end->resume();
    }
  }

  /// For good. Running tasks go on.
  void close() const noexcept {
    if (auto* end = find(); end != nullptr) {
      end->close();
    }
  }

 private:
  [[nodiscard]] detail::subscription_end* find() const noexcept {
    return of_ == nullptr ? nullptr
                          : static_cast<detail::subscription_end*>(of_->tokens.find(token_));
  }

  detail::engine* of_ = nullptr;
  std::uint64_t token_ = 0;
};

}  // namespace bp
