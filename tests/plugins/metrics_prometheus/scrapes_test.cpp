// tests/plugins/metrics_prometheus/scrapes_test.cpp - how many may be under way, and for how long.
#include "scrapes.hpp"

#include <gtest/gtest.h>

namespace metrics_prometheus {
namespace {

std::unique_ptr<Scrape> scrape(std::uint64_t deadline_ns) {
  auto made = std::make_unique<Scrape>(Format::Text, std::vector<bp::buffer>(),
                                       std::vector<Piece>(), std::vector<OwnFamily>());
  made->deadline_ns = deadline_ns;
  return made;
}

TEST(Scrapes, ACursorIsGoodForOneRequest) {
  Scrapes scrapes;
  const std::uint64_t cursor = scrapes.next_cursor();
  scrapes.keep(cursor, scrape(10));
  EXPECT_TRUE(scrapes.take(cursor));
  const auto again = scrapes.take(cursor);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), BP_E_STALE);
}

TEST(Scrapes, MoreThanTheLimitAreBusyUntilOneGoes) {
  Scrapes scrapes;
  const ScrapeLimits limits{.scrapes = 2};
  scrapes.keep(scrapes.next_cursor(), scrape(10));
  EXPECT_TRUE(scrapes.admit(limits));
  scrapes.keep(scrapes.next_cursor(), scrape(20));
  const auto refused = scrapes.admit(limits);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), BP_E_BUSY);
  EXPECT_NE(refused.error().text().find("limits.scrapes"), std::string::npos);
  EXPECT_EQ(scrapes.drop_overdue(10), 1U);
  EXPECT_TRUE(scrapes.admit(limits));
}

}  // namespace
}  // namespace metrics_prometheus
