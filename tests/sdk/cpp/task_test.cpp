// tests/sdk/cpp/task_test.cpp - tasks: lazy, owned, cancelled from above, at home in any depth.
#include "backplane/cpp/task.hpp"

#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "in_task.hpp"

using namespace std::chrono_literals;

namespace {

bp::task<int> number(int value) {
  co_return value;
}

bp::task<int> sum_to(int count) {
  int sum = 0;
  for (int i = 1; i <= count; ++i) {
    sum += co_await number(i);
  }
  co_return sum;
}

bp::task<int> deep(int levels) {
  if (levels == 0) {
    co_return 0;
  }
  co_return 1 + co_await deep(levels - 1);
}

bp::task<std::unique_ptr<int>> throwing() {
  throw std::runtime_error("inside");
  co_return nullptr;
}

TEST(Task, DoesNothingUntilItIsAwaited) {
  bool ran = false;
  const auto body = [&ran]() -> bp::task<void> {
    ran = true;
    co_return;
  };
  {
    const bp::task<void> never = body();
  }
  EXPECT_FALSE(ran);
}

TEST(Task, LoopsOverReadyTasksWithoutStack) {
  tests::Stage stage;
  int sum = 0;
  stage.run([&sum](bp::context&) -> bp::task<void> { sum = co_await sum_to(30'000); });
  EXPECT_EQ(sum, 450'015'000);
}

TEST(Task, ComesBackFromTheDepth) {
  tests::Stage stage;
  int levels = 0;
  stage.run([&levels](bp::context&) -> bp::task<void> { levels = co_await deep(200); });
  EXPECT_EQ(levels, 200);
}

TEST(Task, CarriesExceptionsToWhoeverAwaits) {
  tests::Stage stage;
  std::string caught;
  stage.run([&caught](bp::context&) -> bp::task<void> {
    try {
      co_await throwing();
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
  });
  EXPECT_EQ(caught, "inside");
}

struct Tell {
  std::string& log;
  const char* name;

  ~Tell() { log += name; }
};

bp::task<void> child(bp::context& cx, std::string& log) {
  const Tell tell{log, "child "};
  co_await cx.sleep(1h);
  log += "never ";
}

TEST(Task, IsUnwoundFromTheInsideWhenCancelled) {
  tests::Stage stage;
  std::string log;
  stage.run([&log](bp::context& cx) -> bp::task<void> {
    const Tell tell{log, "parent"};
    try {
      co_await child(cx, log);
    } catch (const std::exception&) {
      log += "swallowed ";  // bp::cancelled is no std::exception
    }
  });
  EXPECT_EQ(log, "");
  ASSERT_TRUE(stage.host().stop());
  EXPECT_EQ(log, "child parent");
  EXPECT_EQ(stage.host().open_timers(), 0U);
}

TEST(Task, AwaitsNothingAnyMoreOnceCancelled) {
  tests::Stage stage;
  int rounds = 0;
  stage.run([&rounds](bp::context& cx) -> bp::task<void> {
    for (;;) {
      ++rounds;
      try {
        co_await cx.sleep(1h);
      } catch (const bp::cancelled&) {
        if (rounds == 3) {
          throw;
        }
      }
    }
  });
  ASSERT_TRUE(stage.host().stop()) << "a task that insists is thrown out of each await anew";
  EXPECT_EQ(rounds, 3);
}

TEST(Task, FaultsWithWhatASpawnedTaskThrew) {
  tests::Stage stage;
  stage.run([](bp::context& cx) -> bp::task<void> {
    cx.spawn([]() -> bp::task<void> {
      throw std::runtime_error("alone");
      co_return;
    });
    cx.spawn([]() -> bp::task<bp::result<void>> { co_return bp::fail(BP_E_IO, "also"); });
    co_return;
  });
  ASSERT_EQ(stage.host().faults().size(), 2U);
  EXPECT_EQ(stage.host().faults()[0], "exception: alone");
  EXPECT_EQ(stage.host().faults()[1], "also");
}

bp::task<bp::result<int>> tried(bp::result<int> from) {
  BP_CO_TRY(from);
  co_return *from + 1;
}

TEST(Task, LeavesWithTheErrorOfATry) {
  tests::Stage stage;
  std::vector<bp::result<int>> results;
  stage.run([&results](bp::context&) -> bp::task<void> {
    results.push_back(co_await tried(1));
    results.push_back(co_await tried(bp::fail(BP_E_BUSY, "no")));
  });
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(*results[0], 2);
  EXPECT_EQ(results[1].error().code(), BP_E_BUSY);
}

TEST(Task, AnInstanceDestroyedWithoutStopDropsItsFrames) {
  std::string log;
  {
    tests::Stage stage;
    stage.run([&log](bp::context& cx) -> bp::task<void> { co_await child(cx, log); });
  }
  EXPECT_EQ(log, "child ");
}

}  // namespace
