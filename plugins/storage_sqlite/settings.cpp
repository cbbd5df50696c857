// plugins/storage_sqlite/settings.cpp - from the names of plugin.json to the parts of the store.
#include "settings.hpp"

#include <filesystem>

namespace storage_sqlite {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds wait_max = std::chrono::hours(1);
constexpr std::uint64_t memory_bytes_max = 1ULL << 40U;
constexpr std::uint64_t kib = 1'024;

bp::result<void> check_wait(std::string_view key, milliseconds value) {
  if (value < milliseconds(0) || value > wait_max) {
    return bp::fail(BP_E_CONFIG, "`" + std::string(key) + "` is " + std::to_string(value.count()) +
                                     " ms; it may be 0s to 1h");
  }
  return {};
}

bp::result<void> check_count(std::string_view key, std::uint64_t value, std::uint64_t max) {
  if (value == 0 || value > max) {
    return bp::fail(BP_E_CONFIG, "`" + std::string(key) + "` is " + std::to_string(value) +
                                     "; it may be 1 to " + std::to_string(max));
  }
  return {};
}

bp::result<void> check(const KvSettings& settings) {
  constexpr std::uint32_t changes_limit = 10'000'000;
  constexpr std::uint32_t messages_limit = 10'000'000;
  constexpr std::uint32_t collect_limit = 10'000;
  BP_TRY(check_count("changes_kept", settings.changes_kept, changes_limit));
  BP_TRY(check_count("outbox_messages_max", settings.outbox_messages_max, messages_limit));
  BP_TRY(check_count("collect_keys_max", settings.collect_keys_max, collect_limit));
  BP_TRY(check_wait("collect_interval", settings.collect_interval));
  BP_TRY(check_count("collect_interval",
                     static_cast<std::uint64_t>(settings.collect_interval.count()),
                     static_cast<std::uint64_t>(wait_max.count())));
  return service::check(settings.namespaces);
}

bp::result<void> check_parts(const Settings& settings) {
  constexpr std::size_t patterns_limit = 100;
  BP_TRY(check_wait("sql.deadline", settings.sql.deadline));
  BP_TRY(check_wait("sql.write_deadline", settings.sql.write_deadline));
  BP_TRY(check_wait("wal.reader_age_max", settings.wal.reader_age_max));
  BP_TRY(check_count("wal.size_max", settings.wal.size_max, memory_bytes_max));
  BP_TRY(check_count("sql.tables", settings.sql.tables.size() + 1, patterns_limit));
  BP_TRY(check_count("sql.readable", settings.sql.readable.size() + 1, patterns_limit));
  if (settings.backup.folder.empty()) {
    return bp::fail(BP_E_CONFIG, "`backup.folder` is empty; name a folder, as in \"backups\"");
  }
  return {};
}

bp::result<void> check(const Settings& settings) {
  constexpr std::uint32_t readers_limit = 64;
  constexpr std::uint32_t statements_limit = 4'096;
  constexpr std::uint32_t jobs_limit = 1U << 20U;
  if (settings.path.empty()) {
    return bp::fail(BP_E_CONFIG, "`path` is empty; name the database file");
  }
  BP_TRY(check_wait("busy_timeout", settings.busy_timeout));
  BP_TRY(check_wait("checkout_timeout", settings.checkout_timeout));
  BP_TRY(check_wait("readers_idle_time", settings.readers_idle_time));
  BP_TRY(check_wait("group_time_max",
                    std::chrono::duration_cast<milliseconds>(settings.group_time_max)));
  BP_TRY(check_count("cache_size", settings.cache_size, memory_bytes_max));
  BP_TRY(check_count("mmap_size", settings.mmap_size + 1, memory_bytes_max));  // 0 switches it off
  BP_TRY(check_count("statements_max", settings.statements_max, statements_limit));
  BP_TRY(check_count("readers_max", settings.readers_max, readers_limit));
  BP_TRY(check_count("queue_jobs_max", settings.queue_jobs_max, jobs_limit));
  BP_TRY(check_count("queue_bytes_max", settings.queue_bytes_max, memory_bytes_max));
  BP_TRY(check_count("group_rows_max", settings.group_rows_max, jobs_limit));
  BP_TRY(check(settings.kv));
  return check_parts(settings);
}

/// Absolute ones stay themselves.
std::string below(std::string_view folder, const std::string& path) {
  return (std::filesystem::path(folder) / path).string();
}

}  // namespace

bp::result<store::Settings> store_settings(const Settings& settings, std::string_view data_folder) {
  if (auto checked = check(settings); !checked) {
    return std::unexpected(std::move(checked).error().during("reading the configuration"));
  }
  store::Settings out;
  out.path = below(data_folder, settings.path);
  out.connection.busy_timeout_ms = static_cast<std::int32_t>(settings.busy_timeout.count());
  out.connection.cache_size_kib = static_cast<std::int64_t>((settings.cache_size + kib - 1) / kib);
  out.connection.mmap_bytes = static_cast<std::int64_t>(settings.mmap_size.bytes);
  out.connection.statements_max = settings.statements_max;
  out.readers.readers_max = settings.readers_max;
  out.readers.idle_min = settings.readers_idle_min;
  out.readers.idle_time_max = settings.readers_idle_time;
  out.readers.checkout_timeout = settings.checkout_timeout;
  out.writer.queue_jobs_max = settings.queue_jobs_max;
  out.writer.queue_bytes_max = settings.queue_bytes_max;
  out.writer.group_rows_max = settings.group_rows_max;
  out.writer.group_time_max = settings.group_time_max;
  out.sql = {settings.sql.tables, settings.sql.readable};
  out.migrate_at_start = settings.migrations.when == MigrateWhen::AtStart;
  if (!settings.migrations.folder.empty()) {
    out.migrations_folder = below(data_folder, settings.migrations.folder);
  }
  return out;
}

std::string backup_folder(const Settings& settings, std::string_view data_folder) {
  return below(data_folder, settings.backup.folder);
}

}  // namespace storage_sqlite
