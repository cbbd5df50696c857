// tests/host/slot/registry_table_test.cpp - bp.registry/1 as a plugin calls it.
#include <condition_variable>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/host/slot/fixture.hpp"

namespace host::slot {
namespace {

using Lines = std::vector<std::string>;
constexpr std::uint32_t all = BP_REGISTRY_CHANNEL | BP_REGISTRY_SERVICE;

class SlotRegistry : public Instances {
 protected:
  static const bp_registry_api* api(const Actor& actor) {
    return static_cast<const bp_registry_api*>(actor.host()->query(actor.host(), BP_REGISTRY_ID));
  }

  // "+events json a": sign, name, type or version, instance.
  static std::string line_of(const bp_event& event) {
    if (event.method == BP_REGISTRY_SNAPSHOT_END) {
      return "end of " + std::to_string(event.seq);
    }
    const auto* bytes = static_cast<const char*>(event.buf.data);
    bp_registry_name name{};
    std::memcpy(&name, bytes, sizeof name);
    const auto text = [bytes](const bp_registry_text& place) {
      return std::string(bytes + place.offset, place.len);
    };
    const char* sign = event.method == BP_REGISTRY_APPEARED  ? "+"
                       : event.method == BP_REGISTRY_CHANGED ? "~"
                                                             : "-";
    return sign + text(name.name) + " " +
           (name.what == BP_REGISTRY_CHANNEL
                ? text(name.type)
                : std::to_string(name.major) + "." + std::to_string(name.minor)) +
           " " + text(name.instance);
  }

  void listen(Actor& actor) {
    actor.script.on_event = [this](const bp_event& event) {
      if (event.type == BP_EV_REGISTRY) {
        const std::lock_guard lock(mutex_);
        lines_.push_back(line_of(event));
        tokens_.push_back(event.token);
        changed_.notify_all();
      }
    };
  }

  static bp_status watch(const Actor& actor, const std::string& pattern, std::uint32_t kinds,
                         bp_watch& handle, std::string* text = nullptr) {
    const bp_str wanted{pattern.data(), pattern.size()};
    bp_error why{};
    why.struct_size = sizeof why;
    const bp_status status =
        api(actor)->watch(actor.host(), actor.instance(), kinds, &wanted, 42, &handle, &why);
    if (text != nullptr) {
      *text = error::Error::from_abi(status, &why).text();
    }
    return status;
  }

