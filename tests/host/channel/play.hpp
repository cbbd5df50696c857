// tests/host/channel/play.hpp - random moves on a channel beside a model of it that is simple
// enough to be believed. Queues and broadcasts have the moves in common.
#pragma once

#include <deque>
#include <map>
#include <rapidcheck.h>
#include <set>

#include "tests/host/channel/fixture.hpp"

namespace host::channel {

inline constexpr std::size_t steps_max = 400;
inline constexpr std::size_t ends_in_play_max = 4;
inline constexpr std::size_t large_bytes = 5'000;

struct Step {
  int what;
  std::uint32_t arg;
};

inline std::vector<Step> steps() {
  const auto pairs = *rc::gen::resize(
      steps_max, rc::gen::container<std::vector<std::pair<int, std::uint32_t>>>(rc::gen::pair(
                     rc::gen::inRange(0, 24), rc::gen::inRange<std::uint32_t>(0, 1'000))));
  std::vector<Step> made;
  for (const auto& [what, arg] : pairs) {
    made.push_back({what, arg});
  }
  return made;
}

// One message: who sent it, the how-manieth of its end it is, and what its publisher was told.
struct Sent {
  std::uint32_t end = 0;
  std::uint64_t number = 0;
  std::shared_ptr<Told> told;  // of a confirmed one
  bool accepted = false;
  int owed = 0;     // a queue's: to how many groups
  int settled = 0;  // by how many of them
};

// A sending end and what the model knows of it. Its messages count with those of the end whose lane
// it took over.
struct Out {
  std::shared_ptr<Sender> sender;
  std::uint32_t end = 0;
  std::uint64_t accepted = 0;
  std::map<int, std::deque<std::string>> waiting;  // a queue's: accepted, not taken, by group
  std::string lent;
  bool is_lent = false;
  bool is_aside = false;
};

// A receiving end and what the model knows of it.
struct In {
  std::shared_ptr<Receiver> receiver;
  std::string owner;
  int group = 0;  // a queue's
  std::uint32_t concurrency = 0;
  bool gating = false;
  bool confirming = false;
  bool cut = false;
  bool paused = false;
  bool left = false;
  std::map<std::uint64_t, std::string> kept;
  std::map<std::uint32_t, std::uint64_t> next;  // a broadcast's: by sending end
  std::multiset<std::string> again;             // a broadcast's
  std::uint64_t seen = 0;
  std::uint64_t missed = 0;
  std::uint64_t gaps = 0;
  std::uint64_t owed = 0;  // a broadcast's: sent since it came, to when it left
};

// What is the same of queues and broadcasts: the moves.
class Play {
 public:
  // `churn`: sending ends come and go all the time.
  Play(const Settings& settings, bool churn)
      : settings_(settings), churn_(churn), channel_(bench_.make(settings)) {}

  virtual ~Play() = default;

  void run() {
    open_sender();
    open_receiver(0);
    for (const Step& step : steps()) {
      move(step);
    }
    finish();
    for (const auto& [text, sent] : sent_) {
      if (sent.told) {
        RC_ASSERT(sent.told->times == 1);
      }
    }
  }

 protected:
  // Whether a message of this end is accepted now, and what a refusal says.
  virtual bp_status admission(Out& out) = 0;
  virtual void accepted(Out& out, const std::string& text) = 0;
  virtual void open_receiver(std::uint32_t arg) = 0;
  virtual void take(In& in, std::size_t count_max, std::uint32_t arg) = 0;
  virtual void given_back(In& in, const std::string& text) = 0;
  virtual void finish() = 0;

  virtual void gone(In& /*in*/) {}

  // How many messages of an end that is gone its slowest reader has before it.
  virtual std::uint64_t backlog(const Out& out) = 0;

  virtual void settle(const std::string& text) { ++sent_.at(text).settled; }

  void open_sender() {
    Out out;
    if (const auto left = left_to_take_over(); left != closed_.end()) {
      out = std::move(*left);
      closed_.erase(left);
    } else {
      out.end = ends_++;
    }
    out.sender = channel_->open_sender({});
    out.lent.clear();
    out.is_lent = out.is_aside = false;
    outs_.push_back(std::move(out));
  }

  std::vector<Out>::iterator left_to_take_over() {
    auto chosen = closed_.end();
    std::size_t waiting = 0;
    for (auto left = closed_.begin(); left != closed_.end() && waiting < left_lanes_max; ++left) {
      if (const std::uint64_t waits = backlog(*left); waits > 0) {
        ++waiting;
        if (chosen == closed_.end() ||
            (settings_.kind == BP_KIND_QUEUE && waits < backlog(*chosen))) {
          chosen = left;
        }
      }
    }
    return waiting < left_lanes_max ? closed_.end() : chosen;
  }

  std::string new_text(Out& out, std::uint32_t arg, bool large) {
    std::string text = std::to_string(out.end) + ":" + std::to_string(texts_++) + ":";
    text.resize(large ? large_bytes : text.size() + arg % 200, 'p');
    sent_[text].end = out.end;
    return text;
  }

  void send(Out& out, std::uint32_t arg, bool large, bool confirmed) {
    const std::string text = new_text(out, arg, large);
    Sent& sent = sent_.at(text);
    Envelope envelope = bench_.letter(text);
    if (confirmed) {
      sent.told = std::make_shared<Told>();
      envelope.confirmation = sent.told->confirmation();
    }
    const bp_status expected = admission(out);
    RC_ASSERT(out.sender->send(std::move(envelope)) == expected);
    if (expected == BP_OK) {
      out.is_aside = out.is_aside || out.is_lent;
      took(out, text);
    } else if (expected != BP_E_DROPPED) {
      sent.told = nullptr;  // still the caller's
    }
  }

  void took(Out& out, const std::string& text) {
    Sent& sent = sent_.at(text);
    sent.accepted = true;
    sent.number = out.accepted++;
    accepted(out, text);
  }

  void reserve(Out& out, std::uint32_t arg) {
    const bool expected = !out.is_lent && room(out);
    std::byte* lent = out.sender->reserve(300);
    RC_ASSERT((lent != nullptr) == expected);
    if (lent != nullptr) {
      out.lent = new_text(out, arg, false);
      out.is_lent = true;
      out.is_aside = false;
      std::memcpy(lent + 32, out.lent.data(), out.lent.size());
    }
  }

  virtual bool room(Out& out) = 0;

  void send_lent(Out& out) {
    if (!out.is_lent) {
      return;
    }
    const bp_status expected = out.is_aside ? admission(out) : BP_OK;
    RC_ASSERT(out.sender->send_lent(32, out.lent.size(), false) == expected);
    if (expected == BP_OK || expected == BP_E_DROPPED) {
      out.is_lent = false;
      if (expected == BP_OK) {
        took(out, out.lent);
      }
    }
  }

  void return_lent(Out& out) {
    out.sender->return_lent();
    out.is_lent = false;
  }

  // Whether the model can tell which lane is taken over.
  virtual bool knows_backlogs() { return true; }

  void close_sender(std::size_t index) {
    if (outs_.size() > 1 && (knows_backlogs() || closed_.size() + 1 < left_lanes_max)) {
      closed_.push_back(std::move(outs_[index]));
      outs_.erase(outs_.begin() + static_cast<std::ptrdiff_t>(index));
      closed_.back().sender.reset();
    }
  }

  // What to do with a message that was kept.
  void settle_kept(In& in, int how) {
    if (in.kept.empty()) {
      return;
    }
    const auto [id, text] = *in.kept.begin();
    in.kept.erase(in.kept.begin());
    if (how == 0) {
      RC_ASSERT(in.receiver->ack(id));
      ++acknowledged_;
      settle(text);
    } else if (how == 1) {
      RC_ASSERT(in.receiver->nack(id, 0, error::Error(BP_E_BUSY, "again")));
      given_back(in, text);
    } else {
      RC_ASSERT(in.receiver->reject(id, error::Error(BP_E_SCHEMA, "no")));
      ++dead_;
      settle(text);
    }
    RC_ASSERT(!in.receiver->ack(id));
  }

  void close_receiver(std::size_t index) {
    if (ins_.size() <= 1) {
      return;
    }
    In in = std::move(ins_[index]);
    ins_.erase(ins_.begin() + static_cast<std::ptrdiff_t>(index));
    in.receiver->close();
    if (!in.left) {
      gone(in);
    }
    for (const auto& [id, text] : in.kept) {
      given_back(in, text);
    }
  }

  void leave(In& in) {
    if (ins_.size() > 1 && !in.left) {
      in.receiver->leave();
      in.left = true;
      gone(in);
    }
  }

  // Takes and keeps a part; returns the texts and what was missed.
  std::vector<std::string> take_some(In& in, std::size_t count_max, std::uint32_t arg) {
    Batch batch;
    std::vector<Glimpse> glimpses;
    std::vector<std::string> texts;
    in.receiver->take(count_max, batch, [&](const Glimpse& glimpse) {
      glimpses.push_back(glimpse);
      texts.emplace_back(reinterpret_cast<const char*>(glimpse.data), glimpse.size);
    });
    in.missed += batch.missed;
    RC_ASSERT(batch.count == texts.size());
    again_of_batch_ = batch.again;
    missed_of_batch_ = batch.missed;
    delivered_ += batch.count;
    for (std::uint32_t i = 0; i < batch.count; ++i) {
      if ((arg >> (i % 8)) % 2 == 1) {
        message::Message kept;
        const std::uint64_t id = in.receiver->keep(batch, i, glimpses[i], kept);
        RC_ASSERT(id != 0);
        RC_ASSERT(Bench::text_of(kept) == texts[i]);
        in.kept.emplace(id, texts[i]);
      } else {
        ++acknowledged_;
        settle(texts[i]);
      }
    }
    in.receiver->finish(batch);
    return texts;
  }

  [[nodiscard]] static std::size_t allowance(const In& in) {
    return in.paused || in.left ? 0 : in.concurrency - in.kept.size();
  }

  void come_or_go(std::uint32_t arg) {
    if (outs_.size() < ends_in_play_max) {
      open_sender();
    } else {
      close_sender(arg % outs_.size());
    }
  }

  void move(const Step& step) {
    if (churn_ && step.arg % 3 == 0) {
      come_or_go(step.arg);
    }
    Out& out = outs_[step.arg % outs_.size()];
    In& in = ins_[step.arg % ins_.size()];
    switch (step.what) {
      case 0:
      case 1:
      case 2:
        return send(out, step.arg, false, false);
      case 3:
        return send(out, step.arg, true, false);
      case 4:
      case 5:
        return send(out, step.arg, step.arg % 2 == 0, true);
      case 6:
      case 7:
        if (!out.is_lent) {
          reserve(out, step.arg);
        }
        return send_lent(out);
      case 8:
        return reserve(out, step.arg);
      case 9:
        return send_lent(out);
      case 10:
        return return_lent(out);
      case 11:
      case 12:
      case 13:
        return take(in, step.arg % 7, step.arg);
      case 14:
      case 15:
        return settle_kept(in, 0);
      case 16:
        return settle_kept(in, 1);
      case 17:
        return settle_kept(in, 2);
      case 18:
        in.receiver->pause();
        in.paused = true;
        return;
      case 19:
        in.receiver->resume();
        in.paused = false;
        return;
      case 20:
        return leave(in);
      case 21:
        return close_receiver(step.arg % ins_.size());
      case 22:
        if (ins_.size() < ends_in_play_max) {
          open_receiver(step.arg);
        }
        return;
      default:
        return come_or_go(step.arg);
    }
  }

  Settings settings_;
  const bool churn_;
  Bench bench_;
  std::shared_ptr<Channel> channel_;
  std::vector<Out> outs_;
  std::vector<Out> closed_;
  std::vector<In> ins_;
  std::map<std::string, Sent> sent_;
  std::uint32_t ends_ = 0;
  std::uint64_t texts_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t dead_ = 0;
  std::uint64_t missed_of_batch_ = 0;
  std::uint32_t again_of_batch_ = 0;
};

}  // namespace host::channel
