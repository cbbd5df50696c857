// host/log/sink.hpp - takes log lines from every thread and writes them from one, never waiting.
//
// Owns: the queue, the writer thread, the level of every name. Thread: any. Errors: CONFIG, IO.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "host/log/collapse.hpp"
#include "host/log/level.hpp"
#include "host/log/output.hpp"
#include "host/log/record.hpp"

namespace host::log {

inline constexpr std::size_t queue_records_max = 8'192;
inline constexpr std::size_t queue_bytes_max = std::size_t{8} << 20U;

// The last quarter of the queue is for warnings and errors.
inline constexpr std::size_t queue_share_below_warn_percent = 75;

// How long the destructor waits for a reader that does not read.
inline constexpr std::chrono::milliseconds farewell_timeout{1'000};

enum class Format : std::uint8_t { Auto, Json, Text };  // Auto: text on a terminal

// "auto" "json" "text".
[[nodiscard]] error::Result<Format> parse_format(std::string_view text);

struct Options {
  Filter filter;
  Format format = Format::Auto;
  std::string destination = "stderr";
  std::chrono::milliseconds rate_limit{10'000};  // 0: write every repetition
  bool colour = true;                            // for text on a terminal only

  // Lets BACKPLANE_LOG ("warn,storage=trace,net=off") and NO_COLOR have the last word.
  [[nodiscard]] error::Result<void> apply_environment();
};

struct Counts {
  std::uint64_t written = 0;
  std::uint64_t dropped = 0;    // did not fit the queue
  std::uint64_t unwritten = 0;  // the output failed or its reader stopped
  std::uint64_t held_back = 0;  // repetitions
};

class Sink;

// The voice of one name. A value; must not outlive its sink. A default one is silent.
class Logger {
 public:
  Logger() = default;

  // One relaxed load.
  [[nodiscard]] Level level() const noexcept {
    return place_ == nullptr ? Level::Off : place_->level.load(std::memory_order_relaxed);
  }

  [[nodiscard]] bool enabled(Level level) const noexcept {
    return level >= this->level() && level < Level::Off;
  }

  [[nodiscard]] std::string_view name() const noexcept {
    return place_ == nullptr ? std::string_view{} : std::string_view(place_->name);
  }

  // A line of a plugin: no source place.
  void write(Level level, std::string_view message, std::span<const Field> fields = {},
             const TraceContext& trace = {}) const;

  // Lines of the host: logger.info("plugin started", {{"instance", id}, {"after_ms", 12}}).
  using Fields = std::initializer_list<Field>;
  using Place = std::source_location;

  void trace(std::string_view message, Fields fields = {}, Place at = Place::current()) const {
    write_at(Level::Trace, message, fields, at);
  }

  void debug(std::string_view message, Fields fields = {}, Place at = Place::current()) const {
    write_at(Level::Debug, message, fields, at);
  }

  void info(std::string_view message, Fields fields = {}, Place at = Place::current()) const {
    write_at(Level::Info, message, fields, at);
  }

  void warn(std::string_view message, Fields fields = {}, Place at = Place::current()) const {
    write_at(Level::Warn, message, fields, at);
  }

  void error(std::string_view message, Fields fields = {}, Place at = Place::current()) const {
    write_at(Level::Error, message, fields, at);
  }

 private:
  friend class Sink;

  struct NamedLevel {
    explicit NamedLevel(std::string its_name, Level its_level)
        : name(std::move(its_name)), level(its_level) {}

    std::string name;
    std::atomic<Level> level;
  };

  Logger(Sink* sink, const NamedLevel* place) : sink_(sink), place_(place) {}

  void write_at(Level level, std::string_view message, Fields fields, const Place& at) const;

  Sink* sink_ = nullptr;
  const NamedLevel* place_ = nullptr;
};

class Sink {
 public:
  // Opens `options.destination`.
  [[nodiscard]] static error::Result<std::unique_ptr<Sink>> open(const Options& options);

  Sink(const Options& options, std::unique_ptr<Output> output);
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  // Writes what is queued, as far as the output takes it within `farewell_timeout`.
  ~Sink();

  // The logger of a name, from its first use to the end of the sink.
  [[nodiscard]] Logger logger(std::string_view name);

  // Changes the level of `name` and of the names below it, now and later. Empty: the fallback.
  void set_level(std::string_view name, Level level);

  // Waits until every line accepted so far is written. False: `timeout` passed first.
  [[nodiscard]] bool flush(std::chrono::milliseconds timeout);

  [[nodiscard]] Counts counts() const;

 private:
  friend class Logger;

  void push(Record record);
  void run();
  void wait_for_work(std::unique_lock<std::mutex>& lock);
  void write_batch(const std::deque<Record>& batch, std::uint64_t dropped_before);
  void append(std::string& out, const Record& record) const;
  void deliver(std::string_view lines, std::uint64_t count);

  const bool text_;
  const bool colour_;
  const std::unique_ptr<Output> output_;

  std::mutex names_mutex_;
  Filter filter_;
  std::map<std::string, std::unique_ptr<Logger::NamedLevel>, std::less<>> names_;

  mutable std::mutex mutex_;
  std::condition_variable wake_writer_;
  std::condition_variable wake_flush_;
  std::deque<Record> queue_;
  std::size_t queue_bytes_ = 0;
  std::uint64_t accepted_ = 0;  // number of the last line put into the queue
  std::uint64_t finished_ = 0;  // number of the last line that was dealt with, written or not
  std::uint64_t dropped_ = 0;
  bool writer_sleeps_ = false;
  bool stopping_ = false;

  // The writer's own; no other thread looks at it.
  Collapse collapse_;
  std::uint64_t reported_lost_ = 0;

  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> unwritten_{0};
  std::atomic<std::uint64_t> held_back_{0};
  std::atomic<bool> give_up_{false};
  std::thread writer_;  // last: starts when everything above stands
};

}  // namespace host::log
