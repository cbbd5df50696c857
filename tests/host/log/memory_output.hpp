// tests/host/log/memory_output.hpp - an output that keeps lines in memory and can be held shut.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/log/output.hpp"

namespace host::log {

class Memory {
 public:
  [[nodiscard]] std::vector<std::string> lines() {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> split;
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t end = text_.find('\n', at);
      split.push_back(text_.substr(at, end - at));
      at = end + 1;
    }
    return split;
  }

  void hold() {
    const std::scoped_lock lock(mutex_);
    held_ = true;
  }

  void let_go() {
    {
      const std::scoped_lock lock(mutex_);
      held_ = false;
    }
    changed_.notify_all();
  }

  // Returns when the writer stands in front of the closed output.
  void wait_until_writer_waits() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return writer_waits_; });
  }

  void fail_from_now_on() {
    const std::scoped_lock lock(mutex_);
    fails_ = true;
  }

  bool write(std::string_view lines, const std::atomic<bool>& give_up) {
    std::unique_lock lock(mutex_);
    writer_waits_ = held_;
    changed_.notify_all();
    while (held_) {
      changed_.wait_for(lock, std::chrono::milliseconds(5));
      if (give_up.load()) {
        return false;
      }
    }
    writer_waits_ = false;
    if (fails_) {
      return false;
    }
    text_ += lines;
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  bool held_ = false;
  bool writer_waits_ = false;
  bool fails_ = false;
};

class MemoryOutput final : public Output {
 public:
  explicit MemoryOutput(std::shared_ptr<Memory> memory, bool terminal = false)
      : memory_(std::move(memory)), terminal_(terminal) {}

  bool write(std::string_view lines, const std::atomic<bool>& give_up) override {
    return memory_->write(lines, give_up);
  }

  [[nodiscard]] bool is_terminal() const override { return terminal_; }

 private:
  std::shared_ptr<Memory> memory_;
  bool terminal_;
};

}  // namespace host::log
