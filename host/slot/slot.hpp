// host/slot/slot.hpp - one life of one instance: its strand, its handles, and the law's tables it
// calls.
//
// Owns: everything the instance opened. Thread: any, except where said. Errors: as the law says. A
// slot is never destroyed while the plugin's own threads may still call in: whoever owns it keeps
// it after retire().
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "backplane/backplane.h"

#include "host/channel/receiver.hpp"
#include "host/channel/sender.hpp"
#include "host/error/error.hpp"
#include "host/exchange/exchange.hpp"
#include "host/log/sink.hpp"
#include "host/log/span.hpp"
#include "host/metric/durations.hpp"
#include "host/metric/registry.hpp"
#include "host/registry/registry.hpp"
#include "host/runtime/batch_budget.hpp"
#include "host/runtime/runtime.hpp"
#include "host/runtime/timer_queue.hpp"
#include "host/schema/schema.hpp"
#include "host/service/service.hpp"
#include "host/slot/gate.hpp"
#include "host/slot/handle_table.hpp"
#include "host/slot/leases.hpp"
#include "host/slot/name_watch.hpp"
#include "host/slot/permissions.hpp"
#include "host/slot/ring.hpp"
#include "host/slot/turn_room.hpp"

namespace host::slot {

inline constexpr std::size_t posts_max = std::size_t{1} << 20U;
inline constexpr std::size_t ends_max = 65'536;  // channel ends of one instance

// What the instance is; fixed for its life.
struct Identity {
  std::string id;
  std::string data_dir;
  std::string host_name;
  std::string host_version;
  std::string config;  // JSON, complete
  Permissions permissions;
  std::vector<std::shared_ptr<const schema::Schema>> schemas;  // embedded in the plugin's file
  std::uint64_t call_timeout_ns = 5'000'000'000;
};

using SavedState = std::map<std::string, std::string, std::less<>>;

class Slot;

// What a slot needs from above and around it.
struct Surroundings {
  runtime::Runtime& runtime;
  exchange::Exchange& exchange;
  metric::Registry& metrics;
  log::SpanTable& spans;
  log::Logger logger;
  std::function<void(error::Error)> fault;  // the instance failed outside of any operation
};

struct Counts {
  std::atomic<std::uint64_t> events{0};
  metric::Durations turns;  // that gave it events, and ended
};

// What an instance holds now; all of it goes when the instance does.
struct Holdings {
  std::size_t channel_ends = 0;
  std::size_t services = 0;    // provided and required
  std::size_t calls_made = 0;  // and confirmed sends
  std::size_t calls_to_answer = 0;
  std::size_t timers = 0;
  std::size_t leases = 0;  // beside the room that a sending end has lent
  std::size_t jobs = 0;    // run_blocking(), until they ended

  bool operator==(const Holdings&) const = default;
};

class Slot : public service::Provider, public std::enable_shared_from_this<Slot> {
 public:
  using Done = std::function<void(std::optional<error::Error>)>;

  Slot(Identity identity, const bp_plugin& plugin, Surroundings surroundings);
  ~Slot() override;

  // Makes the strand; call once, right after construction.
  void attach();

  // Run plugin->create on the strand; `done` is called there.
  void create(Done done);

  // Send a lifecycle event (BP_EV_START ..); `done` is called once, by complete() or at the
  // deadline.
  void begin(std::uint16_t type, std::uint64_t deadline_ns, Done done);

  // Close everything the instance opened, from any thread; its calls from now on answer STATE or
  // STALE. False: an inline method of it did not return before the deadline.
  bool withdraw(std::uint64_t deadline_ns);

  // After withdraw(): wait for running jobs, then plugin->destroy on the strand, then `done`.
  void destroy(Done done);

  // State handed over by SAVE, and to be had in RESTORE.
  void set_saved(SavedState saved) { saved_ = std::move(saved); }

  [[nodiscard]] SavedState take_saved() { return std::move(saved_); }

  // Is a batch being handled now? (A hung handler, when a deadline was missed.)
  [[nodiscard]] bool handling() const noexcept { return strand_ && strand_->running(); }

  [[nodiscard]] const Identity& identity() const noexcept { return identity_; }

  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

  [[nodiscard]] Holdings holdings() const;

  // Events that wait for the next turn. Messages wait in their channels.
  [[nodiscard]] std::size_t waiting() const;

  // service::Provider
  bp_status submit(const std::shared_ptr<service::Call>& call, std::uint64_t token) override;
  void call_ended(bp_handle incoming) override;
  service::Reply run_inline(const service::Method& method,
                            const message::Message& request) override;
  bp_status answer_inline(const service::Method& method, const bp_buf& request, bp_buf& reply,
                          bp_error& error) override;
  bp_status take_reply(const bp_buf& reply, message::Message& out) override;
  [[nodiscard]] bool on_this_stack() const noexcept override;

