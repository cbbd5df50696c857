// plugins/storage_sqlite/service/admin_service.cpp - reads wishes, fills replies.
#include "service/admin_service.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "service/fields.hpp"

namespace storage_sqlite::service {
namespace {

namespace contract = admin_contract;

bp::error no_component(const std::string& name, const std::vector<migration::Plan>& plans) {
  std::string known;
  for (const migration::Plan& plan : plans) {
    known += (known.empty() ? "" : ", ") + std::string(plan.component);
  }
  return {BP_E_NOT_FOUND,
          "NOT_FOUND: there is no component '" + name + "' that migrates; there are: " + known};
}

bp::result<std::vector<migration::Move>> migrate_one(engine::Connection& connection,
                                                     const migration::Plan& plan,
                                                     const Migrate& wanted) {
  const auto at = migration::verify(connection, plan);
  BP_TRY(at);
  std::int64_t target = wanted.to;
  if (wanted.up && target == 0) {
    target = plan.newest();
  } else if (!wanted.up && target == -1) {
    target = std::max<std::int64_t>(*at - 1, 0);
  }
  const bool other_way = wanted.up ? target < *at : target > *at;
  if (other_way) {
    return bp::fail(BP_E_RANGE, "RANGE: '" + std::string(plan.component) + "' is at version " +
                                    std::to_string(*at) + ", so " + std::to_string(target) +
                                    " is not " + (wanted.up ? "up" : "down"));
  }
  return migration::migrate(connection, plan, target,
                            wanted.dry_run ? migration::Mode::DryRun : migration::Mode::Apply);
}

}  // namespace

Migrate read_up(const contract::MigrateUpRequest& request) {
  return {text(request.component()), true, request.to(), request.dry_run()};
}

bp::result<Migrate> read_down(const contract::MigrateDownRequest& request) {
  if (request.component() == nullptr || request.component()->size() == 0) {
    return bp::fail(BP_E_INVALID,
                    "INVALID: `component` is empty; going down drops what a version had added, so "
                    "name what goes");
  }
  return Migrate{text(request.component()), false, request.to(), request.dry_run()};
}

bp::result<upkeep::CheckpointMode> read_mode(const contract::CheckpointRequest& request) {
  switch (request.mode()) {
    case contract::CheckpointMode::passive:
      return upkeep::CheckpointMode::Passive;
    case contract::CheckpointMode::full:
      return upkeep::CheckpointMode::Full;
    case contract::CheckpointMode::restart:
      return upkeep::CheckpointMode::Restart;
    case contract::CheckpointMode::truncate:
      return upkeep::CheckpointMode::Truncate;
    default:
      return bp::fail(BP_E_INVALID, "INVALID: `mode` " +
                                        std::to_string(static_cast<unsigned>(request.mode())) +
                                        " is unknown; use passive, full, restart or truncate");
  }
}

bp::result<std::vector<migration::Move>> migrate(engine::Connection& connection,
                                                 const std::vector<migration::Plan>& plans,
                                                 const Migrate& wanted) {
  std::vector<migration::Move> all;
  bool found = false;
  for (const migration::Plan& plan : plans) {
    if (!wanted.component.empty() && wanted.component != plan.component) {
      continue;
    }
    found = true;
    auto moves = migrate_one(connection, plan, wanted);
    BP_TRY(moves);
    std::ranges::move(*moves, std::back_inserter(all));
  }
  if (!found) {
    return std::unexpected(no_component(wanted.component, plans));
  }
  return all;
}

bp::result<Components> components(engine::Connection& connection,
                                  const std::vector<migration::Plan>& plans) {
  Components all;
  for (const migration::Plan& plan : plans) {
    auto versions = migration::status(connection, plan);
    BP_TRY(versions);
    auto one = std::make_unique<contract::ComponentT>();
    one->name = plan.component;
    one->newest = plan.newest();
    for (migration::Version& version : *versions) {
      auto step = std::make_unique<contract::StepT>();
      one->version = version.applied ? version.number : one->version;
      step->version = version.number;
      step->name = std::move(version.name);
      step->checksum = std::move(version.checksum);
      step->applied = version.applied;
      step->applied_ms = version.applied_ms;
      one->steps.push_back(std::move(step));
    }
    all.push_back(std::move(one));
  }
  return all;
}

contract::MigrateReplyT migrate_reply(const std::vector<migration::Move>& moves,
                                      Components components) {
  contract::MigrateReplyT reply;
  for (const migration::Move& move : moves) {
    auto out = std::make_unique<contract::MoveT>();
    out->component = move.component;
    out->version = move.version;
    out->up = move.up;
    out->name = move.name;
    out->loses = move.loses;
    reply.moves.push_back(std::move(out));
  }
  reply.components = std::move(components);
  return reply;
}

contract::StatusReplyT status_reply(Components components) {
  contract::StatusReplyT reply;
  reply.components = std::move(components);
  reply.current = std::ranges::all_of(reply.components,
                                      [](const auto& one) { return one->version == one->newest; });
  return reply;
}

bp::result<contract::StatsReplyT> stats(store::Store& store, engine::Connection& connection) {
  contract::StatsReplyT reply;
  const auto read = [&](const char* pragma, std::uint64_t& into) -> bp::result<void> {
    const auto number = connection.number(pragma);
    BP_TRY(number);
    into = static_cast<std::uint64_t>(*number);
    return {};
  };
  BP_TRY(read("PRAGMA page_size", reply.page_bytes));
  BP_TRY(read("PRAGMA page_count", reply.pages));
  BP_TRY(read("PRAGMA freelist_count", reply.free_pages));
  const auto records = upkeep::count_records(connection);
  BP_TRY(records);
  reply.records = *records;
  reply.file = std::filesystem::path(store.path()).filename().string();
  reply.database_bytes = upkeep::file_bytes(store.path());
  reply.wal_bytes = upkeep::wal_bytes(store.path());
  reply.readers_in_use = static_cast<std::uint32_t>(store.readers().in_use());
  reply.readers_idle = static_cast<std::uint32_t>(store.readers().idle());
  reply.readers_waiting = static_cast<std::uint32_t>(store.readers().waiting());
  const engine::WriterStats writer = store.writer().stats();
  reply.queue_jobs = writer.queue_jobs;
  reply.queue_bytes = writer.queue_bytes;
  reply.commits = writer.commits;
  reply.busy_retries = store.busy_retries();
  reply.quarantined = store.health().quarantined();
  return reply;
}

}  // namespace storage_sqlite::service
