// host/admin/events.cpp - one line an event: {"time":...,"event":"gone","what":"service",...}.
#include "host/admin/events.hpp"

#include <utility>

#include <fmt/format.h>

#include "host/admin/time_text.hpp"
#include "host/name/glob.hpp"

namespace host::admin {

namespace {

using error::json_quoted;

constexpr std::size_t lines_per_turn = 64;
constexpr std::uint64_t retry_ns = 20'000'000;  // while the reader has more unread than it may

std::string line_of(std::int64_t unix_ms, std::string_view event, std::string_view rest) {
  return fmt::format("{{\"time\":{},\"event\":{}{}}}\n", json_quoted(time_text(unix_ms)),
                     json_quoted(event), rest);
}

std::string line_of(const registry::Event& event) {
  std::string rest;
  if (event.kind == registry::Kind::Channel) {
    rest = fmt::format(R"(,"what":"channel","name":{},"kind":{},"type":{},"owner":{})",
                       json_quoted(event.name),
                       json_quoted(event.channel_kind == BP_KIND_QUEUE ? "queue" : "broadcast"),
                       json_quoted(event.type), json_quoted(event.owner));
  } else {
    rest = fmt::format(R"(,"what":"service","name":{},"major":{},"minor":{},"owner":{})",
                       json_quoted(event.name), event.major, event.minor, json_quoted(event.owner));
  }
  return line_of(supervisor::unix_ms_now(),
                 event.change == registry::Change::Appeared ? "appeared" : "gone", rest);
}

std::string line_of(const supervisor::LifeChange& change) {
  return line_of(change.unix_ms, supervisor::state_name(change.state),
                 fmt::format(R"(,"what":"instance","name":{},"reason":{})", json_quoted(change.id),
                             json_quoted(change.reason)));
}

std::string line_of_missed(std::uint64_t missed) {
  return line_of(supervisor::unix_ms_now(), "lagged", fmt::format(",\"missed\":{}", missed));
}

}  // namespace

error::Result<void> Events::open(const Source& source, Wanted wanted,
                                 const std::shared_ptr<Responder>& responder) {
  std::shared_ptr<Events> events(new Events(source.runtime, std::move(wanted), responder));
  const std::weak_ptr weak(events);
  events->strand_ = source.runtime.make_strand([weak] {
    const auto self = weak.lock();
    return self && self->take();
  });
  auto listener = source.supervisor.lives().listen([weak](const supervisor::LifeChange& change) {
    if (const auto self = weak.lock()) {
      self->note(change);
    }
  });
  if (events->wanted_.existing) {
    for (const supervisor::Status& status : source.supervisor.statuses()) {
      if (name::matches(events->wanted_.pattern, status.id)) {
        events->add({line_of({status.id, status.state, status.reason, status.since_unix_ms})},
                    true);
      }
    }
  }
  auto watch = source.registry.watch("*", [weak](std::span<const registry::Event> told) {
    if (const auto self = weak.lock()) {
      self->note(told);
    }
  });
  if (!watch) {
    return std::unexpected(std::move(watch).error());
  }
  if (events->wanted_.existing) {
    events->add({line_of(supervisor::unix_ms_now(), "snapshot_end", ""), false}, true);
  }
  responder->begin_stream("application/x-ndjson");
  {
    const std::lock_guard lock(events->mutex_);
    events->watch_ = std::move(*watch);
    events->listener_ = std::move(listener);
    events->begun_ = true;
  }
  // The responder keeps it. At once, and not on another turn: the registry may be gone then.
  responder->on_gone([events] { events->finish(); });
  events->strand_->schedule();
  return {};
}

void Events::note(std::span<const registry::Event> events) {
  for (const registry::Event& event : events) {
    if (event.change == registry::Change::Missed) {
      const std::lock_guard lock(mutex_);
      missed_ += event.missed;
    } else if ((wanted_.existing || !event.existing) &&
               name::matches(wanted_.pattern, event.name)) {
      add({line_of(event)}, event.existing);
    }
  }
  strand_->schedule();
}

void Events::note(const supervisor::LifeChange& change) {
  if (name::matches(wanted_.pattern, change.id)) {
    add({line_of(change)}, false);
    strand_->schedule();
  }
}

void Events::add(Line line, bool existing) {
  const std::lock_guard lock(mutex_);
  if (ended_) {
    return;
  }
  if (!existing && (missed_ > 0 || lines_.size() >= event_lines_max + existing_)) {
    ++missed_;  // until the gap was told: the order holds
    return;
  }
  existing_ += existing ? 1 : 0;
  lines_.push_back(std::move(line));
}

bool Events::take() {
  for (std::size_t i = 0; i < lines_per_turn; ++i) {
    Line line;
    bool later = false;
    {
      const std::lock_guard lock(mutex_);
      if (ended_ || !begun_ || (lines_.empty() && missed_ == 0)) {
        return false;
      }
      later = responder_->full();
      if (!later && lines_.empty()) {
        line = {line_of_missed(std::exchange(missed_, 0)), false};
      } else if (!later) {
        line = std::move(lines_.front());
        lines_.pop_front();
        existing_ -= existing_ > 0 ? 1 : 0;  // they come first
      }
    }
    if (later) {
      runtime_.timers().add(runtime::now_ns() + retry_ns, 0,
                            [strand = strand_](std::uint64_t) { strand->schedule(); });
      return false;
    }
    responder_->write(std::move(line.text));
    told_ += line.counts ? 1 : 0;
    if (wanted_.count != 0 && told_ == wanted_.count) {
      responder_->end();
      finish();
      return false;
    }
  }
  return true;
}

void Events::finish() {
  registry::Watch watch;
  supervisor::Lives::Listener listener;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) {
      return;
    }
    lines_.clear();
    watch = std::move(watch_);
    listener = std::move(listener_);
  }
  responder_->on_gone({});  // it holds this
}

}  // namespace host::admin
