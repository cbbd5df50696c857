// tests/sdk/cpp/registry_test.cpp - watching names: the snapshot, changes, and the end of a watch.
#include "backplane/cpp/registry.hpp"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "in_task.hpp"

namespace {

using bp::registry_news;
using Lines = std::vector<std::string>;

/// "+events channel json of other": short enough to compare.
std::string line_of(const bp::registry_change& change) {
  if (change.news == registry_news::snapshot_end) {
    return "end of " + std::to_string(change.changes);
  }
  const char* sign = change.news == registry_news::appeared ? "+"
                     : change.news == registry_news::gone   ? "-"
                                                            : "~";
  return sign + std::string(change.name) +
         (change.is_channel()
              ? " " + std::string(change.type)
              : "/" + std::to_string(change.major) + "." + std::to_string(change.minor)) +
         " of " + std::string(change.instance);
}

bp::testing::known_name channel(std::string name) {
  return {BP_REGISTRY_CHANNEL, std::move(name), "ws", "json", BP_KIND_BROADCAST};
}

bp::testing::known_name service(std::string name, std::uint32_t minor) {
  return {BP_REGISTRY_SERVICE, std::move(name), "storage", {}, 0, 1, minor};
}

TEST(RegistryWatch, TellsWhatIsThereAndThenWhatChanges) {
  tests::Stage stage;
  stage.host().announce(channel("events"));
  Lines lines;
  (void)stage.cx().watch_registry(
      "*", [&](const bp::registry_change& change) { lines.push_back(line_of(change)); });
  EXPECT_EQ(lines, Lines()) << "nothing comes before the call returned";
  stage.host().pump();
  EXPECT_EQ(lines, Lines({"+events json of ws", "end of 1"}));
  stage.host().announce(service("bp.kv", 0));
  stage.host().announce(service("bp.kv", 2));
  stage.host().withdraw(BP_REGISTRY_SERVICE, "bp.kv", 1);
  stage.host().withdraw(BP_REGISTRY_CHANNEL, "events");
  EXPECT_EQ(lines, Lines({"+events json of ws", "end of 1", "+bp.kv/1.0 of storage",
                          "~bp.kv/1.2 of storage", "-bp.kv/1.2 of storage", "-events json of ws"}));
}

TEST(RegistryWatch, TellsWhatMatchesOnly) {
  tests::Stage stage;
  Lines lines;
  (void)stage.cx().watch_registry(
      "bp.*", [&](const bp::registry_change& change) { lines.push_back(line_of(change)); },
      BP_REGISTRY_SERVICE);
  stage.host().announce(channel("bp.channel"));
  stage.host().announce(service("other.kv", 0));
  stage.host().announce(service("bp.kv", 0));
  EXPECT_EQ(lines, Lines({"end of 0", "+bp.kv/1.0 of storage"}));
}

TEST(RegistryWatch, EndsInsideItsHandler) {
  tests::Stage stage;
  Lines lines;
  std::optional<bp::registry_watch> watch;
  watch = stage.cx().watch_registry("*", [&](const bp::registry_change& change) {
    lines.push_back(line_of(change));
    watch->close();
    watch->close();
  });
  stage.host().announce(channel("events"));
  stage.host().announce(channel("more"));
  EXPECT_EQ(lines, Lines({"end of 0"}));
  EXPECT_EQ(stage.host().open_watches(), 0U);
}

TEST(RegistryWatch, ReportsWhatItsHandlerFailsWith) {
  tests::Stage stage;
  (void)stage.cx().watch_registry("*", [](const bp::registry_change&) -> bp::result<void> {
    return bp::fail(BP_E_INVALID, "not this name");
  });
  stage.host().pump();
  ASSERT_EQ(stage.host().faults().size(), 1U);
  EXPECT_NE(stage.host().faults()[0].find("not this name"), std::string::npos);
}

TEST(RegistryWatch, IsRefusedWithTheReason) {
  tests::Stage stage;
  const auto ignore = [](const bp::registry_change&) {};
  EXPECT_EQ(stage.cx().try_watch_registry("", ignore).error().code(), BP_E_INVALID);
  EXPECT_EQ(stage.cx().try_watch_registry("*", ignore, 4).error().code(), BP_E_TOO_NEW);
  for (std::uint32_t i = 0; i < BP_REGISTRY_WATCHES_MAX; ++i) {
    ASSERT_TRUE(stage.cx().try_watch_registry("*", ignore));
  }
  EXPECT_EQ(stage.cx().try_watch_registry("*", ignore).error().code(), BP_E_BUSY);
}

TEST(RegistryWatch, IgnoresNewsOfALaterLawAndTextsBeyondThePayload) {
  bp::registry_change change;
  bp_event event{};
  event.method = BP_REGISTRY_SNAPSHOT_END + 1;
  EXPECT_FALSE(bp::detail::read_registry_event(event, change));
  event.method = BP_REGISTRY_APPEARED;
  EXPECT_FALSE(bp::detail::read_registry_event(event, change)) << "no payload";
  bp_registry_name name{};
  name.struct_size = sizeof(name);
  name.name = {sizeof(name) - 4, 8};
  name.instance = {0xffff'fff0, 0x20};
  event.buf = {&name, sizeof(name), sizeof(name), 0};
  ASSERT_TRUE(bp::detail::read_registry_event(event, change));
  EXPECT_EQ(change.name, "");
  EXPECT_EQ(change.instance, "");
}

}  // namespace
