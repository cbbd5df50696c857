// tests/host/channel/property_test.cpp - whatever the order of events, a channel does what a simple
// model of it does: nothing is lost, doubled or reordered, and everything is counted.
#include <cstdlib>
#include <deque>
#include <rapidcheck.h>
#include <set>

#include <gtest/gtest.h>

#include "tests/host/channel/play.hpp"

namespace host::channel {
namespace {

// A queue is, for each group, a deque for each sending end and a set of what came back.
class QueuePlay : public Play {
 public:
  // `names`: of the groups in play.
  QueuePlay(const Settings& settings, bool churn, std::vector<std::string> names)
      : Play(settings, churn), names_(std::move(names)) {
    for (const std::string& name : settings.groups) {
      groups_[next_group_++] = {.name = name, .begun = true, .lasting = true};
    }
    if (groups_.empty()) {
      groups_[next_group_++] = {};
    }
  }

 protected:
  struct Shared {
    std::string name;
    int members = 0;
    bool begun = false;
    bool lasting = false;
    std::multiset<std::string> again = {};
  };

  std::uint64_t backlog(const Out& out) override {
    std::size_t most = 0;
    for (const auto& [group, shared] : groups_) {
      const auto found = out.waiting.find(group);
      most = std::max(most, found == out.waiting.end() ? 0 : found->second.size());
    }
    return most;
  }

  bool room(Out& out) override { return backlog(out) < settings_.capacity; }

  bp_status admission(Out& out) override {
    if (room(out)) {
      return BP_OK;
    }
    switch (settings_.on_full) {
      case BP_FULL_REJECT:
        ++rejected_;
        return BP_E_FULL;
      case BP_FULL_DROP_NEWEST:
        ++dropped_newest_;
        return BP_E_DROPPED;
      case BP_FULL_DROP_OLDEST:
        for (const auto& [group, shared] : groups_) {
          if (std::deque<std::string>& waiting = out.waiting[group];
              waiting.size() >= settings_.capacity) {
            settle(waiting.front());
            waiting.pop_front();
            ++dropped_oldest_;
          }
        }
        return BP_OK;
      default:
        return BP_E_WOULD_BLOCK;
    }
  }

  void accepted(Out& out, const std::string& text) override {
    ++published_;
    sent_.at(text).owed = static_cast<int>(groups_.size());
    for (const auto& [group, shared] : groups_) {
      out.waiting[group].push_back(text);
    }
  }

  int join(const std::string& name) {
    for (auto& [group, shared] : groups_) {
      if (shared.begun && shared.name == name) {
        ++shared.members;
        return group;
      }
    }
    const int group = groups_.begin()->second.begun ? next_group_++ : groups_.begin()->first;
    Shared& shared = groups_[group];
    shared.name = name;
    shared.begun = true;
    shared.lasting = name.empty();
    ++shared.members;
    return group;
  }

  void open(const std::string& name, std::uint32_t arg) {
    In in;
    in.concurrency = 1 + arg % 6;
    in.group = join(name);
    in.receiver =
        channel_->open_receiver({.owner = "r", .group = name, .concurrency = in.concurrency});
    ins_.push_back(std::move(in));
  }

  void open_receiver(std::uint32_t arg) override { open(names_[arg / 7 % names_.size()], arg); }

  void given_back(In& in, const std::string& text) override {
    if (const auto group = groups_.find(in.group); group != groups_.end()) {
      group->second.again.insert(text);
    } else {
      settle(text);  // its publisher is told
    }
  }

  void gone(In& in) override {
    Shared& shared = groups_.at(in.group);
    if (--shared.members > 0 || shared.lasting) {
      return;
    }
    if (groups_.size() == 1) {
      shared.begun = false;
      return;
    }
    for (const std::string& text : shared.again) {
      settle(text);
    }
    for (std::vector<Out>* outs : {&outs_, &closed_}) {
      for (Out& out : *outs) {
        for (const std::string& text : out.waiting[in.group]) {
          settle(text);
        }
        out.waiting.erase(in.group);
      }
    }
    groups_.erase(in.group);
  }

