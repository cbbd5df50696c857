// backplane/cpp/request.hpp - one question to the host, answered by an event.
//
// Since: 1.0. Thread: strand. Not for authors. Calls, confirmed sends and requests by name are all
// of this kind.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/engine.hpp"

namespace bp::detail {

/// What asking gave at once: OK (an event follows), DONE (`reply` is the answer) or an error.
struct asked {
  bp_status status = BP_OK;
  bp_handle handle = 0;
  bp_buf reply{};
  bp_error why = blank_error();
};

/// `Ask` is called once as `ask(token, asked&)`. Awaiting gives result<buffer>.
template <typename Ask>
class request_awaiter final : public suspension, private event_sink {
 public:
  request_awaiter(engine& of, Ask ask) : of_(of), ask_(std::move(ask)) {}

  ~request_awaiter() override {
    if (name_) {
      of_.svc->cancel(of_.host, handle_);  // the frame was dropped while it waited
    }
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) {
    if (!wait(awaiting)) {
      return false;
    }
    name_.emplace(of_, static_cast<event_sink&>(*this));
    asked at_once;
    ask_(name_->token(), at_once);
    handle_ = at_once.handle;
    if (at_once.status == BP_OK) {
      return true;
    }
    name_.reset();
    if (at_once.status < 0) {
      answer_.emplace(std::unexpected(error::from_abi(at_once.status, &at_once.why)));
    } else {
      answer_.emplace(buffer(&of_, at_once.reply));
    }
    return false;
  }

  result<buffer> await_resume() {
    check();
    return std::move(*answer_);
  }

 private:
  void on_event(const bp_event& event) override {
    name_.reset();
    if (event.status < 0) {
      answer_.emplace(std::unexpected(event_error(event)));
    } else if (event.buf.size == 0) {
      answer_.emplace(buffer());
    } else {
      answer_.emplace(keep_payload(of_, event.buf));
    }
    finish();
  }

  bool give_up() noexcept override {
    name_.reset();
    of_.svc->cancel(of_.host, handle_);
    return true;
  }

  engine& of_;
  Ask ask_;
  std::optional<registration> name_;
  std::optional<result<buffer>> answer_;
  bp_handle handle_ = 0;
};

}  // namespace bp::detail
