// tests/sdk/kit/arena_test.cpp - aligned, apart, below the limit, and warm after the first round.
#include "backplane/kit/arena.hpp"

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace {

/// Malloc that counts.
class Upstream final : public std::pmr::memory_resource {
 public:
  std::size_t calls = 0;
  std::size_t held = 0;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    ++calls;
    held += bytes;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }

  void do_deallocate(void* place, std::size_t bytes, std::size_t alignment) override {
    held -= bytes;
    std::pmr::new_delete_resource()->deallocate(place, bytes, alignment);
  }

  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }
};

// A graph with cycles: nodes and their edges die with the arena, nobody counts references.
struct Node {
  Node(std::string_view called, std::pmr::memory_resource* in) : name(called, in), next(in) {}

  std::pmr::string name;
  std::pmr::vector<Node*> next;
};

class Graph {
 public:
  explicit Graph(std::pmr::memory_resource& in) : nodes_(&in) {}

  Node& node(bp::kit::arena& in, std::string_view name) {
    auto& place = nodes_[std::pmr::string(name, &in)];
    if (place == nullptr) {
      place = &in.make<Node>(name, &in);
    }
    return *place;
  }

  void edge(bp::kit::arena& in, std::string_view from, std::string_view to) {
    node(in, from).next.push_back(&node(in, to));
  }

 private:
  std::pmr::unordered_map<std::pmr::string, Node*> nodes_;
};

std::string walk(bp::kit::arena& arena) {
  Graph& graph = arena.make<Graph>(arena);
  graph.edge(arena, "sensor that is outside", "hub");
  graph.edge(arena, "hub", "storage");
  graph.edge(arena, "storage", "sensor that is outside");
  std::string path;
  const Node* at = &graph.node(arena, "hub");
  for (int i = 0; i < 4; ++i, at = at->next.front()) {
    path += at->name + ">";
  }
  return path;
}

TEST(Arena, HoldsAGraphAndSoonAllocatesNothing) {
  Upstream upstream;
  bp::kit::arena arena(bp::kit::arena::no_limit, &upstream);
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(walk(arena), "hub>storage>sensor that is outside>hub>");
    arena.reset();
  }
  EXPECT_LE(upstream.calls, 2U);
}

TEST(Arena, GivesEverythingBack) {
  Upstream upstream;
  {
    bp::kit::arena arena(bp::kit::arena::no_limit, &upstream);
    for (int i = 0; i < 100; ++i) {
      (void)arena.allocate(1000, 8);
    }
    EXPECT_EQ(arena.bytes_held(), upstream.held);
    arena.reset();
    EXPECT_EQ(arena.bytes_held(), upstream.held);
    EXPECT_GT(upstream.held, 0U) << "the largest block stays";
  }
  EXPECT_EQ(upstream.held, 0U);
}

TEST(Arena, RefusesBeyondItsLimitAndGoesOn) {
  Upstream upstream;
  bp::kit::arena arena(10'000, &upstream);
  void* first = arena.allocate(3000, 1);
  std::memset(first, 1, 3000);
  EXPECT_THROW((void)arena.allocate(20'000, 1), std::bad_alloc);
  const volatile std::size_t most = ~std::size_t{0};  // the compiler must not know
  EXPECT_THROW((void)arena.allocate(most, 1), std::bad_alloc);
  EXPECT_THROW((void)arena.allocate(most - 64, 64), std::bad_alloc);
  (void)arena.allocate(3000, 1);
  EXPECT_LE(upstream.held, 10'000U);
}

RC_GTEST_PROP(Arena, PiecesAreAlignedAndApart, ()) {
  struct Piece {
    std::byte* place;
    std::size_t bytes;
  };

  Upstream upstream;
  const auto bytes_max = *rc::gen::inRange<std::size_t>(0, 200'000);
  bp::kit::arena arena(bytes_max, &upstream);
  std::vector<Piece> pieces;
  const auto sizes =
      *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 5000));
  for (const std::size_t bytes : sizes) {
    const std::size_t alignment = std::size_t{1} << *rc::gen::inRange(0, 9);
    try {
      auto* place = static_cast<std::byte*>(arena.allocate(bytes, alignment));
      RC_ASSERT(reinterpret_cast<std::uintptr_t>(place) % alignment == 0U);
      std::memset(place, static_cast<int>(pieces.size() & 0xFF), bytes);
      pieces.push_back({place, bytes});
    } catch (const std::bad_alloc&) {
      RC_ASSERT(bytes + alignment + 16 > bytes_max - arena.bytes_held());
    }
    RC_ASSERT(upstream.held <= bytes_max);
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    for (std::size_t at = 0; at < pieces[i].bytes; ++at) {
      RC_ASSERT(pieces[i].place[at] == static_cast<std::byte>(i & 0xFF));
    }
  }
}

}  // namespace
