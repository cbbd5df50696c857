// host/runtime/callback.hpp - a function that is kept in place instead of on the heap.
//
// Owns: what the function captured. Thread: one at a time. Errors: none.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace host::runtime {

// Captures of a timer: a weak pointer, a few numbers. Larger ones go to the heap.
inline constexpr std::size_t callback_bytes_max = 48;

template <class Signature>
class Callback;

// std::function allocates for whatever is not trivially copyable, a weak_ptr for instance.
template <class Result, class... Arguments>
class Callback<Result(Arguments...)> {
 public:
  Callback() noexcept = default;

  template <class Function>
    requires(!std::same_as<std::remove_cvref_t<Function>, Callback> &&
             std::is_invocable_r_v<Result, std::remove_cvref_t<Function>&, Arguments...>)
  Callback(Function&& function) {  // NOLINT(google-explicit-constructor): as std::function
    using Kept = std::remove_cvref_t<Function>;
    if constexpr (fits<Kept>) {
      ::new (static_cast<void*>(room_.data())) Kept(std::forward<Function>(function));
      operations_ = &in_place<Kept>;
    } else {
      ::new (static_cast<void*>(room_.data()))
          std::unique_ptr<Kept>(std::make_unique<Kept>(std::forward<Function>(function)));
      operations_ = &on_heap<Kept>;
    }
  }

  Callback(Callback&& other) noexcept : operations_(std::exchange(other.operations_, nullptr)) {
    if (operations_ != nullptr) {
      operations_->move(room_.data(), other.room_.data());
    }
  }

  Callback& operator=(Callback&& other) noexcept {
    if (this != &other) {
      reset();
      operations_ = std::exchange(other.operations_, nullptr);
      if (operations_ != nullptr) {
        operations_->move(room_.data(), other.room_.data());
      }
    }
    return *this;
  }

  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;

  ~Callback() { reset(); }

  explicit operator bool() const noexcept { return operations_ != nullptr; }

  Result operator()(Arguments... arguments) {
    return operations_->call(room_.data(), std::forward<Arguments>(arguments)...);
  }

 private:
  struct Operations {
    Result (*call)(std::byte*, Arguments...);
    void (*move)(std::byte* to, std::byte* from) noexcept;  // `from` is destroyed
    void (*destroy)(std::byte*) noexcept;
  };

  template <class Kept>
  static constexpr bool fits =
      sizeof(Kept) <= callback_bytes_max && alignof(Kept) <= alignof(std::max_align_t) &&
      std::is_nothrow_move_constructible_v<Kept>;

  template <class Kept>
  static Kept& kept(std::byte* room) noexcept {
    return *std::launder(reinterpret_cast<Kept*>(room));
  }

  template <class Kept>
  static void move_kept(std::byte* to, std::byte* from) noexcept {
    ::new (static_cast<void*>(to)) Kept(std::move(kept<Kept>(from)));
    std::destroy_at(&kept<Kept>(from));
  }

  template <class Kept>
  static void destroy_kept(std::byte* room) noexcept {
    std::destroy_at(&kept<Kept>(room));
  }

  template <class Kept>
  static Result call_in_place(std::byte* room, Arguments... arguments) {
    return kept<Kept>(room)(std::forward<Arguments>(arguments)...);
  }

  template <class Kept>
  static Result call_on_heap(std::byte* room, Arguments... arguments) {
    return (*kept<std::unique_ptr<Kept>>(room))(std::forward<Arguments>(arguments)...);
  }

  template <class Kept>
  static constexpr Operations in_place{&call_in_place<Kept>, &move_kept<Kept>, &destroy_kept<Kept>};
  template <class Kept>
  static constexpr Operations on_heap{&call_on_heap<Kept>, &move_kept<std::unique_ptr<Kept>>,
                                      &destroy_kept<std::unique_ptr<Kept>>};

  void reset() noexcept {
    if (operations_ != nullptr) {
      std::exchange(operations_, nullptr)->destroy(room_.data());
    }
  }

  const Operations* operations_ = nullptr;
  alignas(std::max_align_t) std::array<std::byte, callback_bytes_max> room_;
};

}  // namespace host::runtime
