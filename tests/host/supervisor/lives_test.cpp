// tests/host/supervisor/lives_test.cpp - listeners are told until they go.
#include "host/supervisor/lives.hpp"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "host/supervisor/member.hpp"

namespace host::supervisor {
namespace {

TEST(Lives, ListenersAreToldUntilTheyGo) {
  std::vector<std::string> heard;
  std::optional<Lives> lives(std::in_place);
  const auto told = [&](const std::string& who) {
    return [&heard, who](const LifeChange& change) {
      heard.push_back(who + " " + change.id + " " + std::string(state_name(change.state)));
    };
  };
  Lives::Listener first = lives->listen(told("first"));
  {
    const Lives::Listener second = lives->listen(told("second"));
    lives->tell({"a", State::running, "", 0});
  }
  lives->tell({"a", State::failed, "", 0});
  first = lives->listen(told("third"));
  lives->tell({"b", State::backoff, "", 0});
  EXPECT_EQ(heard, (std::vector<std::string>{"first a running", "second a running",
                                             "first a failed", "third b backoff"}));
  lives.reset();  // `first` may outlive them
}

}  // namespace
}  // namespace host::supervisor
