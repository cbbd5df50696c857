// host/admin/events.hpp - what appears, goes and changes its state, as JSON lines for `ctl events`.
//
// Owns: a watch of the registry, a listener of the supervisor, and the lines not yet written.
// Thread: any. Errors: BUSY (too many watches); a line that says how many events were missed.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "host/admin/http_server.hpp"
#include "host/error/error.hpp"
#include "host/registry/registry.hpp"
#include "host/runtime/runtime.hpp"
#include "host/supervisor/supervisor.hpp"

namespace host::admin {

inline constexpr std::size_t event_lines_max = 4'096;  // that wait for a slow reader

class Events {
 public:
  struct Wanted {
    std::string pattern = "*";  // of names of channels, services and instances
    std::uint64_t count = 0;    // events, then the stream ends; 0: no end
    bool existing = false;      // first what is there already, and a line where that ends
  };

  struct Source {
    registry::Registry& registry;
    supervisor::Supervisor& supervisor;
    runtime::Runtime& runtime;
  };

  // Streams to `responder` until the reader goes away. An error: nothing was answered.
  [[nodiscard]] static error::Result<void> open(const Source& source, Wanted wanted,
                                                const std::shared_ptr<Responder>& responder);

 private:
  struct Line {
    std::string text;
    bool counts = true;
  };

  Events(runtime::Runtime& runtime, Wanted wanted, std::shared_ptr<Responder> responder)
      : runtime_(runtime), wanted_(std::move(wanted)), responder_(std::move(responder)) {}

  void note(std::span<const registry::Event> events);
  void note(const supervisor::LifeChange& change);
  void add(Line line, bool existing);
  bool take();
  void finish();

  runtime::Runtime& runtime_;
  const Wanted wanted_;
  const std::shared_ptr<Responder> responder_;
  std::shared_ptr<runtime::Strand> strand_;
  std::uint64_t told_ = 0;  // the strand's

  std::mutex mutex_;
  std::deque<Line> lines_;
  std::size_t existing_ = 0;  // of them: told whatever their number
  std::uint64_t missed_ = 0;
  bool begun_ = false;  // lines are written
  bool ended_ = false;
  registry::Watch watch_;
  supervisor::Lives::Listener listener_;
};

}  // namespace host::admin
