// tests/host/registry/reader_test.cpp - what a reader sees, and that it lives while it looks.
#include "host/registry/reader.hpp"

#include <gtest/gtest.h>

#include "tests/host/registry/samples.hpp"

namespace host::registry {
namespace {

TEST(Reader, FindsWhatIsThere) {
  Registry registry({}, {});
  Reader reader(registry);
  const ChannelEntry events = registry.open_channel(broadcast("events"), "a", nullptr).value();
  ASSERT_TRUE(registry.add_service(service("one", 2)));
  const auto view = reader.enter();
  ASSERT_NE(view.channel("events"), nullptr);
  EXPECT_EQ(view.channel("events")->channel, events.channel);
  EXPECT_EQ(view.service("bp.a", 1)->service->description().owner, "one");
  EXPECT_EQ(view.service("bp.a", 2), nullptr);
  for (const std::string& absent : {std::string("event"), std::string(), std::string(10'240, 'x'),
                                    std::string("events\0", 7)}) {
    EXPECT_EQ(view.channel(absent), nullptr);
    EXPECT_EQ(view.service(absent, 1), nullptr);
  }
}

TEST(Reader, WhatItFoundLivesUntilItLeaves) {
  Registry registry({}, {});
  Reader reader(registry);
  std::weak_ptr<service::Service> life;
  {
    ServiceEntry entry = service("one", 2);
    life = entry.service;
    ASSERT_TRUE(registry.add_service(std::move(entry)));
  }
  {
    const auto view = reader.enter();
    const ServiceEntry* found = view.service("bp.a", 1);
    EXPECT_EQ(registry.withdraw("one").size(), 1U);
    ASSERT_FALSE(life.expired());
    EXPECT_EQ(found->service->description().owner, "one");
  }
  ASSERT_TRUE(registry.add_service(service("two", 1)));  // the next change frees it
  EXPECT_TRUE(life.expired());
  EXPECT_EQ(reader.enter().service("bp.a", 1)->service->description().owner, "two");
}

TEST(Reader, SeesAWithdrawalInOneStep) {
  Registry registry({}, {});
  Reader reader(registry);
  ASSERT_TRUE(registry.add_service(service("one", 1, "bp.a")));
  ASSERT_TRUE(registry.add_service(service("one", 1, "bp.b")));
  {
    const auto before = reader.enter();
    registry.withdraw("one");
    EXPECT_NE(before.service("bp.a", 1), nullptr);
    EXPECT_NE(before.service("bp.b", 1), nullptr);
  }
  const auto after = reader.enter();
  EXPECT_EQ(after.service("bp.a", 1), nullptr);
  EXPECT_EQ(after.service("bp.b", 1), nullptr);
}

}  // namespace
}  // namespace host::registry
