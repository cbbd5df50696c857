// host/runtime/sleepers.hpp - how many workers look for work or sleep, and who is woken when.
//
// Owns: two counts and the word that sleepers wait on. Thread: any. Errors: none.
#pragma once

#include <atomic>
#include <cstdint>

namespace host::runtime {

// No wake is lost, by one rule on each side:
//   whoever makes work   first makes it visible, then looks at the counts (wake_one);
//   whoever goes to bed  first changes the counts, then looks for work (lie_down, get_up).
// A sequentially consistent fence stands between the two steps on both sides, so not both can miss:
// the maker sees the sleeper, or the sleeper sees the work. The same holds for a maker that wakes
// nobody because one searches already: the searcher leaves that count before its last look, both
// when it finds something (end_search) and when it lies down.
//
// Sleepers are counted, not named. Waking one moves it from `sleeping` to `searching` and leaves a
// wake for it, so each sleep costs at most one wake, and while it is on its way nobody wakes more.
class Sleepers {
 public:
  // After work was made visible: wakes one sleeper, unless someone searches already.
  void wake_one() noexcept;

  // False when half of the workers search already.
  [[nodiscard]] bool begin_search(unsigned workers) noexcept;

  // True when nobody searches any more and some sleep: look whether there is work for them.
  [[nodiscard]] bool end_search() noexcept;

  // From awake (and searching, perhaps) to sleeping. Look for work then, and get_up() or wait().
  void lie_down(bool searching) noexcept;

  // Up and searching, for the maker of what was seen may have relied on that. False when a wake is
  // on its way already: then wait() for it.
  [[nodiscard]] bool get_up() noexcept;

  // Until woken; the one that was woken is searching.
  void wait() noexcept;

  // For good: nobody sleeps after this.
  void wake_all(std::uint32_t workers) noexcept;

  [[nodiscard]] std::uint32_t sleeping() const noexcept;

 private:
  // Searching in the low half, sleeping in the high half: both change in one step.
  alignas(64) std::atomic<std::uint32_t> counts_{0};
  // One for each sleeper that was chosen and did not get up yet.
  alignas(64) std::atomic<std::uint32_t> wakes_{0};
};

}  // namespace host::runtime
