// backplane/cpp/running.hpp - the calls that tasks are answering. Not for authors.
//
// Since: 1.0. Thread: strand. Owns: each call its request and its scope; the table nothing. Blocks:
// no. Once warm, a call takes nothing from malloc here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/engine.hpp"
#include "backplane/cpp/message.hpp"

namespace bp::detail {

/// A call until it is answered, in one block of the engine's pool.
struct running_call {
  struct end {
    void operator()(running_call* it) const noexcept {
      kit::frame_pool* pool = it->one.of->frames();
      it->~running_call();
      pool->release(it, sizeof(running_call));
    }
  };

  using pointer = std::unique_ptr<running_call, end>;

  [[nodiscard]] static pointer make(engine& in, const bp_event& event) {
    static_assert(alignof(running_call) <= alignof(std::max_align_t));
    return pointer(::new (in.frames()->allocate(sizeof(running_call))) running_call(in, event));
  }

  delivery one;
  cancel_scope scope;
  buffer request;
  running_call* next = nullptr;  // of its bucket

 private:
  running_call(engine& in, const bp_event& event) : one(in, event), scope(&in.working) {}

  ~running_call() = default;
};

/// By their handles.
class running_calls {
 public:
  /// `call` lives until it is removed.
  void add(running_call& call) {
    if (count_ == buckets_.size()) {
      grow();
    }
    push(call);
    ++count_;
  }

  void remove(const running_call& call) noexcept {
    running_call** at = &bucket_of(call.one.handle);
    while (*at != &call) {
      at = &(*at)->next;
    }
    *at = call.next;
    --count_;
  }

  /// Null: there is none.
  [[nodiscard]] running_call* find(bp_call handle) noexcept {
    running_call* at = count_ == 0 ? nullptr : bucket_of(handle);
    while (at != nullptr && at->one.handle != handle) {
      at = at->next;
    }
    return at;
  }

 private:
  static constexpr std::size_t buckets_min = 16;

  /// Buckets are a power of two, and handles count up in some of their bits.
  [[nodiscard]] running_call*& bucket_of(bp_call handle) noexcept {
    constexpr std::uint64_t scatter = 0x9E3779B97F4A7C15U;
    constexpr unsigned upper = 32;
    return buckets_[(handle * scatter >> upper) & (buckets_.size() - 1)];
  }

  void push(running_call& call) noexcept {
    running_call*& bucket = bucket_of(call.one.handle);
    call.next = bucket;
    bucket = &call;
  }

  void grow() {
    std::vector<running_call*> before(buckets_.empty() ? buckets_min : 2 * buckets_.size());
    before.swap(buckets_);
    for (running_call* at : before) {
      while (at != nullptr) {
        running_call& call = *at;
        at = call.next;
        push(call);
      }
    }
  }

  std::vector<running_call*> buckets_;
  std::size_t count_ = 0;
};

}  // namespace bp::detail
