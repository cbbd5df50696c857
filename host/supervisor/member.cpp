// host/supervisor/member.cpp - each step posts back to the control thread before the next one
// begins.
#include "host/supervisor/member.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace host::supervisor {

namespace {

constexpr std::size_t buried_max = 1'024;  // older ones are freed: their threads had hours to end
constexpr std::uint64_t destroy_timeout_ns = 2'000'000'000;

}  // namespace

std::string_view state_name(State state) noexcept {
  switch (state) {
    case State::absent:
      return "absent";
    case State::verified:
      return "verified";
    case State::loaded:
      return "loaded";
    case State::created:
      return "created";
    case State::starting:
      return "starting";
    case State::running:
      return "running";
    case State::draining:
      return "draining";
    case State::stopped:
      return "stopped";
    case State::backoff:
      return "backoff";
    case State::quarantined:
      return "quarantined";
    case State::failed:
      return "failed";
  }
  return "unknown";
}

Member::Member(Planned planned, Environment& environment)
    : planned_(std::move(planned)),
      environment_(environment),
      logger_(environment.sink.logger(planned_.entry.id)),
      backoff_(planned_.entry.restart) {
  if (planned_.entry.log_level) {
    environment_.sink.set_level(planned_.entry.id, *planned_.entry.log_level);
  }
  if (planned_.refusal) {
    set_state(State::failed, planned_.refusal->text());
  } else {
    set_state(State::verified, "the file is in order");
  }
}

void Member::count_restart() {
  const std::lock_guard lock(mutex_);
  ++restarts_;
}

void Member::count_fault() {
  const std::lock_guard lock(mutex_);
  ++faults_;
}

void Member::set_state(State state, std::string reason) {
  const LifeChange change{id(), state, reason, unix_ms_now()};
  {
    const std::lock_guard lock(mutex_);
    state_ = state;
    reason_ = std::move(reason);
    since_unix_ms_ = change.unix_ms;
  }
  if (on_state_) {
    on_state_(change);
  }
}

Status Member::status() const {
  Status status;
  status.id = id();
  status.library = planned_.entry.library;
  if (planned_.facts) {
    status.plugin = planned_.facts->description.id;
    status.version = planned_.facts->description.version;
    status.library = planned_.facts->path.string();
  }
  status.notice = file_notice();
  const std::lock_guard lock(mutex_);
  status.state = state_;
  status.reason = reason_;
  status.since_unix_ms = since_unix_ms_;
  status.starts = starts_;
  status.restarts = restarts_;
  status.faults = faults_;
  status.required = planned_.entry.required;
  status.events = events_before_;
  status.turns = turns_before_;
  if (slot_) {
    status.events += slot_->counts().events.load(std::memory_order_relaxed);
    status.turns += slot_->counts().turns.counts();
    status.waiting = slot_->waiting();
    status.holds = slot_->holdings();
  }
  return status;
}

std::string Member::file_notice() const {
  if (!loaded_.load(std::memory_order_acquire)) {
    return "";
  }
  const auto now = loader::identify(planned_.facts->path);
  if (!now) {
    return "the file that is loaded is gone from the disk; put it back before the host restarts";
  }
  if (*now == planned_.facts->identity) {
    return "";
  }
  return now->modified_ns > planned_.facts->identity.modified_ns
             ? "the file on disk is newer; restart the host to load it"
             : "the file on disk is not the one that is loaded; restart the host to load it";
}

std::uint64_t Member::deadline_after(manifest::Duration duration) const {
  return runtime::now_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(duration).count());
}

error::Result<void> Member::load() {
  if (planned_.refusal) {
    return std::unexpected(*planned_.refusal);
  }
  if (!library_) {
    auto opened = loader::Library::open(*planned_.facts);
    if (!opened) {
      return std::unexpected(std::move(opened).error());
    }
    library_ = std::move(*opened);
    loaded_.store(true, std::memory_order_release);
    set_state(State::loaded, "the library is mapped");
  }
  return {};
}

error::Result<std::string> Member::make_data_dir() const {
  const std::filesystem::path folder = std::filesystem::path(environment_.data_dir) / id();
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) {
    return error::fail(BP_E_IO, "making the data folder '" + folder.string() +
                                    "': " + failed.message() +
                                    "; fix: make host.data_dir writable for this user");
  }
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  return folder.string();
}

slot::Slot::Done Member::on_control(Done done) {
  return [this, life = life_, done = std::move(done)](std::optional<error::Error> error) {
    environment_.control([this, life, done, error = std::move(error)]() mutable {
      if (life == life_) {
        done(std::move(error));
      }
    });
  };
}

