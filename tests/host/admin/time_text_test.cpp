// tests/host/admin/time_text_test.cpp - UTC, with milliseconds that keep their zeros.
#include "host/admin/time_text.hpp"

#include <gtest/gtest.h>

namespace host::admin {
namespace {

TEST(TimeText, IsUtcToTheMillisecond) {
  EXPECT_EQ(time_text(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(time_text(1'800'000'000'007), "2027-01-15T08:00:00.007Z");
}

}  // namespace
}  // namespace host::admin
