// host/registry/watch.hpp - who is told when channels and services appear and go.
//
// Owns: the events not yet told. Thread: any. Errors: none.
//
// A watcher is told by the thread that made the change, behind all locks; when another thread is
// telling it already, that one goes on. So a callback runs on one thread at a time, in the order of
// the changes, and should be short: hand over to a strand what takes long.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace host::registry {

inline constexpr std::size_t watches_max = 1'024;
// Not yet told, of one watcher: twice what a full registry begins with.
inline constexpr std::size_t events_pending_max = 262'144;

enum class Change : std::uint8_t {
  Appeared,
  Gone,
  Missed,  // so many events that the watcher fell behind: it has to look at the registry again
};

enum class Kind : std::uint8_t { Channel, Service };

struct Event {
  Change change = Change::Appeared;
  Kind kind = Kind::Channel;
  std::string name;
  std::uint32_t major = 0;  // of a service
  std::uint32_t minor = 0;
  std::string owner;         // who provides it; of a channel: who opened it first
  std::uint64_t missed = 0;  // of Change::Missed: how many
  std::string type = {};     // of a channel
  std::uint32_t channel_kind = 0;
  bool existing = false;  // Appeared: was there when the watch began

  friend bool operator==(const Event&, const Event&) = default;
};

// What one change of the registry did is never cut into two batches. Must not throw.
using Told = std::function<void(std::span<const Event>)>;

class Watcher {
 public:
  // `existing` is told by start(), before anything else.
  Watcher(std::string pattern, Told told, std::vector<Event> existing);

  [[nodiscard]] bool wants(const Event& event) const;

  // In the order of the changes: under the registry's lock.
  void add(std::span<const Event> events);

  void start();
  void tell();

  // Nothing is told afterwards. Waits for a callback that runs on another thread.
  void close();

 private:
  void tell_all(std::unique_lock<std::mutex>& lock);

  const std::string pattern_;
  const Told told_;
  std::mutex mutex_;
  std::condition_variable silent_;
  std::vector<Event> pending_;
  std::uint64_t missed_ = 0;
  std::thread::id teller_;  // whose stack the callback is on, or will be
  bool closed_ = false;
};

class Registry;

// Until it goes. Not to be destroyed under a lock that the callback takes; the callback itself may
// destroy it.
class Watch {
 public:
  Watch() = default;

  Watch(Registry& registry, std::shared_ptr<Watcher> watcher)
      : registry_(&registry), watcher_(std::move(watcher)) {}

  Watch(Watch&& other) noexcept = default;
  Watch& operator=(Watch&& other) noexcept;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch();

 private:
  void end();

  Registry* registry_ = nullptr;
  std::shared_ptr<Watcher> watcher_;
};

}  // namespace host::registry
