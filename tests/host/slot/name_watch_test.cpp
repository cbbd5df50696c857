// tests/host/slot/name_watch_test.cpp - what waits is merged by name, and nothing is lost.
#include "host/slot/name_watch.hpp"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "backplane/ext/registry.h"

namespace host::slot {
namespace {

using registry::Change;
using registry::Event;
using Lines = std::vector<std::string>;

Event channel(Change change, const std::string& name, const std::string& owner = "a") {
  Event event;
  event.change = change;
  event.name = name;
  event.owner = owner;
  return event;
}

class Told {
 public:
  Told()
      : watch_([](const Event& event) { return event.name != "secret"; },
               [this] { return present; }) {}

  void note(const Event& event) { armed += watch_.note({&event, 1}) ? 1 : 0; }

  void end_snapshot() { armed += watch_.end_snapshot() ? 1 : 0; }

  // One more event, as "+name owner*changes".
  bool take(bool accept = true) {
    return watch_.take([&](const NameWatch::News& news) {
      if (!accept) {
        return false;
      }
      const char* sign = news.method == BP_REGISTRY_APPEARED  ? "+"
                         : news.method == BP_REGISTRY_CHANGED ? "~"
                                                              : "-";
      lines.push_back(news.what == nullptr ? "end of " + std::to_string(news.changes)
                                           : sign + news.what->name + " " + news.what->owner + "*" +
                                                 std::to_string(news.changes));
      return true;
    });
  }

  Lines take_all() {
    while (take()) {
    }
    return std::exchange(lines, {});
  }

  std::vector<Event> present;
  Lines lines;
  int armed = 0;

 private:
  NameWatch watch_;
};

TEST(NameWatch, TheSnapshotComesFirst) {
  Told told;
  told.note(channel(Change::Appeared, "one"));
  told.note(channel(Change::Appeared, "two"));
  EXPECT_EQ(told.armed, 0) << "not before it is complete";
  told.end_snapshot();
  EXPECT_EQ(told.armed, 1);
  told.note(channel(Change::Appeared, "three"));
  EXPECT_EQ(told.armed, 1) << "somebody is going to take it";
  EXPECT_EQ(told.take_all(), (Lines{"+one a*1", "+two a*1", "end of 2", "+three a*1"}));
  told.note(channel(Change::Gone, "one"));
  EXPECT_EQ(told.armed, 2);
}

TEST(NameWatch, WhatWaitsIsMergedByName) {
  Told told;
  told.note(channel(Change::Appeared, "one"));
  told.end_snapshot();
  (void)told.take_all();
  told.note(channel(Change::Gone, "one"));
  told.note(channel(Change::Appeared, "one", "b"));
  told.note(channel(Change::Appeared, "short"));
  told.note(channel(Change::Gone, "short"));
  told.note(channel(Change::Appeared, "two"));
  told.note(channel(Change::Gone, "two"));
  told.note(channel(Change::Appeared, "two", "b"));
  told.note(channel(Change::Gone, "nobody knows"));
  EXPECT_EQ(told.take_all(), (Lines{"~one b*2", "+two b*1"}));
  told.note(channel(Change::Gone, "one"));
  told.note(channel(Change::Appeared, "one"));
  told.note(channel(Change::Gone, "one"));
  EXPECT_EQ(told.take_all(), Lines{"-one a*3"});
}

TEST(NameWatch, MajorsAndKindsAreNamesOfTheirOwn) {
  Told told;
  told.end_snapshot();
  Event service = channel(Change::Appeared, "x");
  service.kind = registry::Kind::Service;
  service.major = 1;
  told.note(channel(Change::Appeared, "x"));
  told.note(service);
  service.major = 2;
  told.note(service);
  EXPECT_EQ(told.take_all().size(), 4U);
}

TEST(NameWatch, WhatMayNotBeSeenIsNotTold) {
  Told told;
  told.note(channel(Change::Appeared, "secret"));
  told.end_snapshot();
  told.note(channel(Change::Gone, "secret"));
  EXPECT_EQ(told.take_all(), Lines{"end of 0"});
}

TEST(NameWatch, WhatWasNotTakenIsToldWithTheNextChange) {
  Told told;
  told.note(channel(Change::Appeared, "one"));
  told.end_snapshot();
  EXPECT_FALSE(told.take(false));
  told.note(channel(Change::Appeared, "two"));
  EXPECT_EQ(told.armed, 2);
  EXPECT_EQ(told.take_all(), (Lines{"+one a*1", "end of 1", "+two a*1"}));
}

TEST(NameWatch, AfterMissedEventsItLooksAgain) {
  Told told;
  told.note(channel(Change::Appeared, "stays"));
  told.note(channel(Change::Appeared, "went"));
  told.note(channel(Change::Appeared, "moved"));
  told.end_snapshot();
  (void)told.take_all();
  told.present = {channel(Change::Appeared, "stays"), channel(Change::Appeared, "moved", "b"),
                  channel(Change::Appeared, "came"), channel(Change::Appeared, "secret")};
  told.note(channel(Change::Missed, ""));
  EXPECT_EQ(told.take_all(), (Lines{"~moved b*1", "+came a*1", "-went a*1"}));
}

// Whoever applies what is told has what is there, whenever it was taken.
RC_GTEST_PROP(NameWatchProperty, WhoAppliesItKnowsWhatIsThere, ()) {
  Told told;
  told.end_snapshot();
  std::map<std::string, std::string> there;
  std::map<std::string, std::string> believed;
  const auto apply = [&] {
    for (const std::string& line : told.take_all()) {
      const std::string name = line.substr(1, line.find(' ') - 1);
      const std::string owner = line.substr(line.find(' ') + 1, 1);
      if (line[0] == '+') {
        RC_ASSERT(believed.emplace(name, owner).second);
      } else if (line[0] == '~') {
        RC_ASSERT(believed.contains(name));
        believed[name] = owner;
      } else if (line[0] == '-') {
        RC_ASSERT(believed.erase(name) == 1U);
      }
    }
  };
  for (int i = *rc::gen::inRange(0, 60); i > 0; --i) {
    const std::string name(1, *rc::gen::inRange('a', 'e'));
    const std::string owner(1, *rc::gen::inRange('p', 'r'));
    if (there.contains(name)) {
      told.note(channel(Change::Gone, name, there[name]));
      there.erase(name);
    } else {
      told.note(channel(Change::Appeared, name, owner));
      there[name] = owner;
    }
    if (*rc::gen::inRange(0, 4) == 0) {
      apply();
    }
  }
  apply();
  RC_ASSERT(believed == there);
}

}  // namespace
}  // namespace host::slot
