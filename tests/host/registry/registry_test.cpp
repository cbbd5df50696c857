// tests/host/registry/registry_test.cpp - agreement of ends, names taken, versions wanted.
#include "host/registry/registry.hpp"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/host/registry/samples.hpp"

namespace host::registry {
namespace {

channel::Settings events() {
  return broadcast("events");
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
  const auto other = registry.find_service("bp.a", 2);
  EXPECT_EQ(other.error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(other.error().text(),
            "no running plugin provides service 'bp.a/2' (2.0 is wanted); 'bp.a' has version 1.2 "
            "(of 'one')");
}

TEST(Registry, TheSameOwnerMayPutItsServiceAgain) {
  Registry registry({}, {});
  const ServiceEntry first = service("one", 2);
  const auto added = registry.put_service(first);
  ASSERT_TRUE(added);
  EXPECT_FALSE(added->has_value());
  const auto replaced = registry.put_service(service("one", 3));
  ASSERT_TRUE(replaced && replaced->has_value());
  EXPECT_EQ((*replaced)->service, first.service);
  EXPECT_EQ(registry.find_service("bp.a", 1)->service->description().minor, 3U);
  EXPECT_EQ(registry.put_service(service("two", 4)).error().text(),
            "service 'bp.a/1' is provided by 'one' already");
}

TEST(Registry, ReplacesOnlyWhatWasExpected) {
  Registry registry({}, {});
  const ServiceEntry first = service("one", 2);
  const ServiceEntry second = service("two", 3);
  EXPECT_EQ(registry.replace_service(*first.service, second).error().text(),
            "service 'bp.a/1' of 'one' is not provided any more");
  ASSERT_TRUE(registry.add_service(first));
  ASSERT_TRUE(registry.replace_service(*first.service, second));
  const auto late = registry.replace_service(*first.service, service("three", 4));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), BP_E_CONFLICT);
  EXPECT_EQ(late.error().text(),
            "service 'bp.a/1' of 'one' is not provided any more; now 'two' provides it");
  EXPECT_EQ(registry.replace_service(*second.service, service("two", 3, "bp.b")).error().code(),
            BP_E_INVALID)
      << "under another name";
  EXPECT_EQ(registry.find_service("bp.a", 1)->service, second.service);
}

TEST(Registry, ADecisionThatFailsChangesNothing) {
  Registry registry({}, {});
  const ServiceEntry first = service("one", 2);
  ASSERT_TRUE(registry.add_service(first));
  const auto refused = registry.update_service(
      "bp.a", 1, [](const ServiceEntry*) -> error::Result<std::optional<ServiceEntry>> {
        return error::fail(BP_E_STATE, "not now");
      });
  EXPECT_EQ(refused.error().code(), BP_E_STATE);
  EXPECT_EQ(registry.find_service("bp.a", 1)->service, first.service);
  ASSERT_TRUE(registry.update_service(
      "bp.a", 1, [](const ServiceEntry*) { return std::optional<ServiceEntry>(); }));
  EXPECT_FALSE(registry.find_service("bp.a", 1));
}

TEST(Registry, WithdrawsWhatOneInstanceOwns) {
  Registry registry({}, {});
  for (const char* name : {"bp.c", "bp.a", "bp.b"}) {
    ASSERT_TRUE(registry.add_service(service("one", 0, name)));
  }
  ASSERT_TRUE(registry.add_service(service("one", 0, "bp.a", 2)));
  ASSERT_TRUE(registry.add_service(service("two", 0, "bp.d")));
  std::vector<std::string> names;
  for (const ServiceEntry& entry : registry.withdraw("one")) {
    names.push_back(entry.service->description().name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"bp.a", "bp.a", "bp.b", "bp.c"}));
  ASSERT_EQ(registry.services().size(), 1U);
  EXPECT_TRUE(registry.find_service("bp.d", 1));
  EXPECT_TRUE(registry.withdraw("one").empty());
}

TEST(Registry, ForgetsAServiceThatWasRemoved) {
  Registry registry({}, {});
  std::weak_ptr<service::Service> life;
  {
    const ServiceEntry entry = service("one", 0);
    life = entry.service;
    ASSERT_TRUE(registry.add_service(entry));
    registry.remove_service(*entry.service);
  }
  EXPECT_TRUE(life.expired());
}

