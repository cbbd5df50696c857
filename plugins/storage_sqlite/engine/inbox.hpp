// plugins/storage_sqlite/engine/inbox.hpp - many threads put in, one takes all out, in order and
// without a lock.
//
//   struct Letter { Letter* next = nullptr; ... };
//   Inbox<Letter> inbox;
//   inbox.put(std::make_unique<Letter>(...));             // any thread; false: closed
//   Inbox<Letter>::Items letters; inbox.wait(letters);    // the one thread
//   inbox.close();                                        // what is inside still comes
//
// Putting is one compare-and-swap onto a list that the taker carries off whole, so the taker is
// woken once per list and no item can come back while somebody still looks at it (no ABA). Owns:
// its items. Thread: put() and close() any; wait() and take() one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "engine/chain.hpp"

namespace storage_sqlite::engine {

template <typename Item>
class Inbox {
 public:
  using Items = Chain<Item>;

  Inbox() = default;
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;
  Inbox(Inbox&&) = delete;
  Inbox& operator=(Inbox&&) = delete;

  ~Inbox() {
    Items rest;
    take(rest);
  }

  /// False: closed; the item is gone.
  bool put(std::unique_ptr<Item> item) {
    Item* newest = newest_.load(std::memory_order_relaxed);
    do {
      if (newest == closed()) {
        return false;
      }
      item->next = newest;
    } while (!newest_.compare_exchange_weak(newest, item.get(), std::memory_order_release,
                                            std::memory_order_relaxed));
    (void)item.release();
    if (newest == nullptr) {  // else it was full already, and the taker was told of that
      wake();
    }
    return true;
  }

  /// Nothing goes in once the taker has seen this; wait() then gives what is inside, and after that
  /// nothing.
  void close() noexcept {
    closing_.store(true, std::memory_order_release);
    wake();
  }

  /// Adds what is there to the end of `to`, oldest first. Does not wait.
  void take(Items& to) { (void)carry_off(to, nullptr); }

  /// The same, but waits for something. Nothing was added: closed and empty.
  void wait(Items& to) {
    for (;;) {
      const std::uint32_t seen = wakes_.load(std::memory_order_acquire);
      if (closing_.load(std::memory_order_acquire)) {
        (void)carry_off(to, closed());
        return;
      }
      if (carry_off(to, nullptr)) {
        return;
      }
      wakes_.wait(seen, std::memory_order_acquire);
    }
  }

 private:
  /// What the list begins with once nothing may be put in: no item lies there.
  [[nodiscard]] Item* closed() noexcept { return reinterpret_cast<Item*>(&closing_); }

  void wake() noexcept {
    wakes_.fetch_add(1, std::memory_order_release);
    wakes_.notify_one();
  }

  /// False: nothing was there.
  bool carry_off(Items& to, Item* leave) {
    Item* newest = newest_.load(std::memory_order_relaxed);
    if (newest == closed() || (newest == nullptr && leave == nullptr)) {
      return false;
    }
    newest = newest_.exchange(leave, std::memory_order_acquire);
    const bool any = newest != nullptr;
    Item* oldest = nullptr;  // the list turned round
    while (newest != nullptr) {
      Item* before = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = before;
    }
    while (oldest != nullptr) {
      std::unique_ptr<Item> item(oldest);
      oldest = item->next;
      to.push_back(std::move(item));
    }
    return any;
  }

  std::atomic<Item*> newest_ = nullptr;
  std::atomic<std::uint32_t> wakes_ = 0;
  std::atomic<bool> closing_ = false;
};

}  // namespace storage_sqlite::engine
