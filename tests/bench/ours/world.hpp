// tests/bench/ours/world.hpp - a whole host in this process, as host/daemon builds it, without the
// control socket: manifest, plan, loader, supervisor, slots.
//
// Owns: everything it starts. Thread: one. Errors: std::runtime_error with the host's text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/ours/place.hpp"
#include "tests/bench/plugins/board.h"

namespace bench {

struct Card {
  std::string id;
  std::filesystem::path library;
  const bench_board* board = nullptr;  // null: a plugin without configuration
};

class World {
 public:
  World(Place& place, unsigned workers, const std::vector<Card>& cards);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  // Loads and starts every plugin; the constructor only made the plan from their files.
  void start();

  // Waits until `done` was posted `times` times; throws when a plugin failed meanwhile, or after
  // half a minute.
  void wait(sem_t& done, unsigned times);

  // The sum of all series of a counter.
  [[nodiscard]] std::uint64_t counter(const std::string& name) const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace bench
