// tests/host/registry/table_test.cpp - the table against std::map, alone and while others read.
#include "host/registry/table.hpp"

#include <map>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace host::registry {
namespace {

using Numbers = Table<std::uint64_t>;
using Key = std::pair<std::string, std::uint32_t>;

Key key_of(std::uint16_t number) {
  return {"name." + std::to_string(number % 61), number % 3U};
}

void expect_like(const Numbers& table, const std::map<Key, std::uint64_t>& model) {
  RC_ASSERT(table.size() == model.size());
  std::map<Key, std::uint64_t> seen;
  table.view().for_each([&](const Numbers::Node& node) {
    RC_ASSERT(seen.emplace(Key(node.name(), node.number()), node.entry).second);
  });
  RC_ASSERT(seen == model);
  for (std::uint16_t i = 0; i < 61 * 3; ++i) {
    const auto [name, number] = key_of(i);
    const Numbers::Node* found = table.view().find(name, number);
    const auto expected = model.find({name, number});
    RC_ASSERT((found != nullptr) == (expected != model.end()));
    if (found != nullptr) {
      RC_ASSERT(found->entry == expected->second);
    }
  }
}

RC_GTEST_PROP(Table, IsLikeAMap,
              (const std::vector<std::pair<std::uint16_t, std::uint8_t>>& steps)) {
  Grace grace;
  Numbers table(grace, 7);
  std::map<Key, std::uint64_t> model;
  std::uint64_t value = 0;
  for (const auto& [number, action] : steps) {
    const auto [name, second] = key_of(number);
    const Numbers::Node* there = table.view().find(name, second);
    ++value;
    if (action % 8 == 7) {  // every name with that number, in one step
      std::vector<const Numbers::Node*> leaving;
      table.view().for_each([&, wanted = second](const Numbers::Node& node) {
        if (node.number() == wanted) {
          leaving.push_back(&node);
        }
      });
      table.remove_all(leaving);
      std::erase_if(model,
                    [wanted = second](const auto& item) { return item.first.second == wanted; });
    } else if (there == nullptr) {
      table.add(Numbers::Node::make(name, second, value));
      model[{name, second}] = value;
    } else if (action % 2 == 0) {
      table.replace(*there, Numbers::Node::make(name, second, value));
      model[{name, second}] = value;
    } else {
      table.remove(*there);
      model.erase({name, second});
    }
    (void)grace.collect();
    expect_like(table, model);
    RC_ASSERT(grace.waiting() == 0U);
  }
}

// Names come and go for ever: their places are used again, and no search gets longer.
TEST(Table, KeepsItsSizeWhileNamesComeAndGo) {
  Grace grace;
  Numbers table(grace, 7);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    table.add(Numbers::Node::make("n" + std::to_string(i), 0, i));
    if (i >= 8) {
      table.remove(*table.view().find("n" + std::to_string(i - 8), 0));
    }
    (void)grace.collect();
  }
  EXPECT_EQ(table.size(), 8U);
  EXPECT_EQ(table.view().find("absent", 0), nullptr);
  EXPECT_EQ(table.view().find("n19999", 0)->entry, 19'999U);
}

TEST(Table, AViewOfBeforeShowsWhatLeftInOneStep) {
  Grace grace;
  Numbers table(grace, 7);
  for (std::uint64_t i = 0; i < 10; ++i) {
    table.add(Numbers::Node::make("n" + std::to_string(i), 0, i));
  }
  std::vector<const Numbers::Node*> all;
  {
    const Grace::Visit visit(grace);
    const auto before = table.view();
    before.for_each([&](const Numbers::Node& node) { all.push_back(&node); });
    table.remove_all(all);
    (void)grace.collect();
    EXPECT_EQ(table.view().find("n3", 0), nullptr);
    for (std::uint64_t i = 0; i < 10; ++i) {
      EXPECT_EQ(before.find("n" + std::to_string(i), 0)->entry, i);
    }
  }
  (void)grace.collect();
  EXPECT_EQ(grace.waiting(), 0U);
}

// A name that stays is found in every moment, and shows a value that was its own.
TEST(Table, ReadersNeverMissANameThatStays) {
  constexpr std::uint64_t names = 64;
  constexpr std::uint64_t rounds = 300;
  Grace grace;
  Numbers table(grace, 7);
  for (std::uint64_t i = 0; i < names; ++i) {
    table.add(Numbers::Node::make("stays." + std::to_string(i), 0, i));
  }
  std::atomic<bool> done{false};
  std::vector<Seat> seats(2);
  std::vector<std::thread> readers;
  for (Seat& seat : seats) {
    grace.add(seat);
    readers.emplace_back([&] {
      while (!done.load()) {
        for (std::uint64_t i = 0; i < names; ++i) {
          grace.sit(seat);
          const Numbers::Node* found = table.view().find("stays." + std::to_string(i), 0);
          ASSERT_NE(found, nullptr);
          ASSERT_EQ(found->entry % names, i);
          Grace::get_up(seat);
        }
      }
    });
  }
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    for (std::uint64_t i = 0; i < names; ++i) {
      const std::string name = "stays." + std::to_string(i);
      table.replace(*table.view().find(name, 0), Numbers::Node::make(name, 0, round * names + i));
      table.add(Numbers::Node::make("goes." + std::to_string(i), 0, i));
    }
    std::vector<const Numbers::Node*> leaving;
    table.view().for_each([&](const Numbers::Node& node) {
      if (node.name().starts_with("goes.")) {
        leaving.push_back(&node);
      }
    });
    table.remove_all(leaving);
    (void)grace.collect();
  }
  done = true;
  for (std::thread& reader : readers) {
    reader.join();
  }
  (void)grace.collect();
  EXPECT_EQ(grace.waiting(), 0U);
}

}  // namespace
}  // namespace host::registry
