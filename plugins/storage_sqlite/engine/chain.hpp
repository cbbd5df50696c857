// plugins/storage_sqlite/engine/chain.hpp - items in a row, each with the pointer to the next one
// in itself: a queue that takes no memory of its own.
//
//   struct Letter { Letter* next = nullptr; ... };
//   Chain<Letter> letters;
//   letters.push_back(std::make_unique<Letter>(...));
//   for (Letter& one : letters) { ... }
//   while (std::unique_ptr<Letter> one = letters.pop_front()) { ... }
//
// Owns: its items. Thread: one at a time.
#pragma once

#include <memory>
#include <utility>

namespace storage_sqlite::engine {

template <typename Item>
class Chain {
 public:
  class Iterator {
   public:
    explicit Iterator(Item* at) noexcept : at_(at) {}

    [[nodiscard]] Item& operator*() const noexcept { return *at_; }

    Iterator& operator++() noexcept {
      at_ = at_->next;
      return *this;
    }

    [[nodiscard]] bool operator==(const Iterator&) const noexcept = default;

   private:
    Item* at_;
  };

  Chain() = default;
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

  Chain(Chain&& other) noexcept
      : first_(std::exchange(other.first_, nullptr)), last_(std::exchange(other.last_, nullptr)) {}

  Chain& operator=(Chain&& other) noexcept {
    if (this != &other) {
      clear();
      first_ = std::exchange(other.first_, nullptr);
      last_ = std::exchange(other.last_, nullptr);
    }
    return *this;
  }

  ~Chain() { clear(); }

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

  /// There must be one.
  [[nodiscard]] Item& front() const noexcept { return *first_; }

  [[nodiscard]] Iterator begin() const noexcept { return Iterator(first_); }

  [[nodiscard]] Iterator end() const noexcept { return Iterator(nullptr); }

  void push_back(std::unique_ptr<Item> item) noexcept {
    Item* const added = item.release();
    added->next = nullptr;
    (last_ == nullptr ? first_ : last_->next) = added;
    last_ = added;
  }

  /// Null: there is none.
  [[nodiscard]] std::unique_ptr<Item> pop_front() noexcept {
    std::unique_ptr<Item> item(first_);
    if (item != nullptr) {
      first_ = std::exchange(item->next, nullptr);
      last_ = first_ == nullptr ? nullptr : last_;
    }
    return item;
  }

  /// All of `other`, in front of what is here.
  void prepend(Chain other) noexcept {
    if (other.empty()) {
      return;
    }
    other.last_->next = first_;
    last_ = last_ == nullptr ? other.last_ : last_;
    first_ = std::exchange(other.first_, nullptr);
    other.last_ = nullptr;
  }

  /// What comes after `item`, which is here.
  [[nodiscard]] Chain cut_after(Item& item) noexcept {
    Chain rest;
    if (item.next != nullptr) {
      rest.first_ = std::exchange(item.next, nullptr);
      rest.last_ = std::exchange(last_, &item);
    }
    return rest;
  }

 private:
  void clear() noexcept {
    while (pop_front() != nullptr) {
    }
  }

  Item* first_ = nullptr;
  Item* last_ = nullptr;
};

}  // namespace storage_sqlite::engine
