// tests/host/service/service_test.cpp - inline or queued, refused by name, closed with a guard.
#include "host/service/service.hpp"

#include <future>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

namespace host::service {
namespace {

class FakeProvider : public Provider {
 public:
  bp_status submit(const std::shared_ptr<Call>& call, std::uint64_t token) override {
    last_token = token;
    submitted = call;
    if (answer < 0) {
      return answer;
    }
    return call->assign(self, 77) ? BP_OK : BP_E_CANCELLED;
  }

  Reply run_inline(const Method& method, const message::Message& /*request*/) override {
    ++inline_runs;
    if (entered != nullptr) {
      entered->count_down();
      release->wait();
    }
    return method.id == 7 ? Reply::failure({BP_E_INVALID, "seven"}) : Reply{};
  }

  bp_status answer_inline(const Method& /*method*/, const bp_buf& /*request*/, bp_buf& /*reply*/,
                          bp_error& /*error*/) override {
    return BP_E_UNSUPPORTED;
  }

  bp_status take_reply(const bp_buf& /*reply*/, message::Message& /*out*/) override {
    return BP_E_UNSUPPORTED;
  }

  void call_ended(std::uint64_t handle) override { ended.push_back(handle); }

  [[nodiscard]] bool on_this_stack() const noexcept override { return nested; }

  bp_status answer = BP_OK;
  bool nested = false;
  int inline_runs = 0;
  std::uint64_t last_token = 0;
  std::weak_ptr<Provider> self;
  std::vector<std::uint64_t> ended;
  std::shared_ptr<Call> submitted;
  std::latch* entered = nullptr;
  std::latch* release = nullptr;
};

bp_status BP_CALL never_called(void*, std::uint32_t, const bp_buf*, bp_buf*, bp_error*) {
  return BP_E_UNKNOWN;
}

struct World {
  std::shared_ptr<FakeProvider> provider = std::make_shared<FakeProvider>();
  std::shared_ptr<Service> service = std::make_shared<Service>(
      Service::Description{
          "s",
          1,
          0,
          "owner",
          {{1, 0, "Queued", "bytes", "bytes", nullptr, nullptr},
           {2, BP_METHOD_INLINE, "Inline", "bytes", "bytes", never_called, nullptr},
           {7, BP_METHOD_INLINE, "Seven", "bytes", "bytes", never_called, nullptr}}},
      provider, 42);
};

TEST(Service, QueuesAMethodThatIsNotInline) {
  World world;
  bp_status answered = 1;
  auto outcome = world.service->invoke(1, {}, 0, [&](Reply&& reply) { answered = reply.status; });
  EXPECT_FALSE(outcome.reply);
  ASSERT_TRUE(outcome.call);
  EXPECT_EQ(world.provider->last_token, 42U);
  outcome.call->finish({});
  EXPECT_EQ(answered, BP_OK);
  EXPECT_EQ(world.service->counts(*world.service->method(1U)).calls, 1U);
}

TEST(Service, TheProviderIsToldOfACallThatEndedWithoutIt) {
  World world;
  world.provider->self = world.provider;
  auto late = world.service->invoke(1, {}, 0, [](Reply&&) {});
  EXPECT_TRUE(late.call->finish(Reply::failure({BP_E_TIMEOUT, "late"})));
  EXPECT_EQ(world.provider->ended, std::vector<std::uint64_t>{77});
  EXPECT_FALSE(late.call->answer({}));
  auto answered = world.service->invoke(1, {}, 0, [](Reply&&) {});
  EXPECT_TRUE(answered.call->answer({}));
  EXPECT_EQ(world.provider->ended.size(), 1U) << "it knows of its own answer";
}

TEST(Service, AnswersAnInlineMethodAtOnce) {
  World world;
  const auto outcome = world.service->invoke(2, {}, 0, [](Reply&&) { FAIL(); });
  ASSERT_TRUE(outcome.reply);
  EXPECT_EQ(outcome.reply->status, BP_OK);
  EXPECT_EQ(world.provider->inline_runs, 1);
  const auto failed = world.service->invoke(7, {}, 0, [](Reply&&) { FAIL(); });
  EXPECT_EQ(failed.reply->status, BP_E_INVALID);
  EXPECT_EQ(world.service->counts(*world.service->method(7U)).failures, 1U);
}

TEST(Service, QueuesAnInlineMethodWhoseProviderIsOnTheStack) {
  World world;
  world.provider->nested = true;
  const auto outcome = world.service->invoke(2, {}, 0, [](Reply&&) {});
  EXPECT_FALSE(outcome.reply);
  EXPECT_EQ(world.provider->inline_runs, 0);
}

TEST(Service, NamesWhyACallIsRefused) {
  World world;
  EXPECT_EQ(world.service->invoke(99, {}, 0, [](Reply&&) { FAIL(); }).reply->status,
            BP_E_NOT_FOUND);
  world.provider->answer = BP_E_BUSY;
  const auto busy = world.service->invoke(1, {}, 0, [](Reply&&) { FAIL(); });
  ASSERT_TRUE(busy.reply);
  EXPECT_EQ(busy.reply->status, BP_E_BUSY);
  EXPECT_NE(busy.reply->error->text().find("owner"), std::string::npos);
  world.provider.reset();
  EXPECT_EQ(world.service->invoke(1, {}, 0, [](Reply&&) { FAIL(); }).reply->status,
            BP_E_UNAVAILABLE);
}

TEST(Service, CloseWaitsForInlineMethodsInProgress) {
  World world;
  std::latch entered(1);
  std::latch release(1);
  world.provider->entered = &entered;
  world.provider->release = &release;
  std::thread caller([&] { (void)world.service->invoke(2, {}, 0, [](Reply&&) {}); });
  entered.wait();
  EXPECT_FALSE(world.service->close(runtime::now_ns() + 1'000'000)) << "one is still inside";
  release.count_down();
  EXPECT_TRUE(world.service->close(runtime::now_ns() + 10'000'000'000));
  caller.join();
  world.provider->entered = nullptr;
  EXPECT_EQ(world.service->invoke(2, {}, 0, [](Reply&&) {}).reply->status, BP_E_UNAVAILABLE);
}

}  // namespace
}  // namespace host::service
