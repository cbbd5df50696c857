// tests/bench/storage_read/main.cpp - backplane-bench-storage-read: searches and pages of
// storage_sqlite, from request to packed reply, beside SQLite's C API.
//
// Both read the same file of 50,000 records: ours as the plugin answers a call (a reader from the
// pool, the request's checks, the reply's bytes), the raw one with a statement that was prepared
// once, every column of every row copied into one buffer.
#include <filesystem>
#include <memory>
#include <optional>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "records/insert.hpp"
#include "service/records_service.hpp"
#include "store/store.hpp"
#include "tests/bench/race/measure.hpp"
#include "tests/bench/race/program.hpp"
#include "tests/bench/race/race.hpp"

namespace bench {

namespace {

namespace contract = storage_sqlite::service::records_contract;
using storage_sqlite::engine::Connection;

constexpr int records = 50'000;
constexpr std::size_t data_bytes = 200;

template <typename Value>
Value must(bp::result<Value> result) {
  if (!result) {
    throw std::runtime_error(result.error().text());
  }
  return std::move(*result);
}

/// The records, in a folder that goes with it.
class Stage {
 public:
  Stage()
      : folder_(std::filesystem::temp_directory_path() /
                ("bp-storage-read-" + std::to_string(::getpid()))),
        store_(must(storage_sqlite::store::Store::open({.path = path()}))) {
    Connection writer = must(store_->connect(storage_sqlite::engine::Access::ReadWrite));
    constexpr int in_one_go = 1'000;
    for (int first = 0; first < records; first += in_one_go) {
      std::vector<storage_sqlite::records::Record> batch;
      for (int number = first; number < first + in_one_go; ++number) {
        batch.push_back({.id = "record-" + std::to_string(number),
                         .name = number % 3 == 0 ? "quake" : "flight",
                         .category = "m" + std::to_string(number % 7),
                         .data = std::string(data_bytes, 'd'),
                         .time_ms = 1'000'000 + number,
                         .index = fmt::format(R"({{"place":"{} km from town{}"}})", number % 100,
                                              number % 500)});
      }
      auto transaction = must(storage_sqlite::engine::Transaction::begin(writer));
      must(storage_sqlite::records::insert(writer, batch, 1));
      if (auto committed = transaction.commit(); !committed) {
        throw std::runtime_error(committed.error().text());
      }
    }
  }

  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  ~Stage() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string path() const { return (folder_ / "events.db").string(); }

  [[nodiscard]] storage_sqlite::store::Store& store() const { return *store_; }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<storage_sqlite::store::Store> store_;
};

template <typename Request>
std::string packed(const typename Request::NativeTableType& native) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Request::Pack(builder, &native));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

/// As the plugin answers: `answer(connection, request)` gives the reply, `rows` how many it has.
template <typename Request, typename Answer>
std::function<Round()> ours(const Stage& stage, const typename Request::NativeTableType& native,
                            std::uint64_t rows, Answer answer) {
  return [&stage, bytes = packed<Request>(native), rows, answer]() -> Round {
    return [&stage, &bytes = bytes, rows, answer](std::uint64_t count) {
      const std::uint64_t begin = bench_now_ns();
      for (std::uint64_t call = 0; call < count; ++call) {
        auto lease = must(stage.store().readers().checkout());
        expect_equal(answer(*lease, *flatbuffers::GetRoot<Request>(bytes.data())), rows, "rows");
      }
      return Sample{per_operation(begin, bench_now_ns(), count), 0};
    };
  };
}

/// A statement and its connection.
class Raw {
 public:
  Raw(const std::string& path, const std::string& sql) {
    if (sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                        nullptr) != SQLITE_OK ||
        sqlite3_exec(handle_, "PRAGMA mmap_size = 268435456; PRAGMA cache_size = -20480", nullptr,
                     nullptr, nullptr) != SQLITE_OK ||
        sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement_, nullptr) != SQLITE_OK) {
      throw std::runtime_error(sqlite3_errmsg(handle_));
    }
  }

  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;

  ~Raw() {
    sqlite3_finalize(statement_);
    sqlite3_close(handle_);
  }

  /// How many rows; all of them are in the buffer.
  std::uint64_t run() {
    kept_.clear();
    std::uint64_t rows = 0;
    const int columns = sqlite3_column_count(statement_);
    while (sqlite3_step(statement_) == SQLITE_ROW) {
      for (int column = 0; column < columns; ++column) {
        copy(column);
      }
      ++rows;
    }
    sqlite3_reset(statement_);
    return rows;
  }

 private:
  void copy(int column) {
    const int type = sqlite3_column_type(statement_, column);
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
      const auto number = sqlite3_column_int64(statement_, column);
      kept_.append(reinterpret_cast<const char*>(&number), sizeof number);
      return;
    }
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    kept_.append(bytes == nullptr ? "" : bytes,
                 static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  }

  sqlite3* handle_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  std::string kept_;
};