  Lines lines(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return lines_.size() >= count; });
    return lines_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  Lines lines_;
  std::vector<std::uint64_t> tokens_;
};

TEST_F(SlotRegistry, TellsWhatIsThereAndThenWhatChanges) {
  Actor& other = running("other");
  other.provide("bp.there", false);
  const bp_chan out = other.open("there", BP_KIND_QUEUE, BP_DIR_SEND, 1);
  Actor& watcher = running("watcher");
  listen(watcher);
  bp_watch handle = 0;
  ASSERT_EQ(watch(watcher, "*", all, handle), BP_OK);
  EXPECT_EQ(lines(3), (Lines{"+there bytes other", "+bp.there 1.0 other", "end of 2"}));
  other.chan()->close(other.host(), out);
  EXPECT_EQ(lines(4).back(), "-there bytes other");
  other.slot->withdraw(far());
  EXPECT_EQ(lines(5).back(), "-bp.there 1.0 other");
  EXPECT_EQ(tokens_, std::vector<std::uint64_t>(5, 42));
}

TEST_F(SlotRegistry, TellsNothingAfterTheEndOfAWatch) {
  Actor& other = running("other");
  Actor& watcher = running("watcher");
  listen(watcher);
  bp_watch first = 0;
  bp_watch second = 0;
  ASSERT_EQ(watch(watcher, "*", all, first), BP_OK);
  EXPECT_EQ(lines(1), Lines{"end of 0"});
  EXPECT_EQ(api(watcher)->unwatch(watcher.host(), first), BP_OK);
  EXPECT_EQ(api(watcher)->unwatch(watcher.host(), first), BP_E_STALE);
  EXPECT_EQ(api(watcher)->unwatch(watcher.host(), 0), BP_E_STALE);
  other.provide("bp.new", false);
  ASSERT_EQ(watch(watcher, "none", all, second), BP_OK);
  EXPECT_EQ(lines(2), (Lines{"end of 0", "end of 0"}));
}

TEST_F(SlotRegistry, ABusyWatcherIsToldTheLatest) {
  Actor& other = running("other");
  Actor& watcher = running("watcher");
  listen(watcher);
  bp_watch handle = 0;
  ASSERT_EQ(watch(watcher, "*", all, handle), BP_OK);
  (void)lines(1);
  std::unique_lock busy(mutex_);  // its handler waits here, with the first of these
  const auto come_and_go = [&](const char* name) {
    other.chan()->close(other.host(), other.open(name, BP_KIND_QUEUE, BP_DIR_SEND, 1));
  };
  ASSERT_NE(other.open("first", BP_KIND_QUEUE, BP_DIR_SEND, 1), 0U);
  for (int i = 0; i < 1000; ++i) {
    come_and_go(("c" + std::to_string(i)).c_str());
  }
  ASSERT_NE(other.open("last", BP_KIND_QUEUE, BP_DIR_SEND, 1), 0U);
  busy.unlock();
  while (lines(3).back() != "+last bytes other") {
    std::this_thread::yield();
  }
  // At most what one turn had taken before its handler waited.
  EXPECT_LE(lines_.size(), 3U + batch_events_max);
}

TEST_F(SlotRegistry, RefusesByName) {
  Actor& actor = running("watcher");
  bp_watch handle = 0;
  std::string text;
  EXPECT_EQ(watch(actor, "*", 0, handle), BP_E_INVALID);
  EXPECT_EQ(watch(actor, "*", 8, handle), BP_E_TOO_NEW);
  for (const std::string& wrong : {std::string(), std::string("a b"), std::string(256, '*')}) {
    EXPECT_EQ(watch(actor, wrong, all, handle, &text), BP_E_INVALID);
    EXPECT_NE(text.find("matches no name"), std::string::npos) << text;
  }
  EXPECT_EQ(api(actor)->watch(actor.host(), actor.instance(), all, nullptr, 0, &handle, nullptr),
            BP_E_INVALID);
  const bp_str any{"*", 1};
  EXPECT_EQ(api(actor)->watch(actor.host(), 1, all, &any, 0, &handle, nullptr), BP_E_STALE);
  for (std::uint32_t i = 0; i < BP_REGISTRY_WATCHES_MAX; ++i) {
    ASSERT_EQ(watch(actor, "*", all, handle), BP_OK);
  }
  EXPECT_EQ(watch(actor, "*", all, handle, &text), BP_E_BUSY);
  EXPECT_NE(text.find("at most 64 watches"), std::string::npos) << text;
  EXPECT_EQ(api(actor)->unwatch(actor.host(), handle), BP_OK);
  EXPECT_EQ(watch(actor, "*", all, handle), BP_OK);
  ASSERT_FALSE(actor.operate(BP_EV_STOP));
  EXPECT_EQ(watch(actor, "*", all, handle), BP_E_STATE);
}

TEST_F(SlotRegistry, TellsNamesThatItsInstanceMayUse) {
  Actor& other = running("other");
  ASSERT_NE(other.open("ws.in", BP_KIND_QUEUE, BP_DIR_SEND, 1), 0U);
  ASSERT_NE(other.open("secret", BP_KIND_QUEUE, BP_DIR_SEND, 1), 0U);
  Permissions some{{"ws.*"}, {}, {}, {"bp.*"}};
  Actor& watcher = add("watcher", some);
  watcher.run();
  listen(watcher);
  bp_watch handle = 0;
  std::string text;
  ASSERT_EQ(watch(watcher, "*", all, handle), BP_OK);
  EXPECT_EQ(lines(2), (Lines{"+ws.in bytes other", "end of 1"}));
  EXPECT_EQ(watch(watcher, "secret", all, handle, &text), BP_E_PERMISSION);
  EXPECT_NE(text.find("plugins.watcher.permissions.watch"), std::string::npos) << text;
  EXPECT_EQ(watch(watcher, "ws.in", BP_REGISTRY_SERVICE, handle), BP_E_PERMISSION);
  some.watch = {"sec*"};
  Actor& grown = add("grown", some);
  grown.run();
  listen(grown);
  ASSERT_EQ(watch(grown, "sec*", all, handle), BP_OK);
  EXPECT_EQ(lines(4).at(2), "+secret bytes other");
}

}  // namespace
}  // namespace host::slot
