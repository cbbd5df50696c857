// host/supervisor/supervisor.cpp - start in order, restart by policy, stop in reverse.
#include "host/supervisor/supervisor.hpp"

#include <algorithm>
#include <utility>

#include "host/name/nearest.hpp"

namespace host::supervisor {

Supervisor::Supervisor(Plan plan, Environment environment,
                       std::function<void(const std::string&)> lost)
    : environment_(std::move(environment)),
      logger_(environment_.sink.logger("host")),
      lost_(std::move(lost)) {
  for (Planned& planned : plan.plugins) {
    auto member = std::make_unique<Member>(std::move(planned), environment_);
    Member& reference = *member;
    member->on_fault([this, &reference](const error::Error& error) { faulted(reference, error); });
    member->on_state([this](const LifeChange& change) { lives_.tell(change); });
    members_.push_back(std::move(member));
  }
  open_wires(plan.wires);
}

// Before any plugin starts, so that no message of theirs is missed.
void Supervisor::open_wires(const std::vector<WirePlan>& wires) {
  for (const WirePlan& planned : wires) {
    auto entry = environment_.exchange.registry().open_channel(planned.from, "the manifest's wire",
                                                               planned.from_schema);
    if (!entry) {
      logger_.error("a wire could not be opened", {{"error", entry.error().text()}});
      continue;
    }
    auto wire =
        std::make_shared<wire::Wire>(planned.wire, planned.step_schemas, *entry,
                                     environment_.exchange, environment_.sink.logger("wire"));
    wire->start();
    wires_.push_back(std::move(wire));
  }
}

void Supervisor::start(Done done) {
  start_next(0, done);
}

void Supervisor::start_next(std::size_t index, const Done& done) {
  if (stopping_) {
    done(error::Error(BP_E_CANCELLED, "stopped while starting"));
    return;
  }
  if (index == members_.size()) {
    done(std::nullopt);
    return;
  }
  Member& member = *members_[index];
  const std::uint64_t began = runtime::now_ns();
  member.start([this, index, done, &member, began](std::optional<error::Error> error) {
    if (error) {
      start_failed(index, std::move(*error), done);
      return;
    }
    logger_.info("plugin started", {{"plugin_id", member.id()},
                                    {"version", member.planned().facts->description.version},
                                    {"after_ms", (runtime::now_ns() - began) / 1'000'000}});
    start_next(index + 1, done);
  });
}

void Supervisor::start_failed(std::size_t index, error::Error error, const Done& done) {
  Member& member = *members_[index];
  error = std::move(error).during("starting plugin '" + member.id() + "'");
  member.stop(false, [this, index, done, error,
                      &member](const std::optional<error::Error>& /*stopped*/) {
    member.set_state(State::failed, error.text());
    const manifest::OnStartError policy = member.planned().entry.on_start_error;
    if (policy == manifest::OnStartError::Fail && member.planned().entry.required) {
      done(error);
      return;
    }
    logger_.error("a plugin did not start", {{"plugin_id", member.id()}, {"error", error.text()}});
    if (policy == manifest::OnStartError::Retry && !member.planned().refusal) {
      recover(member, error.text());
    }
    start_next(index + 1, done);
  });
}

void Supervisor::faulted(Member& member, const error::Error& error) {
  if (stopping_ || member.state() != State::running) {
    return;
  }
  logger_.error("a plugin failed", {{"plugin_id", member.id()}, {"error", error.text()}});
  member.stop(false,
              [this, &member, text = error.text()](const std::optional<error::Error>& /*stopped*/) {
                member.set_state(State::failed, text);
                if (member.planned().entry.restart.policy != manifest::RestartPolicy::Never) {
                  recover(member, text);
                } else if (member.planned().entry.required && lost_) {
                  lost_(member.id());
                }
              });
}

void Supervisor::recover(Member& member, const std::string& reason) {
  const auto delay_ns = member.backoff().next_delay_ns(runtime::now_ns());
  if (!delay_ns) {
    member.set_state(State::quarantined, "too many restarts: " + reason);
    logger_.error("a plugin is quarantined",
                  {{"plugin_id", member.id()},
                   {"reason", reason},
                   {"fix", "mend the cause, then: backplane ctl quarantine-clear " + member.id()}});
    if (member.planned().entry.required && lost_) {
      lost_(member.id());
    }
    return;
  }
  member.set_state(State::backoff, reason);
  environment_.runtime.timers().add(runtime::now_ns() + *delay_ns, 0,
                                    [this, &member](std::uint64_t) {
                                      environment_.control([this, &member] {
                                        if (!stopping_ && member.state() == State::backoff) {
                                          start_again(member);
                                        }
                                      });
                                    });
}

void Supervisor::start_again(Member& member) {
  member.count_restart();
  member.start([this, &member](std::optional<error::Error> error) {
    if (!error) {
      logger_.info("plugin restarted",
                   {{"plugin_id", member.id()}, {"restarts", member.status().restarts}});
      return;
    }
    const std::string text = error->text();
    logger_.error("a plugin did not start again", {{"plugin_id", member.id()}, {"error", text}});
    member.stop(false, [this, &member, text](const std::optional<error::Error>& /*stopped*/) {
      member.set_state(State::failed, text);
      recover(member, text);
    });
  });
}

void Supervisor::stop(Done done) {
  stopping_ = true;
  stop_next(members_.size(), done);
}

void Supervisor::stop_next(std::size_t remaining, const Done& done) {
  if (remaining == 0) {
    for (const std::shared_ptr<wire::Wire>& wire : wires_) {
      wire->stop();
    }
    done(hung() == 0
             ? std::nullopt
             : std::optional(error::Error(BP_E_TIMEOUT, "an instance hangs and was left behind")));
    return;
  }
  Member& member = *members_[remaining - 1];
  const bool graceful = member.state() == State::running;
  member.stop(graceful, [this, remaining, done](const std::optional<error::Error>& /*stopped*/) {
    stop_next(remaining - 1, done);
  });
}

Member* Supervisor::find(const std::string& id, const Done& done) {
  std::vector<std::string> names;
  for (const std::unique_ptr<Member>& member : members_) {
    if (member->id() == id) {
      if (member->state() == State::starting || member->state() == State::draining || stopping_) {
        done(error::Error(BP_E_STATE, "plugin '" + id + "' is " +
                                          std::string(state_name(member->state())) +
                                          " at this moment; try again when that has ended"));
        return nullptr;
      }
      return member.get();
    }
    names.push_back(member->id());
  }
  done(error::Error(BP_E_NOT_FOUND, "no plugin '" + id + "'" + name::hint(id, names)));
  return nullptr;
}

void Supervisor::restart(const std::string& id, Done done) {
  Member* member = find(id, done);
  if (member == nullptr) {
    return;
  }
  member->stop(member->state() == State::running,
               [this, member, done](const std::optional<error::Error>& /*ended*/) {
                 member->count_restart();
                 member->start([this, member, done](std::optional<error::Error> error) {
                   if (error) {
                     const error::Error told =
                         std::move(*error).during("starting plugin '" + member->id() + "'");
                     member->stop(false, [this, member, told,
                                          done](const std::optional<error::Error>& /*stopped*/) {
                       member->set_state(State::failed, told.text());
                       done(told);
                     });
                     return;
                   }
                   logger_.info("plugin restarted by the operator", {{"plugin_id", member->id()}});
                   done(std::nullopt);
                 });
               });
}

void Supervisor::stop_one(const std::string& id, Done done) {
  if (Member* member = find(id, done)) {
    member->stop(
        member->state() == State::running, [member, done](std::optional<error::Error> error) {
          member->set_state(State::stopped, error ? error->text() : "stopped by the operator");
          done(std::move(error));
        });
  }
}

void Supervisor::start_one(const std::string& id, Done done) {
  Member* member = find(id, done);
  if (member == nullptr) {
    return;
  }
  if (member->state() == State::running) {
    done(error::Error(BP_E_STATE, "plugin '" + id + "' is " +
                                      std::string(state_name(member->state())) + " already"));
    return;
  }
  restart(id, std::move(done));
}

void Supervisor::clear_quarantine(const std::string& id, Done done) {
  Member* member = find(id, done);
  if (member == nullptr) {
    return;
  }
  if (member->state() != State::quarantined) {
    done(error::Error(BP_E_STATE, "plugin '" + id + "' is " +
                                      std::string(state_name(member->state())) +
                                      ", not quarantined"));
    return;
  }
  member->backoff().clear();
  restart(id, std::move(done));
}

std::vector<Status> Supervisor::statuses() const {
  std::vector<Status> statuses;
  for (const std::unique_ptr<Member>& member : members_) {
    statuses.push_back(member->status());
  }
  return statuses;
}

unsigned Supervisor::hung() const noexcept {
  unsigned count = 0;
  for (const std::unique_ptr<Member>& member : members_) {
    count += member->hung();
  }
  return count;
}

}  // namespace host::supervisor
