// tests/bench/ours/world.hpp - a whole host in this process, as host/daemon builds it, without the
// control socket: manifest, plan, loader, supervisor, slots.
//
// Owns: everything it starts. Thread: one. Errors: std::runtime_error with the host's text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <semaphore.h>
#include <string>
#include <vector>

#include "tests/bench/ours/place.hpp"

namespace host::message {
class Pool;
}

namespace host::registry {
class Registry;
}

namespace host::supervisor {
struct Status;
}

namespace bench {

struct Card {
  std::string id;
  std::filesystem::path library;
  const void* board = nullptr;  // its address is the plugin's configuration
  std::string config = {};      // without a board, as JSON; empty: none
};

class World {
 public:
  World(Place& place, unsigned workers, const std::vector<Card>& cards);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  // Loads and starts every plugin; the constructor only made the plan from their files.
  void start();

  // One plugin: STOP, then START; throws when it does not come back.
  void restart(const std::string& id);

  // Waits until `done` was posted `times` times; throws when a plugin failed meanwhile, or after
  // half a minute.
  void wait(sem_t& done, unsigned times);

  // The sum of all series of a counter.
  [[nodiscard]] std::uint64_t counter(const std::string& name) const;

  [[nodiscard]] const host::message::Pool& pool() const;
  [[nodiscard]] const host::registry::Registry& registry() const;
  [[nodiscard]] std::vector<host::supervisor::Status> statuses() const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace bench
