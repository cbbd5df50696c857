// tests/host/daemon/signals_test.cpp - each signal is told, and none ends the process by itself.
#include "host/daemon/signals.hpp"

#include <csignal>
#include <cstdlib>
#include <semaphore>
#include <unistd.h>

#include <gtest/gtest.h>

namespace host::daemon {
namespace {

TEST(StopRequests, ThoseThatComeTogetherAreOne) {
  using enum StopRequests::Meaning;
  StopRequests requests;
  const StopRequests::Time first{};
  EXPECT_EQ(requests.take(first, false), Stop);
  EXPECT_EQ(requests.take(first, false), Same);
  EXPECT_EQ(requests.take(first + StopRequests::one_request / 2, true), Same);
  EXPECT_EQ(requests.take(first + StopRequests::one_request, true), LeaveNow);
}

TEST(StopRequests, AHostThatStopsAlreadyIsLeft) {
  StopRequests requests;
  EXPECT_EQ(requests.take({}, true), StopRequests::Meaning::LeaveNow);
}

// Each in a process of its own: signals concern the whole of it.
TEST(SignalsDeathTest, EachIsToldOnAThreadOfItsOwn) {
  EXPECT_EXIT(
      {
        Signals::block();
        std::counting_semaphore<> told(0);
        int last = 0;
        const std::thread::id here = std::this_thread::get_id();
        const Signals signals([&](int signal) {
          last = std::this_thread::get_id() == here ? -1 : signal;
          told.release();
        });
        for (const int signal : {SIGHUP, SIGTERM, SIGINT, SIGTERM}) {
          ::kill(::getpid(), signal);
          told.acquire();
          if (last != signal) {
            std::_Exit(1);
          }
        }
        std::_Exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(SignalsDeathTest, ALateOneIsPendingAndDoesNotKill) {
  EXPECT_EXIT(
      {
        Signals::block();
        {
          const Signals signals([](int) {});
        }
        if (Signals::pending()) {
          std::_Exit(1);
        }
        ::kill(::getpid(), SIGTERM);  // with no reader left, and not blocked, this would be the end
        std::_Exit(Signals::pending() ? 75 : 2);
      },
      testing::ExitedWithCode(75), "");
}

TEST(SignalsDeathTest, TheEndWaitsForASignalThatIsBeingHandled) {
  EXPECT_EXIT(
      {
        Signals::block();
        std::binary_semaphore begun(0);
        {
          const Signals signals([&](int) {
            begun.release();
            std::_Exit(75);
          });
          ::kill(::getpid(), SIGINT);
          begun.acquire();
        }
        std::_Exit(0);
      },
      testing::ExitedWithCode(75), "");
}

}  // namespace
}  // namespace host::daemon