 private:
  friend struct CoreTable;
  friend struct ChannelTable;
  friend struct ServiceTable;
  friend struct JsonTable;
  friend struct StateTable;
  friend struct TraceTable;
  friend struct MetricTable;
  friend struct RegistryTable;

  // The bp_host of this instance, with the way back to the slot.
  struct View : bp_host {
    Slot* slot = nullptr;
  };

  // stopped: STOP was completed; nothing new may begin, what is open goes with withdraw().
  enum class State : std::uint8_t { created, active, stopped, withdrawn };

  // An event on its way, with what keeps its payload alive.
  struct Item {
    bp_event event{};
    message::Message payload;
    std::shared_ptr<bp_error> error;
  };

  struct End {
    std::uint64_t token = 0;
    registry::ChannelEntry entry;
    std::shared_ptr<channel::Sender> sender;
    std::shared_ptr<channel::Receiver> receiver;
    bool json = false;
    bool ready = false;  // is in ready_ends_
  };

  // Messages of one end in the present turn.
  struct OpenBatch {
    std::shared_ptr<End> end;
    bp_chan handle = 0;
    channel::Batch batch;

    // Of JSON ends: what stands in the event instead of the message.
    struct Text {
      std::uint32_t number;
      message::Message json;
      channel::Glimpse original;
    };

    std::vector<Text> texts;
  };

  class EventWriter;

  struct ServiceHandle {
    std::shared_ptr<service::Service> service;  // provided; or the last one found
    bool provided = false;
    std::string name;
    std::uint32_t major = 0;
    std::uint32_t min_minor = 0;
  };

  struct MadeCall {
    std::uint64_t token = 0;
    std::shared_ptr<service::Call> call;  // null for confirmed sends, and until it is out
    std::uint64_t deadline_ns = 0;        // 0: somebody else sees to it
  };

  // A call of this instance's: its answer becomes an event.
  class SlotCall;

  struct Incoming {
    std::shared_ptr<service::Call> call;
    std::uint64_t token = 0;
    bool dispatched = false;
  };

  struct Operation {
    std::uint16_t type = 0;
    Done done;
    runtime::TimerQueue::Id deadline = 0;
  };

  struct Timer {
    runtime::TimerQueue::Id id = 0;
    std::uint64_t token = 0;
    bool once = false;
    std::uint64_t expired = 0;  // since the last event
  };

  struct OpenWatch {
    OpenWatch(std::uint64_t given, NameWatch::Sees sees, NameWatch::Present present)
        : token(given), names(std::move(sees), std::move(present)) {}

    const std::uint64_t token;
    NameWatch names;
    registry::Watch watch;  // under the slot's lock; ends outside of it
  };

  [[nodiscard]] static Slot& of(const bp_host* host) noexcept {
    return *static_cast<const View*>(host)->slot;
  }

  static const void* BP_CALL query(const bp_host* host, const char* interface_id);

  // dispatch.cpp
  bool run();
  bool run_internal();
  std::size_t admit_items();
  void show_items();
  bool collect_messages(std::size_t ends);
  bool take_from(bp_chan handle, const std::shared_ptr<End>& end);
  void insert_lagged(const OpenBatch& open, std::uint32_t first);
  bp_event& add_event(Lent lent) noexcept;
  void add_special(OpenBatch& open, std::uint32_t number, const channel::Glimpse& glimpse);
  [[nodiscard]] OpenBatch& next_batch();
  bool admit(Item& item);
  bool admit_meant(Item& item);
  bool admit_names(Item& item);
  void hand_over();
  void end_turn();
  [[nodiscard]] bool to_event_json(const End& end, const channel::Glimpse& glimpse,
                                   message::Message& text);
  bp_status retain(bp_buf& buf);

  // Strand: sleepers are looked for behind one fence at the end of the turn.
  void settle_later(SendGate& gate) {
    if (!gate.unsettled) {
      gate.unsettled = true;
      unsettled_.push_back(&gate);
    }
  }

  void push(Item item);
  // A part of a lease, of any kind, as a message; the lease is not taken yet.
  [[nodiscard]] bp_status part_of(const bp_buf& buf, message::Message& out);
  [[nodiscard]] bp_status part_of_reply(const bp_buf& buf, message::Message& out);
  [[nodiscard]] bp_status copy_part(const bp_buf& buf, const std::byte* begin, std::size_t bytes,
                                    message::Message& out);
  [[nodiscard]] SendGate* gate_that_lent(bp_lease lease);  // under mutex_

