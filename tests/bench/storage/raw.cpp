// tests/bench/storage/raw.cpp - one connection with many rows a commit, sixteen with one each, and
// point reads.
#include "tests/bench/storage/raw.hpp"

#include <ctime>
#include <memory>
#include <sqlite3.h>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/bench/race/measure.hpp"

namespace bench {

namespace {

constexpr std::uint64_t rows_a_commit = 1'000;
constexpr unsigned writers = 16;  // threads, or namespaces
constexpr int busy_timeout_ms = 60'000;
constexpr std::uint64_t random_multiplier = 6364136223846793005U;
constexpr std::uint64_t random_step = 1442695040888963407U;
constexpr unsigned random_shift = 33;

void expect_ok(sqlite3* handle, int code, int wanted) {
  if (code != wanted) {
    throw std::runtime_error(std::string("SQLite: ") + sqlite3_errmsg(handle));
  }
}

class Database {
 public:
  explicit Database(const std::filesystem::path& path) {
    expect_ok(
        handle_,
        sqlite3_open_v2(path.c_str(), &handle_,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr),
        SQLITE_OK);
    sqlite3_busy_timeout(handle_, busy_timeout_ms);
  }

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  ~Database() {
    for (sqlite3_stmt* statement : statements_) {
      sqlite3_finalize(statement);
    }
    sqlite3_close_v2(handle_);
  }

  void run(const std::string& sql) {
    expect_ok(handle_, sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  }

  [[nodiscard]] sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    expect_ok(handle_,
              sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr),
              SQLITE_OK);
    statements_.push_back(statement);
    return statement;
  }

  void step(sqlite3_stmt* statement, int wanted) {
    expect_ok(handle_, sqlite3_step(statement), wanted);
  }

  [[nodiscard]] sqlite3* handle() const { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
  std::vector<sqlite3_stmt*> statements_;
};

// The table that storage_sqlite has for values, and its settings.
void set_up(Database& database, const char* synchronous) {
  database.run(std::string("PRAGMA journal_mode = WAL; PRAGMA cache_size = -20480;"
                           "PRAGMA mmap_size = 268435456; PRAGMA synchronous = ") +
               synchronous +
               "; CREATE TABLE IF NOT EXISTS kv (space TEXT NOT NULL, key TEXT NOT NULL,"
               " value BLOB NOT NULL, etag INTEGER NOT NULL, updated_ms INTEGER NOT NULL,"
               " PRIMARY KEY (space, key)) WITHOUT ROWID");
}

std::string digits_of(std::uint64_t number) {
  std::string digits(16, '0');
  for (std::size_t at = digits.size(); at > 0; number >>= 4U) {
    digits[--at] = "0123456789abcdef"[number & 15U];
  }
  return digits;
}

class Puts {
 public:
  enum class Changes { None, Kept };

  Puts(const std::filesystem::path& path, const char* synchronous, Changes changes = Changes::None)
      : database_(path) {
    set_up(database_, synchronous);
    if (changes == Changes::Kept) {
      database_.run(
          "CREATE TABLE kv_changes (space TEXT NOT NULL, seq INTEGER NOT NULL, op INTEGER NOT NULL,"
          " key TEXT NOT NULL, time_ms INTEGER NOT NULL, PRIMARY KEY (space, seq)) WITHOUT ROWID");
      note_ = database_.prepare(
          "INSERT INTO kv_changes (space, seq, op, key, time_ms) VALUES (?2, 1 + ifnull("
          "(SELECT max(seq) FROM kv_changes WHERE space = ?2), 0), 1, ?1, 1)");
    }
    put_ = database_.prepare(
        "INSERT INTO kv (space, key, value, etag, updated_ms) VALUES (?5, ?1, ?2, ?3, ?4)"
        " ON CONFLICT (space, key) DO UPDATE SET value = excluded.value, etag = excluded.etag,"
        " updated_ms = excluded.updated_ms");
    begin_ = database_.prepare("BEGIN IMMEDIATE");
    commit_ = database_.prepare("COMMIT");
  }

