// tests/host/admin/tap_test.cpp - a watcher gets lines, gates nobody and ends when it was told to.
#include "host/admin/tap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/admin/recorder.hpp"
#include "tests/host/slot/scripted_plugin.hpp"

namespace host::admin {
namespace {

using testing::HasSubstr;

class TapTest : public testing::Test {
 protected:
  registry::ChannelEntry channel(const std::string& type) {
    channel::Settings settings;
    settings.name = "events";
    settings.kind = BP_KIND_BROADCAST;
    settings.type = type;
    settings.lasting = true;  // whoever comes and goes
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
  ASSERT_TRUE(Tap::open(entry, stage_.runtime, 2, recorder_));
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
  ASSERT_TRUE(Tap::open(entry, stage_.runtime, 1, recorder_));
  send(entry, "x");
  EXPECT_THAT(recorder_->lines(1)[0], HasSubstr(R"("error":{"code":"UNSUPPORTED")"));
}

TEST_F(TapTest, AWatcherThatLeftTakesNoPartAnyMore) {
  const auto entry = channel("json");
  ASSERT_TRUE(Tap::open(entry, stage_.runtime, 0, recorder_));
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

TEST_F(TapTest, AChannelThatWentIsNotWatched) {
  channel::Settings settings;
  settings.name = "short";
  settings.kind = BP_KIND_BROADCAST;
  const auto entry = *stage_.registry.open_channel(settings, "test", nullptr);
  stage_.registry.drop_unused(*entry.channel);
  EXPECT_FALSE(Tap::open(entry, stage_.runtime, 0, recorder_));
}

}  // namespace
}  // namespace host::admin
