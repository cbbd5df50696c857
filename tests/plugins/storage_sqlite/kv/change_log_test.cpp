// tests/plugins/storage_sqlite/kv/change_log_test.cpp - no number is lost or given twice, whatever
// is undone and whoever else writes; packs give back what went in.
#include "kv/change_log.hpp"

#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <rapidcheck.h>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/writer.hpp"
#include "kv/counters.hpp"
#include "kv/tables.hpp"

namespace storage_sqlite::kv {
namespace {

using engine::Transaction;
using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;

using Keys = std::vector<std::string>;

class KvChangeLogTest : public TablesTest {
 protected:
  KvChangeLogTest() : TablesTest({.wall_ms = 77}) {}

  std::int64_t put_now(const std::string& space, const std::string& key) {
    return must(put(connection_, {space, key}, {"v", 0}, {}, turn_));
  }

  /// All that is kept; their numbers have no gaps.
  static Keys kept(engine::Connection& connection, const std::string& space) {
    Keys keys;
    std::int64_t since = must(kept_since(connection, space));
    for (;;) {
      const Changes page = must(changes(connection, space, static_cast<std::uint64_t>(since), 100));
      for (const Change& change : page.changes) {
        EXPECT_EQ(change.seq, ++since);
        keys.push_back(change.key);
      }
      if (page.changes.empty()) {
        EXPECT_EQ(page.latest, since);
        return keys;
      }
    }
  }

  std::int64_t rows() { return must(connection_.number("SELECT count(*) FROM kv_change_packs")); }
};

TEST_F(KvChangeLogTest, ATransactionsChangesOfANamespaceAreOneRow) {
  Transaction transaction = must(Transaction::begin(connection_));
  EXPECT_EQ(put_now("a", "k1"), 1);
  EXPECT_EQ(put_now("b", "k2"), 1);
  turn_.wall_ms = 70;
  EXPECT_EQ(put_now("a", "k3"), 2);
  EXPECT_EQ(rows(), 0);
  must(transaction.commit());
  EXPECT_EQ(rows(), 2);
  EXPECT_EQ(kept(connection_, "a"), (Keys{"k1", "k3"}));
  EXPECT_EQ(kept(connection_, "b"), Keys{"k2"});
  EXPECT_EQ(must(changes(connection_, "a", 0, 9)).changes[1].time_ms, 70);
  EXPECT_EQ(must(connection_.word("SELECT pack FROM kv_change_packs WHERE space = 'a'")),
            R"(["10:k1","1-7:k3"])");
}

TEST_F(KvChangeLogTest, ALongOneIsSeveralRows) {
  {
    Transaction transaction = must(Transaction::begin(connection_));
    for (std::int64_t count = 0; count < 2 * pack_changes_max + 1; ++count) {
      put_now("many", std::to_string(count));
    }
    for (int count = 0; count < 70; ++count) {
      put_now("large", std::string(key_bytes_max, 'k'));
    }
    must(transaction.commit());
  }
  EXPECT_EQ(must(connection_.number("SELECT count(*) FROM kv_change_packs WHERE space = 'many'")),
            3);
  EXPECT_EQ(must(connection_.number("SELECT max(length(pack)) < 40000 FROM kv_change_packs")), 1);
  EXPECT_EQ(kept(connection_, "many").size(), std::size_t{2 * pack_changes_max + 1});
  EXPECT_EQ(kept(connection_, "large").size(), 70U);
}

TEST_F(KvChangeLogTest, NumbersOfWhatWasUndoneAreGivenToWhatComesNext) {
  put_now("a", "first");
  {
    const Transaction transaction = must(Transaction::begin(connection_));
    EXPECT_EQ(put_now("a", "undone"), 2);
  }
  EXPECT_EQ(rows(), 1);
  Transaction transaction = must(Transaction::begin(connection_));
  EXPECT_EQ(put_now("a", "second"), 2);
  const std::size_t mark = connection_.deferred_mark();
  EXPECT_EQ(put_now("a", "undone"), 3);
  EXPECT_EQ(put_now("b", "undone"), 1);
  connection_.defer_no_more_than(mark);
  EXPECT_EQ(put_now("a", "third"), 3);
  must(transaction.commit());
  EXPECT_EQ(kept(connection_, "a"), (Keys{"first", "second", "third"}));
  EXPECT_EQ(must(newest_seq(connection_, "b")), 0);
}

TEST_F(KvChangeLogTest, WhatOthersWroteMeanwhileIsSeen) {
  const auto put_in_transaction = [this] {
    Transaction transaction = must(Transaction::begin(connection_));
    const std::int64_t seq = put_now("a", "mine");
    must(transaction.commit());
    return seq;
  };
  EXPECT_EQ(put_in_transaction(), 1);
  EXPECT_EQ(put_in_transaction(), 2);
  {
    engine::Connection other = open_writer(scratch_.path());
    EXPECT_EQ(must(put(other, {"a", "theirs"}, {"v", 0}, {}, turn_)), 3);
  }
  EXPECT_EQ(put_in_transaction(), 4);
  must(carry_on(connection_, {.changes = {{"a", 50}}}, 1));
  EXPECT_EQ(put_in_transaction(), 52) << "behind the number that is left out";
  must(migration::migrate(connection_, schema(), 1));
  must(migration::migrate(connection_, schema(), schema().newest()));
  EXPECT_EQ(put_in_transaction(), 53) << "above all etags that were given";
}

TEST_F(KvChangeLogTest, ALoweredLimitIsReachedInSteps) {
  const auto put_some = [this](int count) {
    Transaction transaction = must(Transaction::begin(connection_));
    for (; count > 0; --count) {
      put_now("a", "k");
    }
    must(transaction.commit());
  };
  put_some(3'000);
  turn_.changes_kept = 10;
  std::size_t kept_now = 3'000;
  for (int step = 0; step < 6; ++step) {
    put_some(static_cast<int>(pack_changes_max));
    const std::size_t fewer = kept(connection_, "a").size();
    EXPECT_LE(fewer, kept_now);
    EXPECT_GE(fewer + 1'000, kept_now);
    kept_now = fewer;
  }
  EXPECT_LE(kept_now, 10U + 256U);
}

TEST_F(KvChangeLogTest, DamageIsToldAndNotGuessedAt) {
  for (const char* pack :
       {"", "[", "7", "[7]", R"([""])", R"(["1"])", R"(["10k"])", R"(["1x:k"])", R"(["x0:k"])",
        R"(["10:k"] )"
        "7"}) {
    EXPECT_TRUE(fails_with(read_pack(8, 0, pack), BP_E_CORRUPT, "changes after 7")) << pack;
  }
  EXPECT_TRUE(must(read_pack(8, 0, "[]")).empty());
  const std::vector<Change> two = must(read_pack(8, 100, R"(["2-9:","10:a:\u0001"])"));
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].op, ChangeOp::Remove);
  EXPECT_EQ(two[0].time_ms, 91);
  EXPECT_EQ(two[1].seq, 9);
  EXPECT_EQ(two[1].key, "a:\x01");
}

// Property: whatever a writer's jobs do and however they end, each namespace's kept changes are
// exactly those of the jobs that were answered well, in their order, with the numbers they were
// told.
struct Deed {
  std::uint8_t space = 0;
  std::uint8_t puts = 0;
  std::uint8_t end = 0;  // well, refused, thrown
  bool repeatable = true;
};

class Deeds {
 public:
  static constexpr int ends = 6;

