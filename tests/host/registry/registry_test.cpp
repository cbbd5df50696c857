// tests/host/registry/registry_test.cpp - agreement of ends, names taken, versions wanted.
#include "host/registry/registry.hpp"

#include <gtest/gtest.h>

namespace host::registry {
namespace {

channel::Settings events() {
  channel::Settings settings;
  settings.name = "events";
  settings.kind = BP_KIND_BROADCAST;
  settings.type = "json";
  return settings;
}

ServiceEntry service(const std::string& owner, std::uint32_t minor) {
  return {std::make_shared<service::Service>(
              service::Service::Description{
                  "bp.a", 1, minor, owner, {{1, 0, "M", "bytes", "bytes", nullptr, nullptr}}},
              std::weak_ptr<service::Provider>{}, 0),
          nullptr};
}

TEST(Registry, TheFirstEndMakesTheChannelAndTheManifestHasTheLastWord) {
  Registry registry([](channel::Settings& settings) { settings.capacity = 7; }, {});
  const auto made = registry.open_channel(events(), "a", nullptr);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->channel->settings().capacity, 7U);
  EXPECT_EQ(registry.open_channel(events(), "b", nullptr)->channel, made->channel);
}

TEST(Registry, NamesWhatTwoEndsDisagreeAbout) {
  Registry registry({}, {});
  ASSERT_TRUE(registry.open_channel(events(), "a", nullptr));
  channel::Settings other = events();
  other.kind = BP_KIND_QUEUE;
  const auto kind = registry.open_channel(other, "b", nullptr);
  ASSERT_FALSE(kind);
  EXPECT_EQ(kind.error().code(), BP_E_CONFLICT);
  EXPECT_EQ(kind.error().text(), "channel 'events' is of kind 'broadcast', but 'b' wants 'queue'");
  other = events();
  other.type = "bytes";
  EXPECT_EQ(registry.open_channel(other, "b", nullptr).error().code(), BP_E_CONFLICT);
}

TEST(Registry, SuggestsTheNearestChannel) {
  Registry registry({}, {});
  ASSERT_TRUE(registry.open_channel(events(), "a", nullptr));
  const auto found = registry.find_channel("evnts");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().text(), "no channel 'evnts'; did you mean 'events'?");
}

TEST(Registry, AServiceNameHasOneProvider) {
  Registry registry({}, {});
  const ServiceEntry first = service("one", 2);
  ASSERT_TRUE(registry.add_service(first));
  const auto second = registry.add_service(service("two", 2));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().text(), "service 'bp.a/1' is provided by 'one' already");
  registry.remove_service(*service("one", 2).service);
  EXPECT_TRUE(registry.find_service("bp.a", 1))
      << "another object of the same name does not withdraw it";
  registry.remove_service(*first.service);
  EXPECT_EQ(registry.find_service("bp.a", 1).error().code(), BP_E_NOT_FOUND);
}

TEST(Registry, AServiceMustBeNewEnough) {
  Registry registry({}, {});
  ASSERT_TRUE(registry.add_service(service("one", 2)));
  EXPECT_TRUE(registry.find_service("bp.a", 1, 2));
  const auto newer = registry.find_service("bp.a", 1, 3);
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code(), BP_E_UNSUPPORTED);
  EXPECT_EQ(registry.find_service("bp.a", 2).error().code(), BP_E_NOT_FOUND);
}

}  // namespace
}  // namespace host::registry
