// tests/plugins/storage_sqlite/engine/chain_test.cpp - items stay in their row, whoever cuts it.
#include "engine/chain.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace storage_sqlite::engine {
namespace {

struct Item {
  Item(int with, int& alive) : number(with), living(alive) { ++living; }

  Item(const Item&) = delete;
  Item& operator=(const Item&) = delete;
  Item(Item&&) = delete;
  Item& operator=(Item&&) = delete;

  ~Item() { --living; }

  int number;
  int& living;
  Item* next = nullptr;
};

class ChainTest : public ::testing::Test {
 protected:
  Chain<Item> chain(int first, int last) {
    Chain<Item> made;
    for (int number = first; number <= last; ++number) {
      made.push_back(std::make_unique<Item>(number, living_));
    }
    return made;
  }

  static std::vector<int> numbers(const Chain<Item>& chain) {
    std::vector<int> all;
    for (const Item& one : chain) {
      all.push_back(one.number);
    }
    return all;
  }

  using Numbers = std::vector<int>;

  int living_ = 0;
};

TEST_F(ChainTest, GivesInOrderWhatItTook) {
  Chain<Item> three = chain(1, 3);
  EXPECT_EQ(three.front().number, 1);
  EXPECT_EQ(three.pop_front()->number, 1);
  three.push_back(std::make_unique<Item>(4, living_));
  EXPECT_EQ(numbers(three), (Numbers{2, 3, 4}));
  while (three.pop_front() != nullptr) {
  }
  EXPECT_TRUE(three.empty());
  three.push_back(std::make_unique<Item>(5, living_));
  EXPECT_EQ(numbers(three), Numbers{5}) << "an emptied one begins anew";
}

TEST_F(ChainTest, IsCutAndPutTogether) {
  Chain<Item> four = chain(1, 4);
  Chain<Item> rest = four.cut_after(four.front());
  EXPECT_EQ(numbers(four), Numbers{1});
  EXPECT_EQ(numbers(rest), (Numbers{2, 3, 4}));
  EXPECT_TRUE(four.cut_after(four.front()).empty());
  four.push_back(std::make_unique<Item>(9, living_));
  rest.prepend(std::move(four));
  EXPECT_EQ(numbers(rest), (Numbers{1, 9, 2, 3, 4}));
  rest.prepend({});
  Chain<Item> none;
  none.prepend(std::move(rest));
  none.push_back(std::make_unique<Item>(5, living_));
  EXPECT_EQ(numbers(none), (Numbers{1, 9, 2, 3, 4, 5}));
}

TEST_F(ChainTest, OwnsItsItems) {
  {
    Chain<Item> first = chain(1, 3);
    Chain<Item> second = chain(4, 5);
    EXPECT_EQ(living_, 5);
    second = std::move(first);
    EXPECT_EQ(living_, 3);
    const Chain<Item> third(std::move(second));
    EXPECT_EQ(numbers(third), (Numbers{1, 2, 3}));
  }
  EXPECT_EQ(living_, 0);
}

}  // namespace
}  // namespace storage_sqlite::engine