  explicit Deeds(const std::string& path) : writer_(tables(path), {}) {}

  void submit(const Deed& deed) {
    auto told = std::make_shared<std::promise<bool>>();
    auto seqs = std::make_shared<std::vector<std::int64_t>>();
    const std::string space = "s" + std::to_string(deed.space);
    told_.push_back({space, told->get_future(), seqs});
    must(writer_.submit(
        {.repeatable = deed.repeatable,
         .work = [deed, space, seqs](engine::Connection& connection) -> bp::result<void> {
           seqs->clear();
           for (int count = 0; count < deed.puts; ++count) {
             seqs->push_back(must(note_change(connection, {space, "k"}, ChangeOp::Put, {})));
             if (count % 2 == 1) {
               must(connection.execute("UPDATE kv_clock SET at_ms = at_ms + 1"));
             }
           }
           if (deed.end == 1) {
             return bp::fail(BP_E_CONFLICT, "refused");
           }
           return deed.end == 2 ? throw std::runtime_error("thrown") : bp::result<void>();
         },
         .done = [told](const bp::result<void>& end) { told->set_value(end.has_value()); }}));
  }

  std::map<std::string, std::vector<std::int64_t>> answered() {
    std::map<std::string, std::vector<std::int64_t>> all;
    for (Told& one : told_) {
      if (one.well.get()) {
        all[one.space].insert(all[one.space].end(), one.seqs->begin(), one.seqs->end());
      }
    }
    return all;
  }

 private:
  struct Told {
    std::string space;
    std::future<bool> well;
    std::shared_ptr<std::vector<std::int64_t>> seqs;
  };

  static engine::Connection tables(const std::string& path) {
    engine::Connection connection = open_writer(path);
    must(migration::migrate(connection, schema(), schema().newest()));
    return connection;
  }

  std::vector<Told> told_;
  engine::Writer writer_;
};

TEST(KvChangeLogProperty, WhatWasAnsweredIsWhatIsKept) {
  const auto deeds = rc::gen::container<std::vector<Deed>>(
      rc::gen::build<Deed>(rc::gen::set(&Deed::space, rc::gen::inRange<std::uint8_t>(0, 3)),
                           rc::gen::set(&Deed::puts, rc::gen::inRange<std::uint8_t>(0, 5)),
                           rc::gen::set(&Deed::end, rc::gen::inRange<std::uint8_t>(0, Deeds::ends)),
                           rc::gen::set(&Deed::repeatable)));
  rc::check("numbers told and kept", [&] {
    const storage_sqlite::testing::Scratch scratch;
    Deeds all(scratch.path());
    for (const Deed& deed : *deeds) {
      all.submit(deed);
    }
    engine::Connection reader = storage_sqlite::testing::open_reader(scratch.path());
    for (const auto& [space, seqs] : all.answered()) {
      std::vector<std::int64_t> kept;
      for (const Change& change : must(changes(reader, space, 0, changes_page_max)).changes) {
        kept.push_back(change.seq);
      }
      RC_ASSERT(kept == seqs);
    }
  });
}

}  // namespace
}  // namespace storage_sqlite::kv
