// tests/stress/crew.hpp - puppets: real plugin files under a real host in this process, whose
// conduct is written here.
//
// Owns: the host. Thread: the test's, except where said. Errors: std::runtime_error.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/backplane.h"

#include "tests/bench/ours/place.hpp"
#include "tests/bench/ours/world.hpp"
#include "tests/stress/puppet/strings.h"

namespace stress {

// splitmix64
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  std::uint64_t operator()() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30U) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27U) * 0x94d049bb133111ebU;
    return z ^ z >> 31U;
  }

  // 0 .. bound - 1
  std::uint64_t below(std::uint64_t bound) { return (*this)() % bound; }

  bool one_in(std::uint64_t times) { return below(times) == 0; }

 private:
  std::uint64_t state_;
};

// From the environment: "STRESS_SECONDS", 3
[[nodiscard]] inline std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 0);
}

// STRESS_SEED, or one of its own; told on stdout, so that what failed can be played again.
[[nodiscard]] std::uint64_t seed();

[[nodiscard]] inline bp_str text(std::string_view text) {
  return {text.data(), text.size()};
}

[[nodiscard]] inline bp_error room_for_error() {
  bp_error error;
  error.struct_size = sizeof error;
  error.code = BP_OK;
  error.n_context = error.text_len = 0;
  return error;
}

// One life of a puppet, with the law's tables. Made in create(), gone in destroy().
class Life {
 public:
  Life(const bp_host* its_host, bp_inst its_instance)
      : host(its_host),
        instance(its_instance),
        core(table<bp_core>(BP_CORE_ID)),
        chan(table<bp_chan_api>(BP_CHAN_ID)),
        svc(table<bp_svc_api>(BP_SVC_ID)),
        json(table<bp_json_api>(BP_JSON_ID)),
        state(table<bp_state_api>(BP_STATE_ID)),
        trace(table<bp_trace_api>(BP_TRACE_ID)),
        metric(table<bp_metric_api>(BP_METRIC_ID)) {}

  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;
  virtual ~Life() = default;

  // Strand.
  virtual void on_event(const bp_event& event) = 0;

  virtual void batch_ended() {}

  void complete(const bp_event& event, bp_status status = BP_OK) const {
    core->complete(host, event.handle, status, nullptr);
  }

  [[nodiscard]] static bp_chan_desc desc(std::string_view name, std::uint32_t kind,
                                         std::uint32_t direction) {
    bp_chan_desc made{};
    made.struct_size = sizeof made;
    made.kind = kind;
    made.direction = direction;
    made.name = text(name);
    made.type = text("bytes");
    return made;
  }

  // 0 when it is refused.
  [[nodiscard]] bp_chan open(const bp_chan_desc& desc, std::uint64_t token) const {
    bp_chan handle = 0;
    return chan->open(host, instance, &desc, token, &handle, nullptr) == BP_OK ? handle : 0;
  }

  const bp_host* const host;
  const bp_inst instance;
  const bp_core* const core;
  const bp_chan_api* const chan;
  const bp_svc_api* const svc;
  const bp_json_api* const json;
  const bp_state_api* const state;
  const bp_trace_api* const trace;
  const bp_metric_api* const metric;

 private:
  template <typename Table>
  [[nodiscard]] const Table* table(const char* id) const {
    return static_cast<const Table*>(host->query(host, id));
  }
};

// What a puppet does in each of its lives.
using Conduct = std::function<std::unique_ptr<Life>(const bp_host* host, bp_inst instance)>;

class Crew {
 public:
  explicit Crew(unsigned workers) : workers_(workers) {}

  // Before start().
  void add(std::string id, Conduct conduct);

  void start();

  // STOP, destroy and a new life.
  void restart(const std::string& id) { world_->restart(id); }

  void stop() { world_.reset(); }

  [[nodiscard]] const bench::World& world() const { return *world_; }

  // Of the present life. Any thread, while nobody restarts it.
  void post(const std::string& id, std::uint64_t token) const;

 private:
  struct Puppet {
    std::string id;
    Conduct conduct;
    puppet_strings strings{};
    Life* life = nullptr;  // the present one
  };

  unsigned workers_;
  bench::Place place_{PUPPET_DIR};
  std::vector<std::unique_ptr<Puppet>> puppets_;
  std::unique_ptr<bench::World> world_;  // ends before the puppets
};

}  // namespace stress
