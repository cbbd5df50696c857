// tests/sdk/cpp/in_task.hpp - runs a coroutine inside a hosted instance.
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "entry_of.hpp"

namespace tests {

/// An instance that does what the test says.
class Stage {
 public:
  using Body = std::function<bp::task<void>(bp::context&)>;

  Stage() : host_(entry_.entry) {
    current() = this;
    started_ = host_.start().has_value();
  }

  ~Stage() { current() = nullptr; }

  /// Starts `body` as a task of the instance and runs it as far as it gets.
  void run(Body body) {
    bodies_.push_back(std::move(body));
    Body& kept = bodies_.back();
    (void)cx_->post([this, &kept] { return kept(*cx_); });
    host_.pump();
  }

  [[nodiscard]] bool started() const { return started_; }

  bp::context& cx() { return *cx_; }

  bp::testing::fake_host& host() { return host_; }

 private:
  struct Actor {
    void start(bp::context& cx) { current()->cx_ = &cx; }
  };

  static Stage*& current() {
    static Stage* one = nullptr;
    return one;
  }

  EntryOf<Actor> entry_;
  bp::context* cx_ = nullptr;
  std::deque<Body> bodies_;  // outlive the instance and its tasks
  bp::testing::fake_host host_;
  bool started_ = false;
};

}  // namespace tests
