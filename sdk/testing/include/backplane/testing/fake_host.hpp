// backplane/testing/fake_host.hpp - a host in a unit test, with manual time.
//
//   bp::testing::fake_host host(bp_plugin_v1, R"({"rate":3})");
//   ASSERT_TRUE(host.start());
//   const auto id = host.deliver("sensors.raw", "21.5");
//   EXPECT_EQ(host.fate_of(id), bp::testing::fate::acked);
//   host.advance(30s);
//   EXPECT_EQ(host.sent("sensors.mean").size(), 1U);
//   ASSERT_TRUE(host.stop());
//
// Since: 1.0. Thread: one thread drives it (that is the strand); the plugin's own threads may call
// the tables. Everything the plugin does happens inside a call of this class. Not a second
// implementation of the host: channels do not connect to each other, credit is what the test says,
// nothing is persisted.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/backplane.h"
#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/error.hpp"
#include "backplane/testing/fake_registry.hpp"
#include "backplane/testing/lease_book.hpp"

namespace bp::testing {

/// What became of a delivered message.
enum class fate : std::uint8_t { pending, acked, nacked };

struct log_line {
  std::uint32_t level;
  std::string text;
  std::map<std::string, std::string> pairs;
};

/// A value of a metric that belongs to a trace.
struct exemplar {
  double value = 0.0;
  trace_context trace{};
};

/// An open end of a channel.
struct channel_end {
  bp_chan handle;
  std::string name;
  std::uint32_t direction;
  std::uint32_t kind;
  std::string type;
  std::uint32_t flags;
  std::uint32_t concurrency;
  std::uint64_t token;
  bool paused = false;
  bool closed = false;
  std::string group = {};
};

/// What a call made by the test was answered.
struct answer {
  bp_status status = BP_OK;
  std::string bytes;
  std::string error;
};

/// A call that the plugin made and that the test has not answered yet.
struct open_call {
  bp_call handle;
  std::string service;  // of bp.json/1: "name/major"; of publish: the channel
  std::uint32_t method;
  std::string method_name;  // by name only
  std::string request;
  std::uint64_t deadline_ns;
  std::uint64_t token;
  std::optional<trace_context> trace;  // what the call belongs to
};

class fake_host {
 public:
  /// Answers a call of the plugin at once (BP_DONE), or not (nullopt: it stays open until reply()).
  using responder = std::function<std::optional<result<std::string>>(const open_call&)>;

  explicit fake_host(const bp_entry& entry, std::string config = "{}");
  ~fake_host();
  fake_host(const fake_host&) = delete;
  fake_host& operator=(const fake_host&) = delete;

  // --- lifecycle: each runs to its completion, or reports that it is still open (BP_E_TIMEOUT)
  result<void> create();
  result<void> start();  // creates first when needed
  result<void> stop();   // the destructor destroys

  result<void> quiesce() { return operate(BP_EV_QUIESCE); }

  result<void> save() { return operate(BP_EV_SAVE); }

  result<void> restore() { return operate(BP_EV_RESTORE); }

  result<void> configure(std::string config);
  /// Begins an operation and does not insist on its end; later: finished().
  bp_op begin(std::uint16_t type, std::string_view content = {});
  [[nodiscard]] std::optional<result<void>> finished(bp_op op) const;
  void destroy();

  // --- time and threads
  void advance(std::chrono::nanoseconds by);

  [[nodiscard]] std::uint64_t now_ns() const { return now_ns_; }

  /// Delivers what has been queued (posts, finished work, replies) until nothing is left.
  void pump();
  /// Pumps, waiting for the plugin's own threads, until `done()`. False: it took longer than
  /// `limit` of real time.
  bool pump_until(const std::function<bool()>& done,
                  std::chrono::milliseconds limit = std::chrono::seconds(10));

  /// false: jobs of run_blocking wait for run_jobs().
  void set_jobs_at_once(bool at_once) { jobs_at_once_ = at_once; }

  std::size_t run_jobs();

