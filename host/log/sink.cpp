// host/log/sink.cpp - the queue between everybody and the one thread that writes.
#include "host/log/sink.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <utility>

#if defined(__linux__)
#include <pthread.h>
#include <unistd.h>
#endif

namespace host::log {

namespace {

constexpr std::size_t write_bytes_max = 65'536;
constexpr std::string_view own_name = "log";

// "worker-1:4711" where the system knows names of threads, else a number.
std::string thread_text() {
#if defined(__linux__)
  constexpr std::size_t thread_name_bytes = 16;
  std::array<char, thread_name_bytes> name{};
  if (::pthread_getname_np(::pthread_self(), name.data(), name.size()) == 0) {
    return std::string(name.data()) + ":" + std::to_string(::gettid());
  }
#endif
  return std::to_string(std::hash<std::thread::id>{}(std::this_thread::get_id()));
}

Record make_record(Level level, std::string_view name, std::string_view message,
                   std::span<const Field> fields) {
  Record record;
  record.time =
      std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  record.level = level;
  record.name = name;
  record.message = cut(message, text_bytes_max);
  record.thread = thread_text();
  record.fields.reserve(std::min(fields.size(), fields_max));
  for (const Field& field : fields.first(std::min(fields.size(), fields_max))) {
    record.fields.push_back(own(field));
  }
  return record;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read once at start
  return value == nullptr ? "" : value;
}

}  // namespace

error::Result<Format> parse_format(std::string_view text) {
  if (text == "auto") {
    return Format::Auto;
  }
  if (text == "json") {
    return Format::Json;
  }
  if (text == "text") {
    return Format::Text;
  }
  return error::fail(BP_E_CONFIG,
                     "'" + std::string(text) + "' is not a log format; use auto, json or text");
}

error::Result<void> Options::apply_environment() {
  if (auto applied = filter.apply(environment("BACKPLANE_LOG")); !applied) {
    return std::unexpected(
        std::move(applied).error().during("reading the environment variable BACKPLANE_LOG"));
  }
  colour = colour && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
  return {};
}

void Logger::write(Level level, std::string_view message, std::span<const Field> fields,
                   const TraceContext& trace) const {
  if (!enabled(level)) {
    return;
  }
  Record record = make_record(level, name(), message, fields);
  record.trace = trace;
  sink_->push(std::move(record));
}

void Logger::write_at(Level level, std::string_view message, Fields fields, const Place& at) const {
  if (!enabled(level)) {
    return;
  }
  Record record = make_record(level, name(), message, fields);
  record.source = source_text(at.file_name(), at.line());
  sink_->push(std::move(record));
}

error::Result<std::unique_ptr<Sink>> Sink::open(const Options& options) {
  auto output = open_output(options.destination);
  if (!output) {
    return std::unexpected(std::move(output).error());
  }
  return std::make_unique<Sink>(options, std::move(*output));
}

Sink::Sink(const Options& options, std::unique_ptr<Output> output)
    : text_(options.format == Format::Text ||
            (options.format == Format::Auto && output->is_terminal())),
      colour_(options.colour && output->is_terminal()),
      output_(std::move(output)),
      filter_(options.filter),
      collapse_(options.rate_limit),
      writer_([this] { run(); }) {}

Sink::~Sink() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_writer_.notify_one();
  std::unique_lock lock(mutex_);
  wake_flush_.wait_for(lock, farewell_timeout, [this] { return finished_ == accepted_; });
  give_up_.store(true, std::memory_order_relaxed);
  lock.unlock();
  writer_.join();
}

Logger Sink::logger(std::string_view name) {
  const std::scoped_lock lock(names_mutex_);
  auto found = names_.find(name);
  if (found == names_.end()) {
    auto place = std::make_unique<Logger::NamedLevel>(std::string(name), filter_.level_of(name));
    found = names_.emplace(std::string(name), std::move(place)).first;
  }
  return {this, found->second.get()};
}

void Sink::set_level(std::string_view name, Level level) {
  const std::scoped_lock lock(names_mutex_);
  filter_.set(name, level);
  for (const auto& [known, place] : names_) {
    place->level.store(filter_.level_of(known), std::memory_order_relaxed);
  }
}

