// plugins/storage_sqlite/settings.hpp - the configuration of an instance, and what it means for the
// store.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/cpp/config.hpp"

#include "engine/connection.hpp"
#include "kv_settings.hpp"
#include "store/store.hpp"

namespace storage_sqlite {
namespace engine {

constexpr auto json_names(Durability /*unused*/) {
  return std::array{std::pair{"os", Durability::Os}, std::pair{"disk", Durability::Disk}};
}

}  // namespace engine

/// When migrations are made.
enum class MigrateWhen : std::uint8_t { AtStart, ByHand };

constexpr auto json_names(MigrateWhen /*unused*/) {
  return std::array{std::pair{"at_start", MigrateWhen::AtStart},
                    std::pair{"by_hand", MigrateWhen::ByHand}};
}

struct MigrationSettings {
  MigrateWhen when = MigrateWhen::AtStart;
  std::string folder{};

  static constexpr auto fields =
      bp::fields(bp::field<&MigrationSettings::when>("when").or_default(),
                 bp::field<&MigrationSettings::folder>("folder").or_default());
};

struct SqlSettings {
  std::vector<std::string> tables{"{caller}$*"};
  std::vector<std::string> readable{};
  std::chrono::milliseconds deadline{5'000};
  std::chrono::milliseconds write_deadline{1'000};

  static constexpr auto fields =
      bp::fields(bp::field<&SqlSettings::tables>("tables").or_default(),
                 bp::field<&SqlSettings::readable>("readable").or_default(),
                 bp::field<&SqlSettings::deadline>("deadline").or_default(),
                 bp::field<&SqlSettings::write_deadline>("write_deadline").or_default());
};

struct WalSettings {
  bp::byte_size size_max{64ULL * 1'024 * 1'024};
  std::chrono::milliseconds reader_age_max{30'000};

  static constexpr auto fields =
      bp::fields(bp::field<&WalSettings::size_max>("size_max").or_default(),
                 bp::field<&WalSettings::reader_age_max>("reader_age_max").or_default());
};

struct BackupSettings {
  std::string folder = "backups";

  static constexpr auto fields =
      bp::fields(bp::field<&BackupSettings::folder>("folder").or_default());
};

/// plugin.json says what each key means; its schema has the same defaults.
struct Settings {
  std::string path = "events.db";
  engine::Durability durability = engine::Durability::Os;
  std::chrono::milliseconds busy_timeout{5'000};
  bp::byte_size cache_size{20ULL * 1'024 * 1'024};
  bp::byte_size mmap_size{256ULL * 1'024 * 1'024};
  std::uint32_t statements_max = 128;
  std::uint32_t readers_max = 8;
  std::uint32_t readers_idle_min = 2;
  std::chrono::milliseconds readers_idle_time{600'000};
  std::chrono::milliseconds checkout_timeout{10'000};
  std::uint32_t queue_jobs_max = 4'096;
  bp::byte_size queue_bytes_max{64ULL * 1'024 * 1'024};
  std::uint32_t group_rows_max = 2'048;
  std::chrono::microseconds group_time_max{50'000};
  KvSettings kv{};
  MigrationSettings migrations{};
  SqlSettings sql{};
  WalSettings wal{};
  BackupSettings backup{};

  static constexpr auto fields = bp::fields(
      bp::field<&Settings::path>("path").or_default(),
      bp::field<&Settings::durability>("durability").or_default(),
      bp::field<&Settings::busy_timeout>("busy_timeout").or_default(),
      bp::field<&Settings::cache_size>("cache_size").or_default(),
      bp::field<&Settings::mmap_size>("mmap_size").or_default(),
      bp::field<&Settings::statements_max>("statements_max").or_default(),
      bp::field<&Settings::readers_max>("readers_max").or_default(),
      bp::field<&Settings::readers_idle_min>("readers_idle_min").or_default(),
      bp::field<&Settings::readers_idle_time>("readers_idle_time").or_default(),
      bp::field<&Settings::checkout_timeout>("checkout_timeout").or_default(),
      bp::field<&Settings::queue_jobs_max>("queue_jobs_max").or_default(),
      bp::field<&Settings::queue_bytes_max>("queue_bytes_max").or_default(),
      bp::field<&Settings::group_rows_max>("group_rows_max").or_default(),
      bp::field<&Settings::group_time_max>("group_time_max").or_default(),
      bp::field<&Settings::migrations>("migrations").or_default(),
      bp::field<&Settings::sql>("sql").or_default(), bp::field<&Settings::wal>("wal").or_default(),
      bp::field<&Settings::backup>("backup").or_default(), bp::flatten<&Settings::kv>());
};

/// A relative path starts at `data_folder`. Errors: CONFIG, naming the key and what it may be.
[[nodiscard]] bp::result<store::Settings> store_settings(const Settings& settings,
                                                         std::string_view data_folder);
[[nodiscard]] std::string backup_folder(const Settings& settings, std::string_view data_folder);

}  // namespace storage_sqlite
