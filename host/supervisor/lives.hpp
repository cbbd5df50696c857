// host/supervisor/lives.hpp - who is told when an instance changes its state.
//
// Owns: the listeners' callbacks. Thread: any. Errors: none. A callback runs on the thread that
// made the change, one at a time, and must neither listen nor stop listening; none runs after its
// Listener is gone.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace host::supervisor {

enum class State : std::uint8_t;

// The wall clock.
[[nodiscard]] inline std::int64_t unix_ms_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct LifeChange {
  std::string id;
  State state{};
  std::string reason;
  std::int64_t unix_ms = 0;
};

class Lives {
 public:
  using Told = std::function<void(const LifeChange&)>;

 private:
  struct Listeners {
    std::mutex mutex;
    std::list<Told> told;
  };

 public:
  // Until it goes; it may outlive the Lives.
  class Listener {
   public:
    Listener() = default;

    Listener(std::shared_ptr<Listeners> among, std::list<Told>::iterator place)
        : among_(std::move(among)), place_(place) {}

    Listener(Listener&& other) noexcept = default;

    Listener& operator=(Listener&& other) noexcept {
      end();
      among_ = std::move(other.among_);
      place_ = other.place_;
      return *this;
    }

    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    ~Listener() { end(); }

   private:
    void end() {
      if (const auto among = std::exchange(among_, nullptr)) {
        const std::lock_guard lock(among->mutex);
        among->told.erase(place_);
      }
    }

    std::shared_ptr<Listeners> among_;
    std::list<Told>::iterator place_;
  };

  [[nodiscard]] Listener listen(Told told) {
    const std::lock_guard lock(listeners_->mutex);
    return {listeners_, listeners_->told.insert(listeners_->told.end(), std::move(told))};
  }

  void tell(const LifeChange& change) const {
    const std::lock_guard lock(listeners_->mutex);
    for (const Told& told : listeners_->told) {
      told(change);
    }
  }

 private:
  std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
};

}  // namespace host::supervisor