  // Leases of a gate are numbered from where no other instance's are.
  template <typename GateKind>
  void begin_lending(GateKind& gate) const noexcept {
    if (!gate.leases.begun()) {
      gate.leases.begin(first_lent_);
    }
  }

  // The lease moved on; a received message counts as acknowledged. False: there is none.
  bool give_up_lease(bp_lease lease);
  void push_internal(std::function<void()> work);
  void end_ready(bp_chan handle);
  void fault(error::Error error);

  // Shared by the tables. All lock the mutex themselves.
  [[nodiscard]] error::Result<void> check_active(std::string_view what) const;
  [[nodiscard]] error::Error not_active(std::string_view what) const;  // under mutex_

  [[nodiscard]] bool is_instance(bp_inst instance) const noexcept { return instance == instance_; }

  bp_status complete(bp_op op, bp_status status, const bp_error* error);
  void expire(bp_op op);
  // `what`: "publishing"; errors: STATE, BUSY.
  [[nodiscard]] error::Result<bp_call> register_call(std::string_view what, MadeCall made);
  [[nodiscard]] static error::Error too_many_calls(std::string_view what);
  void call_is_out(bp_call handle, const std::shared_ptr<service::Call>& call);
  void watch_deadline(std::uint64_t deadline_ns);
  void end_late_calls();
  void reply_arrived(bp_call handle, std::uint16_t type, std::uint16_t flags,
                     service::Reply&& reply);
  void json_arrived(bp_call handle, error::Result<std::string> reply);
  // Null: `why` says so.
  [[nodiscard]] std::shared_ptr<service::Service> resolve(bp_svc handle,
                                                          std::optional<error::Error>& why);
  [[nodiscard]] error::Result<bp_chan> add_end(End end);
  [[nodiscard]] std::shared_ptr<const schema::Schema> schema_of(std::string_view table) const;
  [[nodiscard]] std::shared_ptr<const schema::Schema> schema_of_service(
      std::string_view name) const;
  // Of the service, or of all that the instance provides (null).
  void abandon_calls(const service::Service* service);
  void job_ended();
  // Under the lock.
  void open_call_gate(bp_svc handle, const ServiceHandle& to);
  void bar_call_gate(bp_svc handle, std::shared_ptr<service::Service> service);
  void bar_call_gates();
  void leave_seat(CallGate& gate, std::shared_ptr<service::Service> service);
  void leave_seats();

  const Identity identity_;
  const bp_plugin& plugin_;
  Surroundings surroundings_;
  View view_{};
  const bp_inst instance_;
  const std::uint32_t first_lent_;
  void* self_ = nullptr;  // strand
  std::shared_ptr<runtime::Strand> strand_;
  Counts counts_;

  mutable std::mutex mutex_;
  State state_ = State::created;
  bool leaving_ = false;  // told to stop, or did not start: it gets no message any more
  Ring<std::function<void()>> internal_;
  Ring<Item> operations_queue_;
  Ring<Item> items_;
  Ring<bp_chan> ready_ends_;
  std::size_t posts_ = 0;
  std::size_t queued_calls_ = 0;
  unsigned jobs_ = 0;
  std::function<void()> jobs_done_;
  HandleTable<std::shared_ptr<End>> ends_;
  HandleTable<ServiceHandle> services_;
  HandleTable<MadeCall> calls_;
  HandleTable<Incoming> incoming_;
  HandleTable<Operation> operations_;
  HandleTable<Timer> timers_;
  HandleTable<std::shared_ptr<OpenWatch>> watches_;
  Leases leases_;

  std::uint64_t next_deadline_ns_ = 0;  // of a call that was made; 0: none is watched
  GateTable<SendGate> gates_;
  GateTable<CallGate> call_gates_;
  std::vector<std::pair<CallGate*, std::shared_ptr<service::Service>>> seats_to_leave_;

  SavedState saved_;
  SavedState saving_;

  // The present turn; the strand's, and used again from turn to turn.
  TurnRoom* room_ = nullptr;  // of the thread that runs the turn
  std::uint32_t event_count_ = 0;
  runtime::BatchBudget budget_{batch_events_max};
  std::vector<Item> turn_items_;
  std::vector<std::unique_ptr<OpenBatch>> batches_;
  std::size_t batches_open_ = 0;
  std::vector<SendGate*> unsettled_;
  std::uint32_t turn_ = 0;  // generation of what is lent
  std::uint64_t turn_ns_ = 0;
};

}  // namespace host::slot
