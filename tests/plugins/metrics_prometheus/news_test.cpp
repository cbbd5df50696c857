// tests/plugins/metrics_prometheus/news_test.cpp - each thing is told once.
#include "news.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace metrics_prometheus {
namespace {

TEST(News, EachThingIsToldOnce) {
  std::vector<std::string> told;
  News news([&](std::string_view json) { told.emplace_back(json); });
  news.overflow("a");
  news.overflow("a");
  news.conflict("a");
  news.overflow("b\"");
  EXPECT_THAT(told, testing::ElementsAre(R"({"event":"overflow","family":"a"})",
                                         R"({"event":"conflict","family":"a"})",
                                         R"({"event":"overflow","family":"b\""})"));
}

TEST(News, ASlowScrapeIsToldAgainAfterAFastOne) {
  int told = 0;
  News news([&](std::string_view /*json*/) { ++told; });
  news.scrape_took(2.0, 1.0);
  news.scrape_took(3.0, 1.0);
  EXPECT_EQ(told, 1);
  news.scrape_took(0.5, 1.0);
  news.scrape_took(1.0, 1.0);
  EXPECT_EQ(told, 2);
}

}  // namespace
}  // namespace metrics_prometheus
