// tests/host/registry/agreement_test.cpp - which descriptions are refused, and which ends disagree.
#include "host/registry/agreement.hpp"

#include <gtest/gtest.h>

#include "tests/host/registry/samples.hpp"

namespace host::registry {
namespace {

TEST(Agreement, NamesWhatTwoEndsDisagreeAbout) {
  const channel::Settings there = broadcast("events");
  EXPECT_TRUE(agree(there, there, "b"));
  channel::Settings other = there;
  other.kind = BP_KIND_QUEUE;
  EXPECT_EQ(agree(there, other, "b").error().text(),
            "channel 'events' is of kind 'broadcast', but 'b' wants 'queue'");
  other = there;
  other.type = "bytes";
  EXPECT_EQ(agree(there, other, "b").error().code(), BP_E_CONFLICT);
}

TEST(Agreement, AnUnknownSchemaAgreesWithEverySchema) {
  channel::Settings there = broadcast("events");
  channel::Settings wanted = there;
  there.schema = 1;
  EXPECT_TRUE(agree(there, wanted, "b"));
  wanted.schema = 2;
  EXPECT_EQ(agree(there, wanted, "b").error().text(),
            "channel 'events' is of schema '1', but 'b' wants '2'");
}

TEST(Agreement, EveryNameOfADescriptionIsChecked) {
  const auto refused = [](auto change) {
    service::Service::Description description = service("one", 1).service->description();
    change(description);
    const auto checked = check_description(description);
    return !checked && checked.error().code() == BP_E_INVALID;
  };
  EXPECT_FALSE(refused([](auto&) {}));
  EXPECT_TRUE(refused([](auto& d) { d.name = "bp/a"; }));
  EXPECT_TRUE(refused([](auto& d) { d.name = std::string(10'240, 'x'); }));
  EXPECT_TRUE(refused([](auto& d) { d.methods[0].name = std::string("a\0b", 3); }));
  EXPECT_TRUE(refused([](auto& d) { d.methods[0].request_type = "\xff"; }));
  EXPECT_TRUE(refused([](auto& d) { d.methods[0].reply_type = ""; }));
}

TEST(Agreement, AChannelsNameAndTypeAreChecked) {
  EXPECT_TRUE(check_settings(broadcast("events")));
  EXPECT_EQ(check_settings(broadcast("a\nb")).error().code(), BP_E_INVALID);
  channel::Settings settings = broadcast("events");
  settings.type = std::string("a\0", 2);
  EXPECT_EQ(check_settings(settings).error().text(),
            "opening channel 'events': a channel's type is 1 to 255 bytes of letters, digits, '.', "
            "'_' and '-', not the 2 bytes 'a\\x00'");
}

}  // namespace
}  // namespace host::registry
