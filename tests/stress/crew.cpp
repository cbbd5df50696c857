// tests/stress/crew.cpp - strings from the plugin files to the lives in this program.
#include "tests/stress/crew.hpp"

#include <random>
#include <stdexcept>

#include <fmt/format.h>

namespace stress {

std::uint64_t seed() {
  const std::uint64_t chosen = setting("STRESS_SEED", std::random_device{}());
  fmt::print("STRESS_SEED={}\n", chosen);
  return chosen;
}

void Crew::add(std::string id, Conduct conduct) {
  puppets_.push_back(std::make_unique<Puppet>());
  Puppet& puppet = *puppets_.back();
  puppet.id = std::move(id);
  puppet.conduct = std::move(conduct);
  puppet.strings.role = &puppet;
  puppet.strings.create = [](void* role, const bp_host* host, bp_inst instance) -> void* {
    auto& mine = *static_cast<Puppet*>(role);
    mine.life = mine.conduct(host, instance).release();
    return mine.life;
  };
  puppet.strings.on_events = [](void* self, const bp_event* first, std::uint32_t stride,
                                std::uint32_t count) {
    auto& life = *static_cast<Life*>(self);
    for (std::uint32_t i = 0; i < count; ++i) {
      life.on_event(*reinterpret_cast<const bp_event*>(reinterpret_cast<const char*>(first) +
                                                       std::size_t{stride} * i));
    }
    life.batch_ended();
  };
  puppet.strings.destroy = [](void* self) { delete static_cast<Life*>(self); };
}

void Crew::start() {
  std::vector<bench::Card> cards;
  for (const auto& puppet : puppets_) {
    cards.push_back({puppet->id, place_.copy_of("puppet"), &puppet->strings});
  }
  world_ = std::make_unique<bench::World>(place_, workers_, cards);
  world_->start();
}

void Crew::post(const std::string& id, std::uint64_t token) const {
  for (const auto& puppet : puppets_) {
    if (puppet->id == id) {
      if (puppet->life->core->post(puppet->life->host, puppet->life->instance, token) != BP_OK) {
        throw std::runtime_error("'" + id + "' cannot be woken");
      }
      return;
    }
  }
  throw std::runtime_error("there is no puppet '" + id + "'");
}

}  // namespace stress
