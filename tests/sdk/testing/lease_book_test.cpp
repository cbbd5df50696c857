// tests/sdk/testing/lease_book_test.cpp - leases end once, and lie about nothing.
#include "backplane/testing/lease_book.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

TEST(LeaseBook, EndsALeaseOnce) {
  bp::testing::lease_book book;
  const bp_buf raw = book.lend_copy("abc", 7);
  EXPECT_EQ(book.message_of(raw.lease), 7U);
  EXPECT_EQ(book.content(raw), "abc");
  EXPECT_TRUE(book.end(raw.lease));
  EXPECT_FALSE(book.end(raw.lease));
  EXPECT_EQ(book.open(), 0U);
  EXPECT_FALSE(book.content(raw));
}

TEST(LeaseBook, BelievesItsOwnRecordOnly) {
  bp::testing::lease_book book;
  bp_buf raw = book.lend(32);
  raw.size = 33;
  EXPECT_FALSE(book.content(raw)) << "longer than the lease";
  raw.data = static_cast<std::byte*>(raw.data) + 16;
  raw.size = 16;
  EXPECT_TRUE(book.content(raw)) << "a part of it";
  std::string borrowed = "borrowed";
  EXPECT_EQ(book.content({borrowed.data(), borrowed.size(), borrowed.size(), 0}), "borrowed");
}

}  // namespace
