// host/service/limit.hpp - how many calls of one method its provider has at once, and who waits.
//
// A call has a place from when it is submitted until it ended; freed places go to those who wait,
// oldest first. Of the provider, whoever ended the call without its answer tells it so before the
// place is free: among its events, the next call never comes before that of the one it replaces.
//
// Owns: a share in the calls that wait. Thread: any. Errors: as statuses; calls that waited in
// vain are finished. Calls the provider's submit() under its lock, and nothing else.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "host/error/error.hpp"
#include "host/service/call.hpp"

namespace host::service {

class Provider;

class Limit {
 public:
  // `concurrency` at least 1; `queue` may be 0: nobody waits.
  Limit(std::uint32_t concurrency, std::uint32_t queue, std::weak_ptr<Provider> provider,
        std::uint64_t token)
      : concurrency_(concurrency), queue_(queue), provider_(std::move(provider)), token_(token) {}

  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

  // OK: submitted, or it waits. `full`: both limits are reached. Else what submit() said.
  struct Verdict {
    bp_status status = BP_OK;
    bool full = false;
  };

  [[nodiscard]] Verdict enter(const std::shared_ptr<Call>& call);

  // The call ended, once.
  void leave(Call& call);

  // Nobody gets in any more, and who waits is told why.
  void shut(const error::Error& why);

  [[nodiscard]] std::uint32_t concurrency() const noexcept { return concurrency_; }

  [[nodiscard]] std::uint32_t queue() const noexcept { return queue_; }

  struct Load {
    std::size_t working = 0;
    std::size_t waiting = 0;
  };

  [[nodiscard]] Load load() const;

 private:
  using Refused = std::vector<std::pair<std::shared_ptr<Call>, bp_status>>;

  [[nodiscard]] bp_status place(const std::shared_ptr<Call>& call);
  void fill_places(Refused& refused);

  const std::uint32_t concurrency_;
  const std::uint32_t queue_;
  const std::weak_ptr<Provider> provider_;
  const std::uint64_t token_;
  mutable std::mutex mutex_;
  bool shut_ = false;
  std::size_t working_ = 0;
  std::list<std::shared_ptr<Call>> waiting_;  // oldest first; only while no place is free
};

}  // namespace host::service
