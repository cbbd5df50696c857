// tests/bench/peers/standard.cpp - what the standard library and the system offer: promise and
// future, a map behind a shared_mutex, an atomic, memcpy, dlopen.
#include <array>
#include <atomic>
#include <cstring>
#include <dlfcn.h>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <stdexcept>
#include <unordered_map>

#include "tests/bench/peers/peers.hpp"
#include "tests/bench/race/lookup.hpp"
#include "tests/bench/race/memory.hpp"

namespace bench {

namespace {

constexpr std::size_t large_bytes = 65'536;

struct Request {
  Message<16> message;
  std::promise<Message<16>> reply;
};

// The serving thread spins for a request; the asking one sleeps in the future.
Sample promise(std::uint64_t count) {
  std::atomic<Request*> slot{nullptr};
  std::thread server([&] {
    for (std::uint64_t i = 0; i < count; ++i) {
      Request* request = nullptr;
      while ((request = slot.exchange(nullptr, std::memory_order_acquire)) == nullptr) {
        std::this_thread::yield();
      }
      Message<16> reply = request->message;
      for (std::uint64_t& word : reply.words) {
        ++word;
      }
      request->reply.set_value(reply);
    }
  });
  std::array<std::optional<Request>, 2> requests;
  std::uint64_t sum = 0;
  const std::uint64_t begin = bench_now_ns();
  for (std::uint64_t seq = 0; seq < count; ++seq) {
    // The server may still be inside set_value() when the answer is here, but not two later.
    Request& request = requests[seq % requests.size()].emplace();
    request.message.fill(seq);
    auto reply = request.reply.get_future();
    slot.store(&request, std::memory_order_release);
    sum += reply.get().sum();
  }
  const std::uint64_t end = bench_now_ns();
  server.join();
  expect_equal(sum, bench_expected(count, 16) + count * 2, "checksum of replies");
  return {per_operation(begin, end, count), 0};
}

struct Hash {
  using is_transparent = void;

  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

struct Guarded {
  std::shared_mutex mutex;
  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> map;
};

Round lookup(unsigned threads) {
  auto guarded = std::make_shared<Guarded>();
  for (const std::string& name : lookup_names()) {
    guarded->map.emplace(name, guarded->map.size());
  }
  return [guarded, threads](std::uint64_t count) {
    return look_up(count, threads, [&guarded](std::string_view name, std::size_t wanted) {
      const std::shared_lock lock(guarded->mutex);
      const auto found = guarded->map.find(name);
      return found != guarded->map.end() && found->second == wanted;
    });
  };
}

Sample relaxed_atomic(std::uint64_t count) {
  static constexpr std::size_t line_bytes = 64;
  alignas(line_bytes) std::atomic<std::uint64_t> counter{0};
  const std::uint64_t begin = bench_now_ns();
  for (std::uint64_t i = 0; i < count; ++i) {
    counter.fetch_add(1, std::memory_order_relaxed);
  }
  const std::uint64_t end = bench_now_ns();
  expect_equal(counter.load(), count, "additions");
  return {per_operation(begin, end, count), 0};
}

Round copy_large() {
  auto memory = std::make_shared<std::vector<char>>(2 * large_bytes, 'x');
  return [memory](std::uint64_t count) {
    char* bytes = memory->data();
    const std::uint64_t begin = bench_now_ns();
    for (std::uint64_t i = 0; i < count; ++i) {
      std::memcpy(bytes + large_bytes, bytes, large_bytes);
      keep(bytes);
    }
    return Sample{per_operation(begin, bench_now_ns(), count), 0};
  };
}

}  // namespace

Contenders standard_contenders() {
  return {{"call_queued", "std::promise", []() -> Round { return promise; }},
          {"lookup_1", "shared_mutex map", [] { return lookup(1); }},
          {"lookup_2", "shared_mutex map", [] { return lookup(2); }},
          {"metric", "relaxed atomic", []() -> Round { return relaxed_atomic; }},
          {"forward", "memcpy 64 KiB", [] { return copy_large(); }}};
}

void load_dlopen(const std::filesystem::path& libraries) {
  const std::vector<std::filesystem::path> files = libraries_in(libraries);
  const std::uint64_t bytes = anonymous_bytes();
  const std::uint64_t begin = bench_now_ns();
  for (const std::filesystem::path& file : files) {
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr || dlsym(library, BP_ENTRY_SYMBOL) == nullptr) {
      throw std::runtime_error(dlerror());
    }
  }
  const std::uint64_t end = bench_now_ns();
  print_loaded(end - begin, anonymous_bytes() - bytes, files.size());
}

}  // namespace bench