  Out& out_of(const std::string& text) {
    const std::uint32_t end = sent_.at(text).end;
    for (std::vector<Out>* outs : {&outs_, &closed_}) {
      for (Out& out : *outs) {
        if (out.end == end) {
          return out;
        }
      }
    }
    RC_FAIL("a message of nobody");
    std::abort();
  }

  [[nodiscard]] std::size_t depth(int group) {
    std::size_t depth = groups_.at(group).again.size();
    for (std::vector<Out>* outs : {&outs_, &closed_}) {
      for (Out& out : *outs) {
        depth += out.waiting[group].size();
      }
    }
    return depth;
  }

  void take(In& in, std::size_t count_max, std::uint32_t arg) override {
    if (!groups_.contains(in.group)) {
      RC_ASSERT(in.left);
      RC_ASSERT(take_some(in, count_max, arg).empty());
      return;
    }
    std::multiset<std::string>& handed_back = groups_.at(in.group).again;
    const std::size_t expected = std::min({count_max, allowance(in), depth(in.group)});
    const std::size_t again = std::min(expected, handed_back.size());
    const std::vector<std::string> texts = take_some(in, count_max, arg);
    RC_ASSERT(texts.size() == expected);
    RC_ASSERT(again_of_batch_ == again);
    RC_ASSERT(missed_of_batch_ == 0U);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (i < again) {
        const auto found = handed_back.find(texts[i]);
        RC_ASSERT(found != handed_back.end());
        handed_back.erase(found);
      } else {
        std::deque<std::string>& waiting = out_of(texts[i]).waiting[in.group];
        RC_ASSERT(!waiting.empty());
        RC_ASSERT(waiting.front() == texts[i]);
        waiting.pop_front();
      }
    }
  }

  void finish() override {
    for (In& in : ins_) {
      while (!in.kept.empty()) {
        settle_kept(in, 0);
      }
    }
    for (In& in : ins_) {
      in.receiver->close();  // what it acknowledged since it left counts from now on
      if (!in.left) {
        gone(in);
      }
    }
    ins_.clear();
    std::vector<std::string> names;
    for (const auto& [group, shared] : groups_) {
      names.push_back(shared.begun ? shared.name : names_.front());
    }
    for (const std::string& name : names) {
      open(name, 5);
      while (depth(ins_.back().group) > 0) {
        take(ins_.back(), 6, 0);
      }
    }
    for (const auto& [text, sent] : sent_) {
      RC_ASSERT(sent.settled == sent.owed);
    }
    const Stats stats = channel_->stats();
    RC_ASSERT(stats.depth == 0U);
    RC_ASSERT(stats.published == published_);
    RC_ASSERT(stats.delivered == delivered_);
    RC_ASSERT(stats.dead_lettered == dead_);
    RC_ASSERT(stats.rejected == rejected_);
    RC_ASSERT(stats.dropped_newest == dropped_newest_);
    RC_ASSERT(stats.dropped_oldest == dropped_oldest_);
    RC_ASSERT(stats.acknowledged == acknowledged_);
    outs_.clear();
    open_sender();
    RC_ASSERT(bench_.pool.bytes_in_use() == 0U);
  }

 private:
  const std::vector<std::string> names_;
  std::map<int, Shared> groups_;  // in the order in which they began
  int next_group_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t rejected_ = 0;
  std::uint64_t dropped_newest_ = 0;
  std::uint64_t dropped_oldest_ = 0;
};

// A broadcast is a place in each sending end's sequence for each subscriber.
class BroadcastPlay : public Play {
 public:
  BroadcastPlay(const Settings& settings, bool gating, bool churn)
      : Play(settings, churn), gating_(gating) {}

