// host/slot/slot.cpp - the life of an instance: create, operations, withdrawal, destruction.
#include "host/slot/slot.hpp"

#include <cstring>
#include <random>
#include <string_view>
#include <utility>

#include "host/slot/tables.hpp"

namespace host::slot {

namespace {

std::uint32_t random_generation() {
  std::random_device device;
  return device();
}

// Where the generations of a table begin: they differ from slot to slot and from table to table
// (splitmix64 of the instance's own). Asking the system for each took a sixth of a start.
std::uint32_t generation_of(bp_inst instance, std::uint64_t table) noexcept {
  std::uint64_t mixed = instance + table * 0x9E3779B97F4A7C15U;
  mixed = (mixed ^ mixed >> 30U) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ mixed >> 27U) * 0x94D049BB133111EBU;
  return static_cast<std::uint32_t>(mixed >> 32U);
}

std::string_view operation_name(std::uint16_t type) noexcept {
  switch (type) {
    case BP_EV_START:
      return "START";
    case BP_EV_STOP:
      return "STOP";
    case BP_EV_QUIESCE:
      return "QUIESCE";
    case BP_EV_SAVE:
      return "SAVE";
    case BP_EV_RESTORE:
      return "RESTORE";
    default:
      return "CONFIG";
  }
}

}  // namespace

Slot::Slot(Identity identity, const bp_plugin& plugin, Surroundings surroundings)
    : identity_(std::move(identity)),
      plugin_(plugin),
      surroundings_(std::move(surroundings)),
      instance_(static_cast<std::uint64_t>(HandleKind::instance) << 56U |
                static_cast<std::uint64_t>(random_generation()) << handle_index_bits),
      first_lent_(generation_of(instance_, 9) | 1U),
      ends_(HandleKind::channel, generation_of(instance_, 1), ends_max),
      services_(HandleKind::service, generation_of(instance_, 2), ends_max),
      calls_(HandleKind::call, generation_of(instance_, 3), BP_CALLS_MAX),
      incoming_(HandleKind::incoming, generation_of(instance_, 4), BP_CALLS_MAX),
      operations_(HandleKind::operation, generation_of(instance_, 5), 64),
      timers_(HandleKind::timer, generation_of(instance_, 6), BP_TIMERS_MAX),
      watches_(HandleKind::watch, generation_of(instance_, 10), BP_REGISTRY_WATCHES_MAX),
      leases_(generation_of(instance_, 7)),
      turn_(generation_of(instance_, 8)) {
  view_.struct_size = sizeof(bp_host);
  view_.abi_major = BP_ABI_MAJOR;
  view_.abi_minor = BP_ABI_MINOR;
  view_.query = &Slot::query;
  view_.slot = this;
  surroundings_.metrics.add_owner(instance_, identity_.id);
}

Slot::~Slot() {
  surroundings_.metrics.release(instance_);
}

void Slot::attach() {
  strand_ = surroundings_.runtime.make_strand(
      [weak = weak_from_this()] {
        const auto self = weak.lock();
        return self && self->run();
      },
      identity_.id);
}

const void* BP_CALL Slot::query(const bp_host* /*host*/, const char* interface_id) {
  return interface_id == nullptr ? nullptr : find_table(interface_id);
}

void Slot::push_internal(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    internal_.push_back(std::move(work));
  }
  strand_->schedule();
}

void Slot::push(Item item) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::withdrawn) {
      return;
    }
    (item.event.type < BP_EV_MESSAGE ? operations_queue_ : items_).push_back(std::move(item));
  }
  strand_->schedule();
}

void Slot::fault(error::Error error) {
  if (surroundings_.fault) {
    surroundings_.fault(std::move(error));
  }
}

void Slot::create(Done done) {
  push_internal([this, done = std::move(done)] {
    bp_error raw{};
    raw.struct_size = sizeof raw;
    bp_status status = BP_OK;
    std::optional<error::Error> failure;
    try {
      status = plugin_.create(&view_, instance_, &self_, &raw);
    } catch (const std::exception& thrown) {
      failure.emplace(BP_E_PANIC,
                      std::string("create() threw across the boundary: ") + thrown.what());
    } catch (...) {
      failure.emplace(BP_E_PANIC, "create() threw across the boundary");
    }
    if (!failure && status < 0) {
      failure = error::Error::from_abi(status, &raw);
    }
    if (failure) {
      self_ = nullptr;
    } else {
      const std::lock_guard lock(mutex_);
      state_ = State::active;
    }
    done(std::move(failure));
  });
}

