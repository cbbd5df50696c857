// tests/host/metric/exemplar_book_test.cpp - a cell's place, its bucket, and who may write there.
#include "host/metric/exemplar_book.hpp"

#include <gtest/gtest.h>

namespace host::metric {
namespace {

constexpr ExemplarBook::Owner storage = 11;

TEST(ExemplarBook, AValueGoesToTheBucketThatItLiesIn) {
  ExemplarBook book;
  const bp_metric_cell cell{};
  book.open(storage, &cell, {1.0, 2.0});
  for (const double value : {0.5, 1.0, 1.5, 2.5}) {
    EXPECT_TRUE(book.put(storage, &cell, {.value = value, .trace = {1}}));
  }
  const auto all = book.of(&cell);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].second.value, 1.0) << "a bound lies below itself";
  EXPECT_EQ(all[1].second.value, 1.5);
  EXPECT_EQ(all[2].second.value, 2.5);
}

TEST(ExemplarBook, OnlyTheOwnerOfAPlaceWritesThere) {
  ExemplarBook book;
  const bp_metric_cell cell{};
  EXPECT_FALSE(book.put(storage, &cell, {.value = 1, .trace = {1}}));
  book.open(storage, &cell, {});
  EXPECT_FALSE(book.put(storage + 1, &cell, {.value = 1, .trace = {1}}));
  EXPECT_TRUE(book.put(storage, &cell, {.value = 1, .trace = {1}}));
  book.open(storage, &cell, {});
  EXPECT_EQ(book.of(&cell).size(), 1U) << "opened twice, it keeps what it has";
  book.withdraw(storage);
  EXPECT_FALSE(book.put(storage, &cell, {.value = 1, .trace = {1}}));
  EXPECT_TRUE(book.of(&cell).empty());
}

}  // namespace
}  // namespace host::metric
