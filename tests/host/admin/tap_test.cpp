// tests/host/admin/tap_test.cpp - a watcher gets lines, gates nobody and ends when it was told to.
#include "host/admin/tap.hpp"

#include <condition_variable>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/slot/scripted_plugin.hpp"

namespace host::admin {
namespace {

using testing::HasSubstr;

class Recorder final : public Responder {
 public:
  void reply(Response /*response*/) override {}

  void begin_stream(std::string type) override { type_ = std::move(type); }

  bool write(std::string chunk) override {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(chunk));
    changed_.notify_all();
    return true;
  }

  void end() override {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  void on_gone(std::function<void()> gone) override {
    const std::lock_guard lock(mutex_);
    gone_.swap(gone);
  }

  std::vector<std::string> lines(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return lines_.size() >= count; });
    return lines_;
  }

  void wait_for_end() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_; });
  }

  void leave() {
    std::function<void()> gone;
    {
      const std::lock_guard lock(mutex_);
      gone.swap(gone_);
    }
    gone();
  }

  [[nodiscard]] const std::string& type() const { return type_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  std::string type_;
  std::function<void()> gone_;
  bool ended_ = false;
};

class TapTest : public testing::Test {
 protected:
  registry::ChannelEntry channel(const std::string& type) {
    channel::Settings settings;
    settings.name = "events";
    settings.kind = BP_KIND_BROADCAST;
    settings.type = type;
    settings.capacity = 4;
    return *stage_.registry.open_channel(settings, "test", nullptr);
  }

  void send(const registry::ChannelEntry& entry, const std::string& text) {
    channel::Envelope envelope;
    envelope.message = message::copy_of(stage_.pool, std::as_bytes(std::span(text)));
    EXPECT_EQ(entry.channel->open_sender({})->send(std::move(envelope)), BP_OK);
  }

  slot::Stage stage_;
  std::shared_ptr<Recorder> recorder_ = std::make_shared<Recorder>();
};

TEST_F(TapTest, EndsAfterTheMessagesThatWereWanted) {
  const auto entry = channel("json");
  Tap::open(entry, stage_.runtime, 2, recorder_);
  EXPECT_EQ(recorder_->type(), "application/x-ndjson");
  send(entry, R"({"a":1})");
  send(entry, "2");
  recorder_->wait_for_end();
  EXPECT_THAT(recorder_->lines(2), testing::ElementsAre(HasSubstr(R"({"channel":"events","seq":)"),
                                                        HasSubstr(R"("message":2})")));
  EXPECT_THAT(recorder_->lines(2)[0], HasSubstr(R"("message":{"a":1}})"));
}

TEST_F(TapTest, WhatCannotBeShownIsAnErrorInItsLine) {
  const auto entry = channel("some.Table");
  Tap::open(entry, stage_.runtime, 1, recorder_);
  send(entry, "x");
  EXPECT_THAT(recorder_->lines(1)[0], HasSubstr(R"("error":{"code":"UNSUPPORTED")"));
}

TEST_F(TapTest, AWatcherThatLeftTakesNoPartAnyMore) {
  const auto entry = channel("json");
  Tap::open(entry, stage_.runtime, 0, recorder_);
  send(entry, "1");
  EXPECT_EQ(recorder_->lines(1).size(), 1U);
  EXPECT_EQ(entry.channel->stats().receivers, 1U);
  recorder_->leave();
  std::promise<void> after;  // what the leaving posted runs before this
  stage_.runtime.post([&] { after.set_value(); });
  after.get_future().wait();
  while (entry.channel->stats().receivers > 0) {
    std::this_thread::yield();
  }
  send(entry, "2");
  EXPECT_EQ(recorder_->lines(1).size(), 1U);
}

}  // namespace
}  // namespace host::admin