void Slot::begin(std::uint16_t type, std::uint64_t deadline_ns, Done done) {
  Item item;
  item.event.type = type;
  item.event.seq = deadline_ns;
  if (type == BP_EV_START || type == BP_EV_CONFIG) {
    item.payload = message::copy_of(
        surroundings_.exchange.pool(),
        std::as_bytes(std::span(identity_.config.data(), identity_.config.size())));
  }
  bp_op handle = 0;
  {
    const std::lock_guard lock(mutex_);
    if (type == BP_EV_SAVE) {
      saving_.clear();
    }
    handle = operations_.add({type, std::move(done), 0});
    item.event.handle = handle;
  }
  const auto timer = surroundings_.runtime.timers().add(
      deadline_ns, 0, [weak = weak_from_this(), handle](std::uint64_t) {
        if (const auto self = weak.lock()) {
          self->expire(handle);
        }
      });
  {
    const std::lock_guard lock(mutex_);
    if (Operation* operation = operations_.find(handle)) {
      operation->deadline = timer;
    }
  }
  push(std::move(item));
}

void Slot::expire(bp_op op) {
  std::optional<Operation> operation;
  {
    const std::lock_guard lock(mutex_);
    operation = operations_.remove(op);
  }
  if (operation) {
    operation->done(error::Error(BP_E_TIMEOUT, std::string(operation_name(operation->type)) +
                                                   " was not completed before its deadline"));
  }
}

bp_status Slot::complete(bp_op op, bp_status status, const bp_error* error) {
  std::optional<Operation> operation;
  std::vector<std::shared_ptr<service::Service>> ending;
  {
    const std::lock_guard lock(mutex_);
    operation = operations_.remove(op);
    if (operation && operation->type == BP_EV_SAVE && status >= 0) {
      saved_ = std::exchange(saving_, {});
    }
    if (operation && operation->type == BP_EV_START && status < 0) {
      leaving_ = true;
    }
    if (operation && operation->type == BP_EV_STOP && state_ == State::active) {
      state_ = State::stopped;
      gates_.bar_all();
      bar_call_gates();
      services_.for_each([&](const ServiceHandle& handle) {
        if (handle.provided) {
          ending.push_back(handle.service);
        }
      });
    }
  }
  if (!operation) {
    return BP_E_STALE;
  }
  // No inline method begins any more; withdraw() waits for those that are at it.
  for (const std::shared_ptr<service::Service>& service : ending) {
    service->shut();
  }
  surroundings_.runtime.timers().cancel(operation->deadline);
  if (status < 0) {
    operation->done(error::Error::from_abi(status, error));
  } else {
    operation->done(std::nullopt);
  }
  return BP_OK;
}

bool Slot::withdraw(std::uint64_t deadline_ns) {
  std::vector<std::shared_ptr<End>> ends;
  std::vector<ServiceHandle> services;
  std::vector<MadeCall> made;
  std::vector<Timer> timers;
  std::vector<Operation> operations;
  std::vector<std::shared_ptr<OpenWatch>> watches;
  std::vector<registry::Watch> ended;
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::withdrawn) {
      return true;
    }
    state_ = State::withdrawn;
    gates_.bar_all();
    ends = ends_.take_all();
    bar_call_gates();
    services = services_.take_all();
    made = calls_.take_all();
    timers = timers_.take_all();
    operations = operations_.take_all();
    watches = watches_.take_all();
    for (const std::shared_ptr<OpenWatch>& open : watches) {
      ended.push_back(std::move(open->watch));
    }
    items_.clear();
    operations_queue_.clear();
    ready_ends_.clear();
  }
  ended.clear();
  gates_.for_each(&GateTable<SendGate>::wait_until_empty);
  // Names first, in one step; then everybody who waits for an answer; and only then we wait.
  surroundings_.exchange.registry().withdraw(identity_.id);
  for (const ServiceHandle& handle : services) {
    if (handle.provided) {
      handle.service->shut();
    }
  }
  abandon_calls(nullptr);
  for (const MadeCall& call : made) {
    if (call.call) {
      call.call->cancel();
    }
  }
  for (const Timer& timer : timers) {
    surroundings_.runtime.timers().cancel(timer.id);
  }
  for (const std::shared_ptr<End>& end : ends) {
    if (end->sender) {
      end->sender->mirror_activity(nullptr);
    }
    if (end->receiver) {
      end->receiver->close();
    }
  }
  for (Operation& operation : operations) {
    surroundings_.runtime.timers().cancel(operation.deadline);
    operation.done(error::Error(BP_E_CANCELLED, "the instance was withdrawn"));
  }
  bool clean = true;
  for (const ServiceHandle& handle : services) {
    if (handle.provided) {
      clean = handle.service->close(deadline_ns) && clean;
    }
  }
  surroundings_.metrics.withdraw(instance_);
  surroundings_.spans.withdraw(instance_);
  return clean;
}

