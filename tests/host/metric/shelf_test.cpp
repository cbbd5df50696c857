// tests/host/metric/shelf_test.cpp - series expire, come back, and are shown in one order.
#include "host/metric/shelf.hpp"

#include <string>

#include <gtest/gtest.h>

#include "host/metric/cell.hpp"

namespace host::metric {
namespace {

constexpr std::uint64_t minute_ns = 60'000'000'000U;

class ShelfTest : public testing::Test {
 protected:
  bp_metric_cell& cell(std::string label, Shelf::Owner owner = 1) {
    cells_.push_back(std::make_unique<bp_metric_cell>());
    Shelf::Key key{{std::move(label)}, owner};
    Shelf::Series* series = shelf_.find(key);
    shelf_.bind(series == nullptr ? shelf_.add(std::move(key)) : *series, cells_.size(),
                cells_.back().get());
    return *cells_.back();
  }

  // "label=value ..." of what is shown.
  std::string shown() {
    shelf_.arrange([this](Shelf::Owner owner) -> const std::string& { return names_.at(owner); });
    shelf_.read([](Shelf::Owner, std::uint64_t) {});
    std::string out;
    for (std::size_t i = 0; i < shelf_.rows().size(); ++i) {
      const Shelf::Key& key = *shelf_.rows()[i].key;
      out += key.label_values[0] + "@" + names_.at(key.owner) + "=" +
             std::to_string(static_cast<int>(shelf_.value(i))) + " ";
    }
    return out;
  }

  std::ptrdiff_t expire(std::uint64_t now_ns, bool may_revive = true) {
    return shelf_.expire(now_ns, minute_ns, [may_revive] { return may_revive; });
  }

  std::map<Shelf::Owner, std::string> names_{{1, "z"}, {2, "a"}, {3, "z"}};
  std::vector<std::unique_ptr<bp_metric_cell>> cells_;
  Shelf shelf_{
      {.name = "n", .help = {}, .unit = {}, .label_names = {"l"}, .bounds = {}}, {}, 1, "z"};
};

TEST_F(ShelfTest, RowsAreOrderedByLabelsAndNamesAndAddUpTheirCells) {
  for (const Shelf::Owner owner : {1U, 2U, 3U}) {
    shelf_.owners().insert(owner);
  }
  add(cell("b"), 1);
  add(cell("a"), 2);
  add(cell("a"), 3);
  add(cell("a", 2), 10);
  add(cell("a", 3), 20);  // the successor of 1: the same name
  EXPECT_EQ(shown(), "a@a=10 a@z=25 b@z=1 ");
  EXPECT_EQ(shelf_.remove(3), 1U);
  EXPECT_EQ(shown(), "a@a=10 a@z=5 b@z=1 ");
}

TEST_F(ShelfTest, OnlyChangesOfMoreThanValuesAreAnArrangement) {
  const Shelf::Names names = [this](Shelf::Owner o) -> const std::string& { return names_.at(o); };
  bp_metric_cell& one = cell("a");
  EXPECT_TRUE(shelf_.arrange(names));
  add(one);
  EXPECT_FALSE(shelf_.arrange(names));
  cell("b");
  EXPECT_TRUE(shelf_.arrange(names));
}

TEST_F(ShelfTest, WhatNobodyWritesExpiresAndComesBackWithItsValue) {
  bp_metric_cell& busy = cell("busy");
  bp_metric_cell& idle = cell("idle");
  cell(std::string(overflow_value));
  add(idle, 7);
  EXPECT_EQ(expire(1), 0);
  add(busy);
  EXPECT_EQ(expire(minute_ns), 0);
  add(busy);
  EXPECT_EQ(expire(minute_ns + 1), -1);
  EXPECT_EQ(shown(), "busy@z=2 overflow@z=0 ");
  EXPECT_EQ(shelf_.size(), 2U);
  add(idle);
  EXPECT_EQ(expire(minute_ns + 2, false), 0) << "no place for it";
  EXPECT_EQ(expire(minute_ns + 3), 1);
  EXPECT_EQ(shown(), "busy@z=2 idle@z=8 overflow@z=0 ");
}

TEST_F(ShelfTest, RefusalsAreToldPerOwner) {
  set(cell("a"), std::nan(""));
  (void)shown();
  std::uint64_t refused = 0;
  shelf_.read([&](Shelf::Owner owner, std::uint64_t n) { refused += owner * 100 + n; });
  EXPECT_EQ(refused, 101U);
}

}  // namespace
}  // namespace host::metric