TEST(Registry, WhatIsNoNameIsRefusedBeforeAnythingIsKept) {
  Registry registry({}, {});
  for (const std::string& bad :
       {std::string(), std::string(10'240, 'x'), std::string("a\0b", 3), std::string("\xff\xfe")}) {
    EXPECT_EQ(registry.open_channel(broadcast(bad), "a", nullptr).error().code(), BP_E_INVALID);
    EXPECT_EQ(registry.add_service(service("one", 0, bad)).error().code(), BP_E_INVALID);
    EXPECT_EQ(registry.find_channel(bad).error().code(), BP_E_INVALID);
    EXPECT_EQ(registry.find_service(bad, 1).error().code(), BP_E_INVALID);
  }
  EXPECT_TRUE(registry.channels().empty());
  EXPECT_TRUE(registry.services().empty());
}

TEST(Registry, ListsByName) {
  Registry registry({}, {});
  for (const char* name : {"c", "a", "b", "B"}) {
    ASSERT_TRUE(registry.open_channel(broadcast(name), "a", nullptr));
  }
  std::string names;
  for (const ChannelEntry& entry : registry.channels()) {
    names += entry.channel->settings().name;
  }
  EXPECT_EQ(names, "Babc");
}

TEST(Registry, HasALimitOfChannels) {
  Registry registry({}, {});
  for (std::size_t i = 0; i < channels_max; ++i) {
    ASSERT_TRUE(registry.open_channel(broadcast("c" + std::to_string(i)), "a", nullptr));
  }
  EXPECT_EQ(registry.open_channel(events(), "a", nullptr).error().code(), BP_E_BUSY);
  EXPECT_TRUE(registry.open_channel(broadcast("c65535"), "b", nullptr));
  EXPECT_EQ(registry.channels().size(), channels_max);
}

// Against std::map: owner and minor version by name and major version.
RC_GTEST_PROP(Registry, ServicesAreLikeAMap,
              (const std::vector<std::array<std::uint8_t, 3>>& steps)) {
  Registry registry({}, {});
  std::map<std::pair<std::string, std::uint32_t>, std::pair<std::string, std::uint32_t>> model;
  std::uint32_t minor = 0;
  for (const auto& [what, action, who] : steps) {
    const std::string name = "s" + std::to_string(what % 7);
    const std::uint32_t major = what % 3U;
    const std::string owner = "o" + std::to_string(who % 3);
    const auto there = model.find({name, major});
    const bool taken = there != model.end();
    ++minor;
    switch (action % 4) {
      case 0:
        RC_ASSERT(registry.add_service(service(owner, minor, name, major)).has_value() == !taken);
        model.try_emplace({name, major}, owner, minor);
        break;
      case 1: {
        const bool may = !taken || there->second.first == owner;
        RC_ASSERT(registry.put_service(service(owner, minor, name, major)).has_value() == may);
        if (may) {
          model[{name, major}] = {owner, minor};
        }
        break;
      }
      case 2:
        if (const auto found = registry.find_service(name, major)) {
          registry.remove_service(*found->service);
          model.erase({name, major});
        }
        break;
      default:
        RC_ASSERT(registry.withdraw(owner).size() == std::erase_if(model, [&](const auto& item) {
                    return item.second.first == owner;
                  }));
    }
    std::map<std::pair<std::string, std::uint32_t>, std::pair<std::string, std::uint32_t>> seen;
    for (const ServiceEntry& entry : registry.services()) {
      const auto& d = entry.service->description();
      seen[{d.name, d.major}] = {d.owner, d.minor};
    }
    RC_ASSERT(seen == model);
  }
}

TEST(Registry, AChannelGoesWithItsLastEnd) {
  Registry registry({}, {});
  std::vector<std::string> told;
  const auto watch = registry.watch("*", [&](std::span<const Event> events) {
    for (const Event& event : events) {
      told.push_back((event.change == Change::Gone ? "-" : "+") + event.name + " " + event.type);
      EXPECT_EQ(event.channel_kind, std::uint32_t{BP_KIND_BROADCAST});
    }
  });
  const auto first = registry.open_channel(events(), "a", nullptr).value();
  auto end = first.channel->open_sender({});
  registry.drop_unused(*first.channel);
  EXPECT_TRUE(registry.find_channel("events")) << "it is used";
  end.reset();
  EXPECT_EQ(registry.find_channel("events").error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(first.channel->open_sender({}), nullptr);
  const auto second = registry.open_channel(events(), "a", nullptr).value();
  EXPECT_NE(second.channel, first.channel);
  registry.drop_unused(*first.channel);  // not what carries the name now
  EXPECT_TRUE(registry.find_channel("events"));
  registry.drop_unused(*second.channel);  // nobody ever opened an end
  EXPECT_FALSE(registry.find_channel("events"));
  EXPECT_EQ(told, (std::vector<std::string>{"+events json", "-events json", "+events json",
                                            "-events json"}));
}

TEST(Registry, WhatIsDeclaredStaysWithoutEnds) {
  Registry registry(
      [](channel::Settings& settings) { settings.lasting = settings.name == "events"; }, {});
  const auto entry = registry.open_channel(events(), "a", nullptr).value();
  entry.channel->open_sender({}).reset();
  EXPECT_TRUE(registry.find_channel("events"));
}

TEST(Registry, UseIsLookedAtOnAnotherTurnWhereThereIsOne) {
  std::vector<std::function<void()>> posted;
  channel::Surroundings around;
  around.post = [&](std::function<void()> work) { posted.push_back(std::move(work)); };
  std::optional<Registry> registry(std::in_place, nullptr, around);
  const auto entry = registry->open_channel(events(), "a", nullptr).value();
  entry.channel->open_sender({}).reset();
  ASSERT_EQ(posted.size(), 1U);
  const auto again = entry.channel->open_sender({});
  ASSERT_NE(again, nullptr) << "found before anybody looked";
  posted[0]();
  EXPECT_TRUE(registry->find_channel("events"));
  registry.reset();
  posted[0]();  // after the registry
}

}  // namespace
}  // namespace host::registry
