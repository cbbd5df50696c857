// host/slot/name_watch.hpp - what one watch of bp.registry/1 is to tell next: one entry a name.
//
// Changes of a name that was not told yet are merged, so that what waits is bounded by the names
// there are, and not by how often they change.
//
// Owns: what waits, and which names were told. Thread: any. Errors: none.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/registry/watch.hpp"

namespace host::slot {

class NameWatch {
 public:
  using Sees = std::function<bool(const registry::Event&)>;
  using Present = std::function<std::vector<registry::Event>()>;

  // `sees`: which names may be told. `present`: all that are there, for when events were missed.
  NameWatch(Sees sees, Present present) : sees_(std::move(sees)), present_(std::move(present)) {}

  // What happened, in order. True: take() has something, and was not told of that yet.
  [[nodiscard]] bool note(std::span<const registry::Event> events);

  // What was noted until now is the snapshot. Until then note() answers false.
  [[nodiscard]] bool end_snapshot();

  struct News {
    std::uint32_t method = 0;               // BP_REGISTRY_*
    std::uint64_t changes = 0;              // of SNAPSHOT_END: names
    const registry::Event* what = nullptr;  // null: SNAPSHOT_END
  };

  // `accept` gets what comes next, and answers whether it was taken. True: call again. False:
  // note() says when; also after something was not taken.
  [[nodiscard]] bool take(const std::function<bool(const News&)>& accept);

 private:
  struct Name {
    registry::Event what;
    std::uint64_t changes = 0;
    bool there = false;
    bool told = false;  // as being there
    bool waits = false;
    std::list<std::string>::iterator place;  // while it waits
  };

  void note_one(const registry::Event& event);
  void look_again();
  [[nodiscard]] bool arm();

  const Sees sees_;
  const Present present_;
  std::mutex mutex_;
  std::unordered_map<std::string, Name> names_;
  std::list<std::string> order_;  // keys of what waits; the empty one is the end of the snapshot
  std::uint64_t told_ = 0;        // names, until the snapshot's end
  bool open_ = false;             // the snapshot is complete
  bool armed_ = false;            // somebody is going to call take()
};

}  // namespace host::slot