bool Sink::flush(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const std::uint64_t goal = accepted_;
  return wake_flush_.wait_for(lock, timeout, [&] { return finished_ >= goal; });
}

Counts Sink::counts() const {
  const std::scoped_lock lock(mutex_);
  return {.written = written_.load(std::memory_order_relaxed),
          .dropped = dropped_,
          .unwritten = unwritten_.load(std::memory_order_relaxed),
          .held_back = held_back_.load(std::memory_order_relaxed)};
}

void Sink::push(Record record) {
  const std::size_t bytes = record.bytes();
  const bool urgent = record.level >= Level::Warn;
  const std::size_t share = urgent ? 100 : queue_share_below_warn_percent;
  bool wake = false;
  {
    const std::scoped_lock lock(mutex_);
    while (urgent && !queue_.empty() &&
           (queue_.size() >= queue_records_max || queue_bytes_ + bytes > queue_bytes_max)) {
      queue_bytes_ -= queue_.front().bytes();
      queue_.pop_front();
      ++dropped_;
    }
    if (queue_.size() >= queue_records_max * share / 100 ||
        queue_bytes_ + bytes > queue_bytes_max * share / 100) {
      ++dropped_;
      return;
    }
    queue_bytes_ += bytes;
    queue_.push_back(std::move(record));
    ++accepted_;
    wake = std::exchange(writer_sleeps_, false);
  }
  if (wake) {
    wake_writer_.notify_one();
  }
}

void Sink::wait_for_work(std::unique_lock<std::mutex>& lock) {
  if (!queue_.empty() || stopping_) {
    return;
  }
  writer_sleeps_ = true;
  if (const auto due = collapse_.next_due()) {
    wake_writer_.wait_until(lock, *due, [this] { return !queue_.empty() || stopping_; });
  } else {
    wake_writer_.wait(lock, [this] { return !queue_.empty() || stopping_; });
  }
  writer_sleeps_ = false;
}

void Sink::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_ || !queue_.empty()) {
    wait_for_work(lock);
    std::deque<Record> batch;
    batch.swap(queue_);
    queue_bytes_ = 0;
    const std::uint64_t taken = accepted_;
    const std::uint64_t dropped = dropped_;
    lock.unlock();
    write_batch(batch, dropped);
    lock.lock();
    finished_ = taken;
    wake_flush_.notify_all();
  }
  lock.unlock();
  std::string lines;
  const std::vector<Record> summaries = collapse_.drain();
  for (const Record& summary : summaries) {
    append(lines, summary);
  }
  deliver(lines, summaries.size());
}

void Sink::write_batch(const std::deque<Record>& batch, std::uint64_t dropped_before) {
  const auto now = std::chrono::steady_clock::now();
  std::string lines;
  std::uint64_t count = 0;
  const auto add = [&](const Record& record) {
    append(lines, record);
    ++count;
    if (lines.size() >= write_bytes_max) {
      deliver(lines, count);
      lines.clear();
      count = 0;
    }
  };
  for (const Record& summary : collapse_.expire(now)) {
    add(summary);
  }
  for (const Record& record : batch) {
    if (collapse_.admit(record, now)) {
      add(record);
    } else {
      held_back_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  const std::uint64_t lost = dropped_before + unwritten_.load(std::memory_order_relaxed);
  if (lost > reported_lost_) {
    const std::array<Field, 2> fields{Field{"dropped", lost - reported_lost_},
                                      Field{"dropped_total", lost}};
    add(make_record(Level::Warn, own_name, "log lines were dropped", fields));
    reported_lost_ = lost;
  }
  deliver(lines, count);
}

void Sink::append(std::string& out, const Record& record) const {
  if (text_) {
    append_text(out, record, colour_);
  } else {
    append_json(out, record);
  }
}

void Sink::deliver(std::string_view lines, std::uint64_t count) {
  if (lines.empty()) {
    return;
  }
  auto& counter = output_->write(lines, give_up_) ? written_ : unwritten_;
  counter.fetch_add(count, std::memory_order_relaxed);
}

}  // namespace host::log
