// plugins/storage_sqlite/service/admin_service.hpp - bp.storage.admin/1 as functions from request
// to reply.
//
// Knows the contract and the store's parts, not the host. Thread: any. All of it blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backplane/contract/storage_admin_generated.h"
#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "migration/migration.hpp"
#include "store/store.hpp"
#include "upkeep/backup.hpp"
#include "upkeep/wal.hpp"

namespace storage_sqlite::service {

namespace admin_contract = bp::storage::admin;
using Components = std::vector<std::unique_ptr<admin_contract::ComponentT>>;

/// A wish to migrate, which owns what it needs.
struct Migrate {
  std::string component;  // empty: all, up
  bool up = true;
  std::int64_t to = 0;  // up: 0 is the newest; down: -1 is one version down
  bool dry_run = false;
};

[[nodiscard]] Migrate read_up(const admin_contract::MigrateUpRequest& request);
/// Errors: INVALID (no component).
[[nodiscard]] bp::result<Migrate> read_down(const admin_contract::MigrateDownRequest& request);
/// Errors: INVALID.
[[nodiscard]] bp::result<upkeep::CheckpointMode> read_mode(
    const admin_contract::CheckpointRequest& request);

/// Errors: NOT_FOUND (no such component), RANGE, and those of migration::migrate.
[[nodiscard]] bp::result<std::vector<migration::Move>> migrate(
    engine::Connection& connection, const std::vector<migration::Plan>& plans,
    const Migrate& wanted);
[[nodiscard]] bp::result<Components> components(engine::Connection& connection,
                                                const std::vector<migration::Plan>& plans);

[[nodiscard]] admin_contract::MigrateReplyT migrate_reply(const std::vector<migration::Move>& moves,
                                                          Components components);
[[nodiscard]] admin_contract::StatusReplyT status_reply(Components components);
/// `connection` reads.
[[nodiscard]] bp::result<admin_contract::StatsReplyT> stats(store::Store& store,
                                                            engine::Connection& connection);

}  // namespace storage_sqlite::service