std::function<Round()> raw(const Stage& stage, const std::string& sql, std::uint64_t rows) {
  return [&stage, sql, rows]() -> Round {
    auto statement = std::make_shared<Raw>(stage.path(), sql);
    return [statement, rows](std::uint64_t count) {
      const std::uint64_t begin = bench_now_ns();
      for (std::uint64_t call = 0; call < count; ++call) {
        expect_equal(statement->run(), rows, "rows");
      }
      return Sample{per_operation(begin, bench_now_ns(), count), 0};
    };
  };
}

Contenders pages(const Stage& stage, const std::string& row, std::uint32_t limit) {
  const std::string columns =
      "SELECT seq, id, name, category, data, sealed, key_id, time_ms, created_ms, index_json";
  contract::PageRequestT request;
  request.limit = limit;
  const auto answer = [](Connection& connection, const contract::PageRequest& asked) {
    const auto reply = must(storage_sqlite::service::page(connection, asked));
    return flatbuffers::GetRoot<contract::PageReply>(reply.bytes().data())->records()->size();
  };
  return {
      {row, "backplane", ours<contract::PageRequest>(stage, request, limit, answer)},
      {row, "SQLite",
       raw(stage,
           columns + " FROM records ORDER BY time_ms DESC, seq DESC LIMIT " + std::to_string(limit),
           limit)}};
}

Contenders searches(const Stage& stage) {
  constexpr std::uint32_t limit = 20;
  contract::SearchRequestT request;
  request.query = "town7";
  request.limit = limit;
  const auto answer = [](Connection& connection, const contract::SearchRequest& asked) {
    const auto reply = must(storage_sqlite::service::search(connection, asked));
    return flatbuffers::GetRoot<contract::SearchReply>(reply.bytes().data())->hits()->size();
  };
  const std::string sql =
      "SELECT r.seq, r.id, r.name, r.category, r.data, r.sealed, r.key_id, r.time_ms, r.created_ms,"
      " r.index_json, records_fts.rank, snippet(records_fts, -1, '[', ']', '...', 16)"
      " FROM records_fts JOIN records r ON r.seq = records_fts.rowid"
      " WHERE records_fts MATCH 'town7' ORDER BY records_fts.rank LIMIT " +
      std::to_string(limit);
  return {{"search", "backplane", ours<contract::SearchRequest>(stage, request, limit, answer)},
          {"search", "SQLite", raw(stage, sql, limit)}};
}

std::vector<Row> read_rows() {
  constexpr double at_most = 1.1;
  const auto beside_raw = [](const std::string& name, const std::string& work) {
    return Row{name, work, true, {{"backplane", "SQLite", Relation::cost, at_most}}};
  };
  return {beside_raw("search", "full-text search, 20 best of 100 hits, with snippets"),
          beside_raw("page", "page of 100 records of 200 B"),
          beside_raw("scan", "page of 1000 records of 200 B")};
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
  constexpr unsigned rounds = 11;
  constexpr double round_ms = 150;
  std::optional<bench::Stage> stage;
  return bench::run_program(
      {.name = "backplane-bench-storage-read",
       .about = "Measures searches and pages of storage_sqlite, beside SQLite's C API.",
       .rows = bench::read_rows(),
       .effort = {.rounds = rounds, .round_ms = round_ms}},
      {argv + 1, argv + argc}, [&stage](const bench::Asked& /*asked*/) {
        stage.emplace();
        bench::Field field{bench::searches(*stage)};
        append(field.contenders, bench::pages(*stage, "page", 100));
        append(field.contenders, bench::pages(*stage, "scan", 1'000));
        return field;
      });
}