void Slot::destroy(Done done) {
  auto finish = [this, done = std::move(done)] {
    push_internal([this, done] {
      std::vector<Lease> leases;
      if (self_ != nullptr) {
        try {
          plugin_.destroy(self_);
        } catch (...) {
          self_ = nullptr;
          done(error::Error(BP_E_PANIC, "destroy() threw across the boundary"));
          return;
        }
        self_ = nullptr;
      }
      {
        const std::lock_guard lock(mutex_);
        leave_seats();
        leases = leases_.take_all();
      }
      done(std::nullopt);
    });
  };
  {
    const std::lock_guard lock(mutex_);
    if (jobs_ > 0) {
      jobs_done_ = std::move(finish);
      return;
    }
  }
  finish();
}

void Slot::job_ended() {
  std::function<void()> last;
  {
    const std::lock_guard lock(mutex_);
    if (--jobs_ == 0) {
      last = std::exchange(jobs_done_, {});
    }
  }
  if (last) {
    last();
  }
}

error::Result<void> Slot::check_active(std::string_view what) const {
  const std::lock_guard lock(mutex_);
  if (state_ == State::active) {
    return {};
  }
  return std::unexpected(not_active(what));
}

error::Error Slot::not_active(std::string_view what) const {
  return {BP_E_STATE, std::string(what) + " is not allowed in state '" +
                          (state_ == State::created ? "created" : "stopped") +
                          "'; it is from START until STOP was completed"};
}

Holdings Slot::holdings() const {
  const std::lock_guard lock(mutex_);
  return {ends_.size(),   services_.size(), calls_.size(), incoming_.size(),
          timers_.size(), leases_.size(),   jobs_};
}

std::size_t Slot::waiting() const {
  const std::lock_guard lock(mutex_);
  return operations_queue_.size() + items_.size();
}

std::shared_ptr<const schema::Schema> Slot::schema_of(std::string_view table) const {
  for (const auto& schema : identity_.schemas) {
    if (schema->table(table)) {
      return schema;
    }
  }
  return nullptr;
}

std::shared_ptr<const schema::Schema> Slot::schema_of_service(std::string_view name) const {
  for (const auto& schema : identity_.schemas) {
    if (schema->service_name() == name) {
      return schema;
    }
  }
  return nullptr;
}

std::shared_ptr<service::Service> Slot::resolve(bp_svc handle, std::optional<error::Error>& why) {
  std::string name;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  {
    const std::lock_guard lock(mutex_);
    const ServiceHandle* known = services_.find(handle);
    if (known == nullptr || known->provided) {
      why.emplace(BP_E_STALE, "this handle names no required service");
      return nullptr;
    }
    if (known->service && !known->service->closed()) {
      return known->service;
    }
    name = known->name;
    major = known->major;
    minor = known->min_minor;
  }
  auto found = surroundings_.exchange.registry().find_service(name, major, minor);
  if (!found) {
    why.emplace(BP_E_UNAVAILABLE, found.error().message());
    return nullptr;
  }
  const std::lock_guard lock(mutex_);
  if (ServiceHandle* known = services_.find(handle)) {
    if (known->service) {
      bar_call_gate(handle, known->service);
    }
    known->service = found->service;
    open_call_gate(handle, *known);
  }
  return found->service;
}

error::Result<bp_chan> Slot::add_end(End end) {
  auto shared = std::make_shared<End>(std::move(end));
  const std::lock_guard lock(mutex_);
  if (state_ != State::active) {
    return std::unexpected(not_active("opening a channel"));
  }
  const bp_chan handle = ends_.add(std::move(shared));
  if (handle == 0) {
    return error::fail(BP_E_BUSY,
                       "an instance has at most " + std::to_string(ends_max) + " channel ends");
  }
  return handle;
}

}  // namespace host::slot