  // --- channels
  /// Delivers a message to the plugin's receiving end of `channel`. Its number, for fate_of().
  std::uint64_t deliver(std::string_view channel, std::string_view content,
                        std::uint16_t flags = 0);
  /// The same, several in one batch of events.
  std::vector<std::uint64_t> deliver_batch(std::string_view channel,
                                           const std::vector<std::string>& contents);
  void lag(std::string_view channel, std::uint64_t missed);
  [[nodiscard]] fate fate_of(std::uint64_t message) const;
  [[nodiscard]] std::string nack_text(std::uint64_t message) const;
  [[nodiscard]] std::vector<std::string> sent(std::string_view channel) const;
  [[nodiscard]] const channel_end* end_of(std::string_view channel) const;
  /// How many more messages a channel takes; then sending is answered with WOULD_BLOCK.
  void set_credit(std::string_view channel, std::uint64_t messages);
  /// Gives credit and tells the ends that were refused.
  void make_writable(std::string_view channel, std::uint64_t messages);
  /// How many subscribers a broadcast has (the activity word).
  void set_listeners(std::string_view channel, std::uint32_t count);

  /// The next confirmed sends stay open until confirm(); otherwise they are confirmed at once.
  void hold_confirmations(bool hold) { hold_confirmations_ = hold; }

  void confirm(bp_status status = BP_OK);

  // --- services the plugin provides
  /// The limits of a method hold: the call may wait for its turn, or be answered BP_E_BUSY.
  /// `caller`: the id of the instance that calls; empty: the operator.
  bp_call call(std::string_view service, std::uint32_t method, std::string_view request,
               std::string_view caller = {});
  [[nodiscard]] std::optional<answer> answer_to(bp_call call) const;
  void cancel(bp_call call);
  /// Calls an inline method from the calling thread.
  answer call_inline(std::string_view service, std::uint32_t method, std::string_view request);

  // --- services and names the plugin uses
  /// `name` may be required from now on. Also for bp.json/1 ("name/major").
  void offer(std::string name, responder respond = {});
  [[nodiscard]] std::vector<open_call> open_calls() const;
  void reply(bp_call call, std::string_view content);
  void reply_error(bp_call call, const error& why);

  [[nodiscard]] std::size_t cancelled_calls() const { return cancelled_calls_; }

  // --- names that it watches (bp.registry/1)
  /// A channel or service appears, or stands for another thing now: open watches are told.
  void announce(known_name name);
  /// It is there, but open watches were not told yet: other events may come before they are.
  void announce_untold(known_name name);
  /// It goes.
  void withdraw(std::uint32_t what, std::string_view name, std::uint32_t major = 0);
  [[nodiscard]] std::size_t open_watches() const;

  // --- what else it did
  [[nodiscard]] std::vector<log_line> log() const;
  [[nodiscard]] std::vector<std::string> faults() const;

  [[nodiscard]] std::map<std::string, std::string> saved() const { return saved_; }

  void set_state(std::map<std::string, std::string> state) { saved_ = std::move(state); }

  /// A counter's or gauge's value, or a histogram's number of observations, over all its cells.
  [[nodiscard]] double metric(std::string_view family) const;

  /// What it was told belongs to a trace, in that order.
  [[nodiscard]] std::vector<exemplar> exemplars(std::string_view family) const;

  /// What snapshots give from now on: the bytes of a bp_metric_snapshot for each part. At first,
  /// one of nothing.
  void set_metric_snapshot(std::vector<std::string> parts);

  /// What the last snapshot_parts() said that it knew.
  [[nodiscard]] std::uint32_t known_metric_shape() const;
  [[nodiscard]] std::size_t open_leases() const;
  [[nodiscard]] std::size_t open_timers() const;

  [[nodiscard]] std::vector<std::string> spans() const { return spans_; }

  void set_property(std::string name, std::string value) {
    properties_[std::move(name)] = std::move(value);
  }

  void set_log_level(std::uint32_t level) { log_level_ = level; }

 private:
  friend struct fake_core_tables;
  friend struct fake_tables;

