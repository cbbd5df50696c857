// plugins/storage_sqlite/upkeep/backup.cpp - SQLite's online backup, both ways.
#include "upkeep/backup.hpp"

#include <array>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sqlite3.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "engine/failure.hpp"
#include "engine/text.hpp"
#include "upkeep/wal.hpp"

namespace storage_sqlite::upkeep {
namespace {

constexpr int pages_per_step = 256;  // 1 MiB between two looks at the stop token
constexpr int progress_instructions = 10'000;

bp::error stopping() {
  return {BP_E_CLOSED, "STOPPING: the store is closing; ask again after its restart"};
}

struct CloseRaw {
  void operator()(sqlite3* raw) const noexcept { sqlite3_close_v2(raw); }
};

using Raw = std::unique_ptr<sqlite3, CloseRaw>;

bp::result<Raw> open_raw(const std::string& path, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle,
                                   flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Raw raw(handle);
  if (code != SQLITE_OK) {
    return std::unexpected(engine::failure(handle, code, "opening the copy"));
  }
  return raw;
}

/// Ends what a connection runs as soon as a stop is requested.
class Stoppable {
 public:
  Stoppable(engine::Connection& connection, std::stop_token stop)
      : handle_(connection.handle()), stop_(std::move(stop)) {
    sqlite3_progress_handler(handle_, progress_instructions, &Stoppable::progress, this);
  }

  Stoppable(const Stoppable&) = delete;
  Stoppable& operator=(const Stoppable&) = delete;
  Stoppable(Stoppable&&) = delete;
  Stoppable& operator=(Stoppable&&) = delete;

  ~Stoppable() { sqlite3_progress_handler(handle_, 0, nullptr, nullptr); }

 private:
  static int progress(void* self) noexcept {
    return static_cast<Stoppable*>(self)->stop_.stop_requested() ? 1 : 0;
  }