  // The rows are those of 16 callers, each with its own namespace and its own count.
  void put(std::uint64_t number) {
    const std::string key = digits_of(number / writers);
    const std::string space = "caller" + std::to_string(number % writers);
    if (note_ != nullptr) {
      sqlite3_bind_text(note_, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
      sqlite3_bind_text(note_, 2, space.data(), static_cast<int>(space.size()), SQLITE_STATIC);
      once(note_);
    }
    sqlite3_bind_text(put_, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
    sqlite3_bind_blob(put_, 2, value_.data(), static_cast<int>(value_.size()), SQLITE_STATIC);
    sqlite3_bind_int64(put_, 3, static_cast<std::int64_t>(number));
    sqlite3_bind_int64(put_, 4, 1);
    sqlite3_bind_text(put_, 5, space.data(), static_cast<int>(space.size()), SQLITE_STATIC);
    once(put_);
  }

  void begin() { once(begin_); }

  void commit() { once(commit_); }

 private:
  void once(sqlite3_stmt* statement) {
    database_.step(statement, SQLITE_DONE);
    sqlite3_reset(statement);
  }

  Database database_;
  std::string value_ = std::string(value_bytes, 'v');
  sqlite3_stmt* note_ = nullptr;
  sqlite3_stmt* put_ = nullptr;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
};

template <typename Work>
Sample measured(std::uint64_t count, Work work) {
  const std::uint64_t processor = processor_ns();
  const std::uint64_t begin = bench_now_ns();
  work();
  const std::uint64_t end = bench_now_ns();
  return {per_operation(begin, end, count), per_operation(processor, processor_ns(), count)};
}

Contender batched(Place& place, const char* row, const char* synchronous,
                  Puts::Changes changes = Puts::Changes::None) {
  const char* name = changes == Puts::Changes::None ? "raw, 1000 rows a commit"
                                                    : "raw, the same with numbered changes";
  return {row, name, [&place, synchronous, changes]() -> Round {
            auto puts =
                std::make_shared<Puts>(place.folder("raw") / "raw.db", synchronous, changes);
            auto next = std::make_shared<std::uint64_t>(0);
            return [puts, next](std::uint64_t count) {
              return measured(count, [&] {
                for (std::uint64_t done = 0; done < count;) {
                  puts->begin();
                  for (std::uint64_t row_of = 0; row_of < rows_a_commit && done < count;
                       ++row_of, ++done) {
                    puts->put((*next)++);
                  }
                  puts->commit();
                }
              });
            };
          }};
}

Contender own_connections(Place& place, const char* row, const char* synchronous) {
  return {row, "16 own connections", [&place, synchronous]() -> Round {
            const auto path = place.folder("raw") / "raw.db";
            auto next = std::make_shared<std::uint64_t>(0);
            auto all = std::make_shared<std::vector<std::unique_ptr<Puts>>>();
            for (unsigned one = 0; one < writers; ++one) {
              all->push_back(std::make_unique<Puts>(path, synchronous));
            }
            return [all, next](std::uint64_t count) {
              const std::uint64_t each = std::max<std::uint64_t>(count / writers, 1);
              const std::uint64_t base = std::exchange(*next, *next + each * writers);
              return measured(each * writers, [&] {
                std::vector<std::jthread> threads;
                for (unsigned one = 0; one < writers; ++one) {
                  threads.emplace_back([&, one] {
                    for (std::uint64_t number = 0; number < each; ++number) {
                      (*all)[one]->put(base + one * each + number);
                    }
                  });
                }
              });
            };
          }};
}

Contender point_reads(Place& place) {
  return {"get", "raw prepared", [&place]() -> Round {
            const auto path = place.folder("raw") / "raw.db";
            auto database = std::make_shared<Database>(path);
            set_up(*database, "NORMAL");
            store_keys(path, "raw");
            sqlite3_stmt* get = database->prepare(
                "SELECT value, etag, updated_ms FROM kv WHERE space = 'raw' AND key = ?1");
            return [database, get, random = std::uint64_t{1}](std::uint64_t count) mutable {
              std::uint64_t bytes = 0;
              const Sample sample = measured(count, [&] {
                for (std::uint64_t done = 0; done < count; ++done) {
                  random = random * random_multiplier + random_step;
                  const std::string key = digits_of((random >> random_shift) % keys_stored);
                  sqlite3_bind_text(get, 1, key.data(), static_cast<int>(key.size()),
                                    SQLITE_STATIC);
                  database->step(get, SQLITE_ROW);
                  const std::string value(static_cast<const char*>(sqlite3_column_blob(get, 0)),
                                          static_cast<std::size_t>(sqlite3_column_bytes(get, 0)));
                  keep(value);
                  bytes += value.size();
                  sqlite3_reset(get);
                }
              });
              expect_equal(bytes, count * value_bytes, "bytes read");
              return sample;
            };
          }};
}

}  // namespace

std::uint64_t processor_ns() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

void store_keys(const std::filesystem::path& database, const std::string& space) {
  Database(database).run(
      "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < " +
      std::to_string(keys_stored) +
      ") INSERT INTO kv (space, key, value, etag, updated_ms) SELECT '" + space +
      "', printf('%016x', i), zeroblob(" + std::to_string(value_bytes) + "), i + 1, 1 FROM n");
}

std::uint64_t count_keys(const std::filesystem::path& database) {
  Database opened(database);
  sqlite3_stmt* count = opened.prepare("SELECT count(*) FROM kv");
  opened.step(count, SQLITE_ROW);
  return static_cast<std::uint64_t>(sqlite3_column_int64(count, 0));
}

Contenders raw_contenders(Place& place) {
  return {batched(place, "write_disk", "FULL"),
          own_connections(place, "write_disk", "FULL"),
          batched(place, "write_os", "NORMAL"),
          batched(place, "write_os", "NORMAL", Puts::Changes::Kept),
          own_connections(place, "write_os", "NORMAL"),
          point_reads(place)};
}

}  // namespace bench
