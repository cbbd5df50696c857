// plugins/transport_ws/edge/host_link.cpp - questions, answers, and subscriptions with a bounded
// window.
#include "edge/host_link.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "limits.hpp"

namespace transport_ws::edge {

namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;

std::string text_of(const bp_buf& buf) {
  return std::string(bp::as_text(bp::detail::view_of(buf)));
}

}  // namespace

// Messages are copied and acknowledged on the strand; how many copies may wait on the io thread is
// bounded by pausing the channel end, which makes a gating subscription slow its publishers.
class HostLink::Subscription final : public std::enable_shared_from_this<Subscription> {
 public:
  Subscription(const bp::detail::engine& of, bp_chan channel, std::shared_ptr<Inbox> inbox,
               rpc::Bus::Sink sink)
      : of_(of), channel_(channel), inbox_(std::move(inbox)), sink_(std::move(sink)) {}

  void deliver(std::uint64_t seq, std::string_view json) {
    took(json.size());
    auto copy = std::make_shared<const Copy>(shared_from_this(), json);
    const std::string_view text = copy->text;
    pass(rpc::Bus::Message{seq, text, std::move(copy)});
  }

  void pass(rpc::Bus::Event event) {
    inbox_->push([self = shared_from_this(), event = std::move(event)]() mutable {
      self->sink_(std::move(event));
    });
  }

 private:
  struct Copy {
    Copy(std::shared_ptr<Subscription> subscription, std::string_view json)
        : home(std::move(subscription)), text(json) {}

    Copy(const Copy&) = delete;
    Copy& operator=(const Copy&) = delete;

    ~Copy() { home->gave_back(text.size()); }

    std::shared_ptr<Subscription> home;
    std::string text;
  };

  void took(std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    ++messages_;
    bytes_ += bytes;
    if (!paused_ && (messages_ >= feed_window_messages || bytes_ >= feed_window_bytes)) {
      paused_ = true;
      of_.chan->pause(of_.host, channel_);
    }
  }

  void gave_back(std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    --messages_;
    bytes_ -= bytes;
    if (paused_ && messages_ <= feed_window_messages / 2 && bytes_ <= feed_window_bytes / 2) {
      paused_ = false;
      of_.chan->resume(of_.host, channel_);
    }
  }

  const bp::detail::engine& of_;
  const bp_chan channel_;
  std::shared_ptr<Inbox> inbox_;
  rpc::Bus::Sink sink_;
  std::mutex mutex_;
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
  bool paused_ = false;
};

class HostLink::LoopBus final : public rpc::Bus {
 public:
  LoopBus(HostLink& link, boost::asio::io_context& context)
      : link_(link), inbox_(std::make_shared<Inbox>(context)) {}

  LoopBus(const LoopBus&) = delete;
  LoopBus& operator=(const LoopBus&) = delete;

  ~LoopBus() override { inbox_->close(); }

  void publish(std::string_view channel, std::string_view json, Reply reply) override {
    link_.ask(inbox_, std::move(reply),
              [&](const bp::detail::engine& of, std::uint64_t token, bp_call& call, bp_error& why) {
                const bp_str to = bp::detail::to_abi(channel);
                const bp_str text = bp::detail::to_abi(json);
                return of.json->publish(of.host, of.instance, &to, &text, nullptr, token, &call,
                                        &why);
              });
  }

  void call(std::string_view service, std::string_view method, std::string_view json,
            std::uint32_t timeout_ms, const bp::trace_context* trace, Reply reply) override {
    link_.ask(inbox_, std::move(reply),
              [&](const bp::detail::engine& of, std::uint64_t token, bp_call& call, bp_error& why) {
                const bp_str whom = bp::detail::to_abi(service);
                const bp_str what = bp::detail::to_abi(method);
                const bp_str text = bp::detail::to_abi(json);
                const std::uint64_t deadline_ns = of.now_ns() + (timeout_ms * ns_per_ms);
                return of.json->call(of.host, of.instance, &whom, &what, &text, deadline_ns,
                                     trace != nullptr ? trace->data() : nullptr, token, &call,
                                     &why);
              });
  }