 protected:
  bool room(Out& out) override {
    return std::ranges::none_of(ins_, [&](const In& in) {
      const auto next = in.next.find(out.end);
      const std::uint64_t at = next == in.next.end() ? 0 : next->second;
      return in.gating && !in.cut && !in.left && out.accepted >= at + settings_.capacity;
    });
  }

  bp_status admission(Out& out) override { return room(out) ? BP_OK : BP_E_WOULD_BLOCK; }

  void accepted(Out& /*out*/, const std::string& /*text*/) override {
    for (In& in : ins_) {
      in.owed += in.left ? 0 : 1;
    }
  }

  void open_receiver(std::uint32_t arg) override {
    In in;
    in.concurrency = 1 + arg % 6;
    in.gating = gating_ && arg % 2 == 0;
    in.owner = std::to_string(++owners_);
    std::uint32_t flags = 0;
    if (in.gating) {
      in.confirming = !churn_ && arg % 4 == 0;
      flags = in.confirming ? BP_CHAN_CONFIRMING : BP_CHAN_GATING;
    }
    for (const Out& out : outs_) {
      in.next[out.end] = out.accepted;
    }
    for (const Out& out : closed_) {
      in.next[out.end] = out.accepted;
    }
    in.receiver =
        channel_->open_receiver({.owner = in.owner, .flags = flags, .concurrency = in.concurrency});
    ins_.push_back(std::move(in));
  }

  void given_back(In& in, const std::string& text) override {
    if (!in.left) {
      in.again.insert(text);
    }
  }

  // Asking for room may skip messages of a subscriber that confirms and was cut back, or not.
  bool knows_backlogs() override { return !gating_ || churn_; }

  std::uint64_t backlog(const Out& out) override {
    std::uint64_t most = 0;
    for (In& in : ins_) {
      most = std::max(most, in.left ? 0 : out.accepted - in.next[out.end]);
    }
    return most;
  }

  // Who is cut back is the channel's to say; that it had a reason is checked.
  void look_for_stalls() {
    bench_.later.run_all();
    for (const std::string& owner : std::exchange(bench_.cut, {})) {
      for (In& in : ins_) {
        if (in.owner == owner) {
          RC_ASSERT(in.gating);
          RC_ASSERT(std::ranges::any_of(outs_, [&](const Out& out) {
            return out.accepted >= in.next[out.end] + settings_.capacity;
          }));
          in.cut = true;
        }
      }
    }
  }

  void take(In& in, std::size_t count_max, std::uint32_t arg) override {
    if (arg % 5 == 0) {
      look_for_stalls();
    }
    const std::size_t wanted = std::min(count_max, allowance(in));
    const std::vector<std::string> texts = take_some(in, count_max, arg);
    RC_ASSERT(texts.size() <= wanted);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (i < again_of_batch_) {
        const auto found = in.again.find(texts[i]);
        RC_ASSERT(found != in.again.end());
        in.again.erase(found);
        continue;
      }
      ++in.seen;
      const Sent& sent = sent_.at(texts[i]);
      std::uint64_t& next = in.next[sent.end];
      RC_ASSERT(sent.accepted);
      RC_ASSERT(sent.number >= next);
      if (sent.number > next) {
        // Never less than its due: the latest `capacity` messages. Room that was asked for and not
        // used yet counts as one for who confirms: its publisher is told before that is written.
        RC_ASSERT(!in.gating || in.cut);
        RC_ASSERT(sent.number + settings_.capacity <=
                  accepted_of(sent.end) + (in.confirming ? 1 : 0));
      }
      in.gaps += sent.number - next;
      next = sent.number + 1;
    }
    RC_ASSERT(in.gaps <= in.missed);  // what it skipped may be told before the gap is seen
    if (texts.size() < wanted) {
      in.cut = false;
      for (const std::vector<Out>* outs : {&outs_, &closed_}) {
        for (const Out& out : *outs) {
          in.next[out.end] = out.accepted;
        }
      }
      RC_ASSERT(in.again.empty());
      RC_ASSERT(in.seen + in.missed == in.owed);
    }
  }

