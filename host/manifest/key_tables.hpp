// host/manifest/key_tables.hpp - the tables of keys of plugins.json, one per group.
//
// Owns: nothing; each call builds its table. Thread: any. Errors: none.
#pragma once

#include "backplane/abi/service.h"

#include "host/manifest/binder.hpp"
#include "host/manifest/codec.hpp"
#include "host/manifest/manifest.hpp"

namespace host::manifest {

inline constexpr std::size_t plugin_id_bytes_max = BP_INSTANCE_ID_BYTES_MAX;
inline constexpr std::size_t name_bytes_max = 255;  // channels, services, methods: the law's limit
inline constexpr std::uint32_t workers_max = 1'024;
inline constexpr std::uint32_t blocking_threads_max = 1'024;
inline constexpr std::uint32_t channel_capacity_max = 1U << 20U;  // messages; the law's limit
inline constexpr std::uint64_t channel_bytes_max = std::uint64_t{16} << 30U;
inline constexpr std::uint32_t restarts_max = 1'000'000;
inline constexpr std::uint32_t retry_max = 1'000;
inline constexpr std::size_t wire_steps_max = 32;
inline constexpr std::uint32_t series_per_family_max = 100'000;
inline constexpr std::uint32_t series_total_max = 10'000'000;
inline constexpr Duration timeout_min = std::chrono::milliseconds(1);
inline constexpr Duration timeout_max = std::chrono::hours(24);

[[nodiscard]] TextRule plugin_id_rule();
[[nodiscard]] TextRule channel_rule();
[[nodiscard]] TextRule group_rule();
[[nodiscard]] TextRule glob_rule();

[[nodiscard]] Keys<Host> host_keys();
[[nodiscard]] Keys<Admin> admin_keys();
[[nodiscard]] Keys<Log> log_keys();
[[nodiscard]] Keys<Metrics> metrics_keys();
[[nodiscard]] Keys<Secret> secret_keys();
[[nodiscard]] Keys<Plugin> plugin_keys();
[[nodiscard]] Keys<Channel> channel_keys();
[[nodiscard]] Keys<Wire> wire_keys();
[[nodiscard]] Keys<Manifest> manifest_keys();

// What is wrong with a value of "schema", or nothing.
[[nodiscard]] std::string schema_version_fault(const Node& value);

[[nodiscard]] Codec<log::Level> level();

}  // namespace host::manifest
