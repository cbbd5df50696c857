// tests/host/admin/recorder.hpp - a reader of a stream that keeps its lines.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "host/admin/http_server.hpp"

namespace host::admin {

class Recorder final : public Responder {
 public:
  void reply(Response /*response*/) override {}

  void begin_stream(std::string type) override { type_ = std::move(type); }

  bool write(std::string chunk) override {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(chunk));
    changed_.notify_all();
    return true;
  }

  void end() override {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  void on_gone(std::function<void()> gone) override {
    const std::lock_guard lock(mutex_);
    gone_.swap(gone);
  }

  std::vector<std::string> lines(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return lines_.size() >= count; });
    return lines_;
  }

  void wait_for_end() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_; });
  }

  void leave() {
    std::function<void()> gone;
    {
      const std::lock_guard lock(mutex_);
      gone.swap(gone_);
    }
    gone();
  }

  // As a reader that does not read.
  void set_full(bool full) { full_ = full; }

  [[nodiscard]] bool full() const override { return full_; }

  [[nodiscard]] const std::string& type() const { return type_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  std::string type_;
  std::function<void()> gone_;
  bool ended_ = false;
  std::atomic<bool> full_{false};
};

}  // namespace host::admin