  [[nodiscard]] std::uint64_t accepted_of(std::uint32_t end) const {
    for (const std::vector<Out>* outs : {&outs_, &closed_}) {
      for (const Out& out : *outs) {
        if (out.end == end) {
          return out.accepted;
        }
      }
    }
    return 0;
  }

  void finish() override {
    for (In& in : ins_) {
      while (!in.kept.empty()) {
        settle_kept(in, 0);
      }
      if (in.left) {
        continue;
      }
      in.receiver->resume();
      in.paused = false;
      for (std::uint64_t before = ~std::uint64_t{0}; before != delivered_;) {
        before = delivered_;
        take(in, 6, 0);
      }
      RC_ASSERT(in.seen + in.missed == in.owed);
    }
    for (In& in : ins_) {
      in.receiver->close();
    }
    const Stats stats = channel_->stats();
    std::uint64_t published = 0;
    for (const std::vector<Out>* outs : {&outs_, &closed_}) {
      for (const Out& out : *outs) {
        published += out.accepted;
      }
    }
    RC_ASSERT(stats.depth == 0U);
    RC_ASSERT(stats.published == published);
    RC_ASSERT(stats.delivered == delivered_);
    RC_ASSERT(stats.acknowledged == acknowledged_);
    RC_ASSERT(stats.dead_lettered == dead_);
    bench_.later.run_all();
    outs_.clear();
    open_sender();
    RC_ASSERT(bench_.pool.bytes_in_use() == 0U);
  }

 private:
  const bool gating_;
  int owners_ = 0;
};

Settings any_queue(std::uint32_t on_full) {
  Settings settings = queue_of(*rc::gen::inRange<std::uint32_t>(1, 8), on_full);
  settings.retry_max = 1'000;
  return settings;
}

Settings any_broadcast() {
  Settings settings = broadcast_of(*rc::gen::inRange<std::uint32_t>(1, 8));
  settings.retry_max = 1'000;
  return settings;
}

void play_queue(std::uint32_t on_full) {
  const std::vector<std::string> one{""};
  const std::vector<std::string> several{"", "a", "b"};
  EXPECT_TRUE(rc::check("few ends", [&] { QueuePlay(any_queue(on_full), false, one).run(); }));
  EXPECT_TRUE(rc::check("many ends", [&] { QueuePlay(any_queue(on_full), true, one).run(); }));
  EXPECT_TRUE(
      rc::check("several groups", [&] { QueuePlay(any_queue(on_full), false, several).run(); }));
  EXPECT_TRUE(rc::check("several groups, many ends",
                        [&] { QueuePlay(any_queue(on_full), true, several).run(); }));
  EXPECT_TRUE(rc::check("groups that last", [&] {
    Settings settings = any_queue(on_full);
    settings.groups = {"a", "c"};
    QueuePlay(settings, false, several).run();
  }));
}

void play_broadcast(bool gating) {
  EXPECT_TRUE(rc::check("few ends", [=] { BroadcastPlay(any_broadcast(), gating, false).run(); }));
  EXPECT_TRUE(rc::check("many ends", [=] { BroadcastPlay(any_broadcast(), gating, true).run(); }));
}

TEST(Property, AQueueThatBlocks) {
  play_queue(BP_FULL_BLOCK);
}

TEST(Property, AQueueThatRejects) {
  play_queue(BP_FULL_REJECT);
}

TEST(Property, AQueueThatDropsTheNewest) {
  play_queue(BP_FULL_DROP_NEWEST);
}

TEST(Property, AQueueThatDropsTheOldest) {
  play_queue(BP_FULL_DROP_OLDEST);
}

TEST(Property, ABroadcastWhoseSubscribersMayLag) {
  play_broadcast(false);
}

TEST(Property, ABroadcastWhoseSubscribersMayStallIt) {
  play_broadcast(true);
}

}  // namespace
}  // namespace host::channel