  bp::result<std::uint64_t> subscribe(std::string_view channel, Sink sink) override {
    const bp::detail::engine& of = link_.of_;
    const bp_str name = bp::detail::to_abi(channel);
    bp_chan handle = 0;
    bp_error why = bp::detail::blank_error();
    const std::scoped_lock lock(link_.mutex_);
    const bp_status status = of.json->subscribe(of.host, of.instance, &name, BP_CHAN_GATING,
                                                link_.token_.token(), &handle, &why);
    if (status < 0) {
      return std::unexpected(bp::error::from_abi(status, &why));
    }
    link_.subscriptions_.emplace(
        handle, std::make_shared<Subscription>(of, handle, inbox_, std::move(sink)));
    return handle;
  }

  void unsubscribe(std::uint64_t subscription) override {
    link_.of_.chan->close(link_.of_.host, subscription);
    std::shared_ptr<Subscription> gone;  // may be the last: destroyed without the lock
    const std::scoped_lock lock(link_.mutex_);
    if (const auto found = link_.subscriptions_.find(subscription);
        found != link_.subscriptions_.end()) {
      gone = std::move(found->second);
      link_.subscriptions_.erase(found);
    }
  }

 private:
  HostLink& link_;
  std::shared_ptr<Inbox> inbox_;
};

std::unique_ptr<rpc::Bus> HostLink::make_bus(boost::asio::io_context& context) {
  return std::make_unique<LoopBus>(*this, context);
}

void HostLink::forget() {
  decltype(questions_) gone;  // destroyed without the lock
  const std::scoped_lock lock(mutex_);
  gone.swap(questions_);
}

template <typename Ask>
void HostLink::ask(const std::shared_ptr<Inbox>& inbox, rpc::Bus::Reply reply, Ask ask) {
  bp_call call = 0;
  bp_error why = bp::detail::blank_error();
  bp_status status = BP_OK;
  {
    const std::scoped_lock lock(mutex_);
    status = ask(of_, token_.token(), call, why);
    if (status >= 0) {
      questions_.emplace(call, Question{inbox, std::move(reply)});
      return;
    }
  }
  inbox->push([reply = std::move(reply), failure = bp::error::from_abi(status, &why)]() mutable {
    reply(std::unexpected(std::move(failure)));
  });
}

std::shared_ptr<HostLink::Subscription> HostLink::subscription(bp_chan channel) {
  const std::scoped_lock lock(mutex_);
  const auto found = subscriptions_.find(channel);
  return found == subscriptions_.end() ? nullptr : found->second;
}

void HostLink::on_event(const bp_event& event) {
  if (event.type == BP_EV_REPLY || event.type == BP_EV_CONFIRMED) {
    on_reply(event);
  } else if (event.type == BP_EV_MESSAGE || event.type == BP_EV_LAGGED ||
             event.type == BP_EV_CHANNEL_CLOSED) {
    on_message(event);
  }
}

void HostLink::on_reply(const bp_event& event) {
  std::optional<Question> question;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = questions_.find(event.handle);
    if (found == questions_.end()) {
      return;
    }
    question = std::move(found->second);
    questions_.erase(found);
  }
  bp::result<std::string> answer =
      event.status < 0 ? bp::result<std::string>(std::unexpected(bp::detail::event_error(event)))
                       : bp::result<std::string>(text_of(event.buf));
  question->inbox->push([reply = std::move(question->reply), answer = std::move(answer)]() mutable {
    reply(std::move(answer));
  });
}

void HostLink::on_message(const bp_event& event) {
  const auto to = subscription(event.handle);
  if (to == nullptr) {
    return;  // closed by its gateway meanwhile
  }
  if (event.type == BP_EV_MESSAGE) {
    to->deliver(event.seq, bp::as_text(bp::detail::view_of(event.buf)));
  } else if (event.type == BP_EV_LAGGED) {
    to->pass(rpc::Bus::Missed{event.seq});
  } else {
    to->pass(rpc::Bus::Closed{});
  }
}

}  // namespace transport_ws::edge
