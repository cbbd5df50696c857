// tests/plugins/storage_sqlite/kv/model_test.cpp - property: after any history the store is what a
// map of values with times to live would be, and its changes tell how it came to that.
#include <cstdint>
#include <map>
#include <optional>
#include <rapidcheck.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/connection.hpp"
#include "kv/changes.hpp"
#include "kv/expiry.hpp"
#include "kv/kv.hpp"
#include "kv/schema.hpp"
#include "kv/tx.hpp"
#include "scratch.hpp"

namespace storage_sqlite::kv {
namespace {

using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

enum class Act : std::uint8_t { Put, PutFor, Create, Cas, Remove, Touch, Tx, Wait, Collect };
constexpr int acts = 9;

struct Step {
  Act act = Act::Put;
  std::uint8_t key = 0;
  std::uint8_t number = 0;  // a time, a value, or whether an etag is right
};

rc::Gen<Step> any_step() {
  return rc::gen::map(rc::gen::tuple(rc::gen::inRange(0, acts), rc::gen::inRange(0, 5),
                                     rc::gen::arbitrary<std::uint8_t>()),
                      [](const std::tuple<int, int, std::uint8_t>& parts) {
                        return Step{static_cast<Act>(std::get<0>(parts)),
                                    static_cast<std::uint8_t>(std::get<1>(parts)),
                                    std::get<2>(parts)};
                      });
}

/// What should be: plain, slow and obvious.
struct Model {
  struct Value {
    std::string value;
    std::int64_t etag;
    std::int64_t until_ms;  // 0: for ever
  };

  std::map<std::string, Value> values;  // expired ones stay until they are collected
  std::int64_t seq = 0;
  std::int64_t now_ms = 1'000;

  Value* find(const std::string& key) {
    const auto found = values.find(key);
    const bool there =
        found != values.end() && (found->second.until_ms == 0 || found->second.until_ms > now_ms);
    return there ? &found->second : nullptr;
  }

  std::int64_t put(const std::string& key, const std::string& value, std::int64_t ttl_ms) {
    values[key] = {value, ++seq, ttl_ms == 0 ? 0 : now_ms + ttl_ms};
    return seq;
  }
};

class KvModel {
 public:
  KvModel() { must(migration::migrate(connection_, schema(), schema().newest())); }

  void take(const Step& step) {
    const std::string key = "k" + std::to_string(step.key);
    const std::string value = std::to_string(step.number);
    const Key at{"s", key};
    const Turn turn{.wall_ms = 1, .clock_ms = model_.now_ms};
    Model::Value* present = model_.find(key);
    const std::int64_t etag =
        present == nullptr || step.number % 3 == 0 ? model_.seq + 7 : present->etag;
    const Condition cas{Condition::Kind::IfEtag, etag};
    const bool holds = present != nullptr && present->etag == etag;
    switch (step.act) {
      case Act::Put:
        RC_ASSERT(must(put(connection_, at, {value, 0}, {}, turn)) == model_.put(key, value, 0));
        return;
      case Act::PutFor:
        RC_ASSERT(must(put(connection_, at, {value, step.number + 1}, {}, turn)) ==
                  model_.put(key, value, step.number + 1));
        return;
      case Act::Create:
        check_write(put(connection_, at, {value, 0}, {Condition::Kind::IfAbsent, 0}, turn),
                    present == nullptr, [&] { return model_.put(key, value, 0); });
        return;
      case Act::Cas:
        check_write(put(connection_, at, {value, 0}, cas, turn), holds,
                    [&] { return model_.put(key, value, 0); });
        return;
      case Act::Remove:
        RC_ASSERT(must(remove(connection_, at, {}, turn)) == removed(key));
        return;
      case Act::Touch:
        RC_ASSERT(touch(connection_, at, step.number, cas, turn).has_value() == holds);
        if (holds) {
          present->until_ms = step.number == 0 ? 0 : model_.now_ms + step.number;
        }
        return;
      case Act::Tx:
        take_tx(step, turn, cas, holds);
        return;
      case Act::Wait:
        model_.now_ms += step.number;
        return;
      case Act::Collect:
        collect_all(turn);
        return;
    }
  }