void Member::start(Done done) {
  if (auto loaded = load(); !loaded) {
    done(std::move(loaded).error());
    return;
  }
  auto data_dir = make_data_dir();
  if (!data_dir) {
    done(std::move(data_dir).error());
    return;
  }
  slot::Identity identity;
  identity.id = id();
  identity.data_dir = std::move(*data_dir);
  identity.host_name = environment_.host_name;
  identity.host_version = environment_.host_version;
  identity.config = planned_.config;
  identity.permissions = planned_.permissions;
  identity.schemas = planned_.schemas;
  identity.call_timeout_ns =
      static_cast<std::uint64_t>(std::chrono::nanoseconds(planned_.entry.timeouts.call).count());
  ++life_;
  slot::Surroundings around{
      environment_.runtime,
      environment_.exchange,
      environment_.metrics,
      environment_.spans,
      logger_,
      [this, life = life_](error::Error error) {
        environment_.control([this, life, error = std::move(error)]() mutable {
          if (life != life_) {
            return;
          }
          count_fault();
          if (on_fault_) {
            on_fault_(std::move(error));
          }
        });
      }};
  auto slot =
      std::make_shared<slot::Slot>(std::move(identity), library_->plugin(), std::move(around));
  slot->attach();
  {
    const std::lock_guard lock(mutex_);
    slot_ = std::move(slot);
    ++starts_;
  }
  set_state(State::starting, "create()");
  created_ = false;
  // create() has no deadline of its own in the law; START's is the bound for both.
  auto decided = std::make_shared<bool>(false);
  auto deadline = std::make_shared<runtime::TimerQueue::Id>(0);
  const auto once = on_control([this, done, decided, deadline](std::optional<error::Error> error) {
    if (std::exchange(*decided, true)) {
      return;
    }
    environment_.runtime.timers().cancel(*deadline);
    if (error) {
      done(std::move(*error).during("create()"));
      return;
    }
    set_state(State::created, "create() returned");
    created_ = true;
    restore_and_start(done);
  });
  *deadline = environment_.runtime.timers().add(
      deadline_after(planned_.entry.timeouts.start), 0, [once](std::uint64_t) {
        once(error::Error(BP_E_TIMEOUT, "it did not return before the start deadline"));
      });
  slot_->create(once);
}

void Member::restore_and_start(const Done& done) {
  if (saved_.empty()) {
    start_slot(done);
    return;
  }
  slot_->set_saved(saved_);
  slot_->begin(BP_EV_RESTORE, deadline_after(planned_.entry.timeouts.start),
               on_control([this, done](std::optional<error::Error> error) {
                 if (error) {
                   done(std::move(*error).during("RESTORE"));
                   return;
                 }
                 start_slot(done);
               }));
}

void Member::start_slot(const Done& done) {
  set_state(State::starting, "START");
  slot_->begin(BP_EV_START, deadline_after(planned_.entry.timeouts.start),
               on_control([this, done](std::optional<error::Error> error) {
                 if (!error) {
                   set_state(State::running, "started");
                 }
                 done(std::move(error));
               }));
}

void Member::stop(bool graceful, Done done) {
  if (state_ == State::draining) {
    waiting_.push_back(std::move(done));  // it is being stopped already
    return;
  }
  if (!slot_) {
    done(std::nullopt);
    return;
  }
  // Answers of an interrupted start are not wanted any more.
  ++life_;
  set_state(State::draining, graceful ? "QUIESCE" : "STOP");
  if (!created_) {
    bury(std::move(done));  // there is nobody who could complete an operation
  } else if (graceful) {
    drain(std::move(done));
  } else {
    stop_slot(std::move(done));
  }
}

void Member::drain(Done done) {
  slot_->begin(BP_EV_QUIESCE, deadline_after(planned_.entry.timeouts.drain),
               on_control([this, done = std::move(done)](std::optional<error::Error> error) {
                 if (error && error->code() != BP_E_UNSUPPORTED) {
                   logger_.warn("draining failed", {{"error", error->text()}});
                 }
                 save(done);
               }));
}

void Member::save(Done done) {
  slot_->begin(BP_EV_SAVE, deadline_after(planned_.entry.timeouts.drain),
               on_control([this, done = std::move(done)](std::optional<error::Error> error) {
                 if (!error) {
                   saved_ = slot_->take_saved();
                 } else if (error->code() != BP_E_UNSUPPORTED) {
                   logger_.warn("saving the state failed; the former state is kept",
                                {{"error", error->text()}});
                 }
                 stop_slot(done);
               }));
}

void Member::stop_slot(Done done) {
  slot_->begin(BP_EV_STOP, deadline_after(planned_.entry.timeouts.stop),
               on_control([this, done = std::move(done)](std::optional<error::Error> error) {
                 if (error) {
                   logger_.warn("STOP failed", {{"error", error->text()}});
                 }
                 bury(done);
               }));
}

void Member::bury(Done done) {
  ++life_;
  std::shared_ptr<slot::Slot> slot;
  {
    const std::lock_guard lock(mutex_);
    slot = std::exchange(slot_, nullptr);
    events_before_ += slot->counts().events.load(std::memory_order_relaxed);
    turns_before_ += slot->counts().turns.counts();
  }
  const std::uint64_t deadline = runtime::now_ns() + destroy_timeout_ns;
  if (!slot->withdraw(deadline)) {
    logger_.error("an inline method did not return; it is left behind", {});
  }
  if (buried_.size() >= buried_max) {
    buried_.erase(buried_.begin());
  }
  buried_.push_back(slot);
  auto ended = std::make_shared<bool>(false);
  const auto finish = [this, ended, done = std::move(done), slot](
                          bool in_time, std::optional<error::Error> error) {
    environment_.control([this, ended, done, slot, in_time, error = std::move(error)]() mutable {
      if (std::exchange(*ended, true)) {
        return;
      }
      if (!in_time) {
        ++hung_;
        const bool replaced = slot->handling() && environment_.runtime.replace_stuck_worker(id());
        error = error::Error(BP_E_TIMEOUT, "a handler or blocking job of '" + id() +
                                               "' does not return; it is left behind" +
                                               (replaced ? " and its thread was replaced" : ""));
        logger_.error("the instance hangs", {{"error", error->text()}});
      }
      set_state(State::stopped, error ? error->text() : "stopped");
      std::vector<Done> waiting = std::exchange(waiting_, {});
      waiting.insert(waiting.begin(), done);
      for (const Done& told : waiting) {
        told(error);
      }
    });
  };
  const auto timer = environment_.runtime.timers().add(
      deadline, 0, [finish](std::uint64_t) { finish(false, std::nullopt); });
  slot->destroy([this, finish, timer](std::optional<error::Error> error) {
    environment_.runtime.timers().cancel(timer);
    finish(true, std::move(error));
  });
}

}  // namespace host::supervisor