  struct message_state {
    fate end = fate::pending;
    std::string nack;
  };

  struct timer_state {
    std::uint64_t at_ns;
    std::uint64_t every_ns;
    std::uint64_t token;
  };

  struct queued {
    bp_event event{};
    std::string content;
    std::uint64_t message = 0;
    std::unique_ptr<bp_error> why;
  };

  struct job {
    void(BP_CALL* fn)(void*);
    void* argument;
    std::uint64_t token;
  };

  struct provided {
    std::vector<bp_method> methods;
    std::uint64_t token;
  };

  /// A call that the test made.
  struct made_call {
    std::uint64_t token = 0;
    std::optional<answer> end;
    std::string service;
    std::uint32_t method = 0;
    std::string caller;
    bool working = false;  // has one of the places of its method's concurrency_max
  };

  struct method_load {
    std::size_t working = 0;
    std::deque<queued> waiting;
  };

  struct family {
    std::string name;
    std::uint32_t kind;
    std::vector<std::unique_ptr<bp_metric_cell>> cells;
    std::vector<std::unique_ptr<std::vector<std::uint64_t>>> buckets;
    std::vector<exemplar> exemplars;
  };

  /// The host of the law, with the way back to us behind it.
  struct host_block {
    bp_host abi;
    fake_host* self;
  };

  result<void> operate(std::uint16_t type, std::string_view content = {});
  void push(queued one);
  void push(std::vector<fake_registry::news> told);
  void dispatch(std::vector<queued> batch);
  void settle_lent(const queued& one, const bp_event& event);

  bp_handle next_handle() { return next_handle_++; }

  channel_end* find_end(std::string_view channel, std::uint32_t direction);
  channel_end* find_end(bp_chan handle);
  bp_status publish(bp_chan channel, bp_buf* lease, std::uint64_t* confirm_token);
  bool take_place(const bp_method& method, queued& one);
  void free_place(made_call& call);

  host_block host_;
  const bp_plugin* plugin_;
  void* self_ = nullptr;
  std::string config_;

  mutable std::recursive_mutex busy_;
  std::condition_variable_any woken_;
  std::deque<queued> queue_;
  std::deque<job> jobs_;
  bool jobs_at_once_ = true;
  std::uint64_t now_ns_ = 1'000'000'000;
  bp_handle next_handle_ = 1000;
  lease_book leases_;
  std::map<bp_timer, timer_state> timers_;
  std::map<bp_op, std::optional<result<void>>> operations_;
  fake_registry registry_;
  std::deque<channel_end> ends_;
  std::map<std::uint64_t, message_state> messages_;
  std::uint64_t next_message_ = 1;
  std::map<std::string, std::vector<std::string>, std::less<>> sent_;
  std::map<std::string, std::uint64_t, std::less<>> credit_;
  std::vector<bp_chan> refused_;
  std::map<std::string, std::unique_ptr<std::uint32_t>, std::less<>> listeners_;
  bool hold_confirmations_ = false;
  std::deque<queued> confirmations_;
  std::map<std::string, provided, std::less<>> provided_;
  std::map<bp_call, made_call> made_calls_;
  std::map<std::pair<std::string, std::uint32_t>, method_load> loads_;  // of limited methods
  std::map<std::string, responder, std::less<>> offered_;
  std::map<bp_svc, std::string> required_;
  std::vector<open_call> open_calls_;  // by the plugin
  std::size_t cancelled_calls_ = 0;
  std::vector<log_line> log_;
  std::vector<std::string> faults_;
  std::map<std::string, std::string> saved_;
  std::map<std::string, std::string> saving_;
  std::map<bp_family, family> families_;
  std::vector<std::string> snapshots_;
  std::uint32_t known_shape_ = 0;
  std::vector<std::string> spans_;
  std::map<std::string, std::string, std::less<>> properties_;
  std::uint32_t log_level_ = BP_LOG_TRACE;
};

}  // namespace bp::testing

#include "backplane/testing/fake_host_impl.hpp"  // IWYU pragma: export