  void compare() {
    const List all =
        must(list(connection_, {.space = "s", .limit = 2, .with_values = true}, model_.now_ms));
    List rest = all;
    std::map<std::string, std::string> stored;
    for (;;) {
      for (const Entry& entry : rest.entries) {
        Model::Value* wanted = model_.find(entry.key);
        RC_ASSERT(wanted != nullptr);
        RC_ASSERT(entry.value == wanted->value);
        RC_ASSERT(entry.etag == wanted->etag);
        RC_ASSERT(entry.ttl_left_ms ==
                  (wanted->until_ms == 0 ? 0 : wanted->until_ms - model_.now_ms));
        stored[entry.key] = entry.value;
      }
      if (rest.cursor.empty()) {
        break;
      }
      rest = must(list(connection_,
                       {.space = "s", .limit = 2, .cursor = rest.cursor, .with_values = true},
                       model_.now_ms));
    }
    for (int number = 0; number < 5; ++number) {
      const std::string key = "k" + std::to_string(number);
      RC_ASSERT(stored.contains(key) == (model_.find(key) != nullptr));
      RC_ASSERT(get(connection_, {"s", key}, model_.now_ms).has_value() == stored.contains(key));
    }
  }

  /// Whoever follows the changes knows the same keys with the same etags, once all is collected.
  void compare_changes() {
    collect_all({.wall_ms = 1, .clock_ms = model_.now_ms});
    std::map<std::string, std::int64_t> followed;
    std::int64_t since = 0;
    for (;;) {
      const Changes page = must(changes(connection_, "s", static_cast<std::uint64_t>(since), 3));
      RC_ASSERT(page.latest == model_.seq);
      if (page.changes.empty()) {
        break;
      }
      for (const Change& change : page.changes) {
        RC_ASSERT(change.seq == ++since);
        if (change.op == ChangeOp::Put) {
          followed[change.key] = change.seq;
        } else {
          RC_ASSERT(followed.erase(change.key) == 1U);
        }
      }
    }
    std::map<std::string, std::int64_t> wanted;
    for (const auto& [key, value] : model_.values) {
      wanted[key] = value.etag;
    }
    RC_ASSERT(followed == wanted);
  }

 private:
  template <typename Write>
  static void check_write(const bp::result<std::int64_t>& outcome, bool holds, Write write) {
    RC_ASSERT(outcome.has_value() == holds);
    if (holds) {
      RC_ASSERT(*outcome == write());
    } else {
      RC_ASSERT(outcome.error().code() == BP_E_CONFLICT);
    }
  }

  std::int64_t removed(const std::string& key) {
    if (model_.find(key) == nullptr) {
      return 0;
    }
    model_.values.erase(key);
    return ++model_.seq;
  }

  /// Two puts and a comparison, as the writer runs them: in a savepoint of their own.
  void take_tx(const Step& step, const Turn& turn, const Condition& cas, bool holds) {
    const std::string key = "k" + std::to_string(step.key);
    const std::vector<Op> ops{{.kind = Op::Kind::Put, .key = "k0", .value = "tx"},
                              {.kind = Op::Kind::Check, .key = key, .condition = cas},
                              {.kind = Op::Kind::Put, .key = "k1", .value = "tx"}};
    const bool lasts = holds && step.key != 0;  // the first operation changed the etag of k0
    must(connection_.execute("SAVEPOINT job"));
    const auto done = apply(connection_, "s", ops, turn);
    RC_ASSERT(done.has_value() == lasts);
    must(connection_.execute(lasts ? "RELEASE job" : "ROLLBACK TO job; RELEASE job"));
    if (lasts) {
      RC_ASSERT((*done)[0].seq == model_.put("k0", "tx", 0));
      RC_ASSERT((*done)[2].seq == model_.put("k1", "tx", 0));
    }
  }

  void collect_all(const Turn& turn) {
    for (;;) {
      const Collected collected = must(collect(connection_, 2, turn));
      model_.seq += collected.keys;
      if (collected.keys == 0) {
        break;
      }
    }
    std::erase_if(model_.values, [&](const auto& one) {
      return one.second.until_ms != 0 && one.second.until_ms <= model_.now_ms;
    });
  }

  Scratch scratch_;
  engine::Connection connection_ = open_writer(scratch_.path());
  Model model_;
};

TEST(KvModel, IsAMapWithTimesToLive) {
  EXPECT_TRUE(rc::check("any history", [] {
    constexpr int steps_max = 50;
    const auto history =
        *rc::gen::resize(steps_max, rc::gen::container<std::vector<Step>>(any_step()));
    KvModel both;
    for (const Step& step : history) {
      both.take(step);
      both.compare();
    }
    both.compare_changes();
  }));
}

}  // namespace
}  // namespace storage_sqlite::kv