  sqlite3* handle_;
  std::stop_token stop_;
};

/// All pages, step by step. `to` and `from` are open.
bp::result<std::uint64_t> copy_pages(sqlite3* to, sqlite3* from, int step_pages,
                                     const std::stop_token& stop) {
  sqlite3_backup* backup = sqlite3_backup_init(to, "main", from, "main");
  if (backup == nullptr) {
    return std::unexpected(engine::failure(to, sqlite3_extended_errcode(to), "copying pages"));
  }
  int code = SQLITE_OK;
  while (code == SQLITE_OK && !stop.stop_requested()) {
    code = sqlite3_backup_step(backup, step_pages);
  }
  const int pages = sqlite3_backup_pagecount(backup);
  const int ended = sqlite3_backup_finish(backup);
  if (code == SQLITE_DONE && ended == SQLITE_OK) {
    return static_cast<std::uint64_t>(pages);
  }
  if (code == SQLITE_OK) {
    return std::unexpected(stopping());
  }
  return std::unexpected(engine::failure(to, code, "copying pages"));
}

/// A name is safe only when its folder knows it.
bp::result<void> settle_name(const std::string& partial, const std::string& path) {
  std::error_code code;
  std::filesystem::rename(partial, path, code);
  if (code) {
    return bp::fail(BP_E_IO, "IO: cannot name the copy '" + path + "': " + code.message());
  }
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) {
    ::fsync(descriptor);
    ::close(descriptor);
  }
  return {};
}

bp::result<Copy> copy_to_partial(engine::Connection& from, const std::string& partial,
                                 const std::stop_token& stop) {
  const auto to = open_raw(partial, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  BP_TRY(to);
  // One transaction around all steps: what others write meanwhile would begin the copy anew.
  const auto moment = engine::Moment::begin(from);
  BP_TRY(moment);
  BP_TRY(from.number("SELECT count(*) FROM sqlite_schema"));  // it begins with the first look
  const auto pages = copy_pages(to->get(), from.handle(), pages_per_step, stop);
  BP_TRY(pages);
  // Without a log: one file that can be carried about.
  const int code =
      sqlite3_exec(to->get(), "PRAGMA journal_mode = DELETE", nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return std::unexpected(engine::failure(to->get(), code, "closing the copy"));
  }
  return Copy{.bytes = file_bytes(partial), .pages = *pages};
}

void remove_partial(const std::string& partial) noexcept {
  std::error_code ignored;
  for (const char* ending : {"", "-journal", "-wal", "-shm"}) {
    std::filesystem::remove(partial + ending, ignored);
  }
}

}  // namespace

bp::result<std::string> BackupFolder::path_of(std::string_view name) const {
  if (!engine::is_name(name, backup_name_bytes_max) || name.starts_with('.')) {
    return bp::fail(BP_E_INVALID, "INVALID: `file` is '" + std::string(name) +
                                      "'; give a name of a-z, A-Z, 0-9, '.', '_', '-' without "
                                      "folders, which does not begin with a dot");
  }
  return (std::filesystem::path(path_) / name).string();
}

std::string BackupFolder::free_name(std::string_view prefix, std::int64_t now_ms) const {
  constexpr std::int64_t ms_per_s = 1'000;
  const auto seconds = static_cast<std::time_t>(now_ms / ms_per_s);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, sizeof "20261126T081500Z"> stamp{};
  (void)std::strftime(stamp.data(), stamp.size(), "%Y%m%dT%H%M%SZ", &parts);
  const std::string start = std::string(prefix) + "-" + stamp.data();
  // Twice in a second, or the clock was set back.
  std::error_code code;
  std::string name = start + ".db";
  for (int number = 2; std::filesystem::exists(std::filesystem::path(path_) / name, code);
       ++number) {
    name = start + "-" + std::to_string(number) + ".db";
  }
  return name;
}

bp::result<Copy> copy(engine::Connection& from, const std::string& to,
                      const std::stop_token& stop) {
  std::error_code code;
  std::filesystem::create_directories(std::filesystem::path(to).parent_path(), code);
  const std::string name = std::filesystem::path(to).filename().string();
  if (code) {
    return bp::fail(BP_E_IO, "CANTOPEN: cannot make the folder of backups: " + code.message());
  }
  if (std::filesystem::exists(to, code)) {
    return bp::fail(BP_E_EXISTS, "EXISTS: there is a backup '" + name +
                                     "' already; give another name, or remove it");
  }
  const std::string partial = to + ".partial";
  remove_partial(partial);  // of a copy that a killed host began
  auto copied = copy_to_partial(from, partial, stop);
  if (copied) {
    if (auto named = settle_name(partial, to); !named) {
      copied = std::unexpected(std::move(named).error());
    }
  }
  if (!copied) {
    remove_partial(partial);
    return std::unexpected(std::move(copied).error().during("writing the backup '" + name + "'"));
  }
  return copied;
}

bp::result<std::vector<std::string>> integrity(engine::Connection& connection, bool quick,
                                               const std::stop_token& stop) {
  if (stop.stop_requested()) {
    return std::unexpected(stopping());
  }
  const Stoppable stoppable(connection, stop);
  auto rows = connection.prepare((quick ? "PRAGMA quick_check(" : "PRAGMA integrity_check(") +
                                 std::to_string(problems_max) + ")");
  std::vector<std::string> problems;
  while (rows) {
    const auto row = rows->step();
    if (!row && stop.stop_requested()) {
      return std::unexpected(stopping());
    }
    if (!row) {
      problems.push_back(row.error().message());
      return problems;
    }
    if (!*row) {
      return problems;
    }
    if (rows->text(0) != "ok") {
      problems.emplace_back(rows->text(0));
    }
  }
  problems.push_back(rows.error().message());
  return problems;
}

bp::result<std::uint64_t> count_records(engine::Connection& connection) {
  const auto there = connection.has_table("records");
  BP_TRY(there);
  if (!*there) {
    return 0;
  }
  const auto count = connection.number("SELECT count(*) FROM records");
  BP_TRY(count);
  return static_cast<std::uint64_t>(*count);
}

bp::result<Inspection> inspect(const std::string& path, const std::vector<migration::Plan>& plans,
                               const std::stop_token& stop) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) {
    const std::filesystem::path wanted(path);
    return bp::fail(BP_E_NOT_FOUND, "NOT_FOUND: there is no backup '" + wanted.filename().string() +
                                        "' in the folder '" +
                                        wanted.parent_path().filename().string() +
                                        "' (`backup.folder`); name a file that lies there");
  }
  Inspection found;
  found.bytes = file_bytes(path);
  auto opened = engine::Connection::open(path, {.access = engine::Access::ReadOnly});
  if (!opened) {
    found.problems.push_back(opened.error().text());
    return found;
  }
  auto problems = integrity(*opened, false, stop);
  BP_TRY(problems);
  found.problems = std::move(*problems);
  for (const migration::Plan& plan : plans) {
    if (const auto version = migration::verify(*opened, plan); !version) {
      found.problems.push_back(version.error().text());
    }
  }
  if (const auto count = count_records(*opened); count) {
    found.records = *count;
  } else {
    found.problems.push_back(count.error().text());
  }
  return found;
}

Replacement::Replacement(std::string path, engine::Connection connection)
    : path_(std::move(path)), connection_(std::move(connection)) {}

Replacement::~Replacement() {
  connection_.reset();
  remove_partial(path_);
}

bp::result<std::unique_ptr<Replacement>> Replacement::make(const std::string& backup,
                                                           const std::string& path) {
  remove_partial(path);
  auto opened = engine::Connection::open(path, {});
  BP_TRY(opened);
  std::unique_ptr<Replacement> made(new Replacement(path, std::move(*opened)));
  // Nobody needs it after a crash, and a log of it would take as much room again.
  BP_TRY(made->connection().execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF"));
  BP_TRY(restore(made->connection(), backup));
  return made;
}

bp::result<void> restore(engine::Connection& into, engine::Connection& from) {
  // In one step: it is one transaction of `into`, which others see whole or not at all.
  constexpr int all_pages = -1;
  BP_TRY(copy_pages(into.handle(), from.handle(), all_pages, {}));
  return {};
}

bp::result<void> restore(engine::Connection& into, const std::string& from) {
  const auto source = open_raw(from, SQLITE_OPEN_READONLY);
  BP_TRY(source);
  constexpr int all_pages = -1;
  BP_TRY(copy_pages(into.handle(), source->get(), all_pages, {}));
  return {};
}

}  // namespace storage_sqlite::upkeep
