// plugins/storage_sqlite/edge/sql_edge.hpp - the methods of bp.storage.sql/1.
//
// A resource of the instance. Thread: strand; the work is done on readers, and on the writer's
// thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <stop_token>
#include <utility>

#include "backplane/cpp/plugin.hpp"

#include "access.hpp"
#include "engine/guard.hpp"
#include "service/sql_service.hpp"
#include "settings.hpp"
#include "sql/run.hpp"

namespace storage_sqlite::edge {

class SqlEdge {
  using Time = engine::Guard::Deadline;

 public:
  SqlEdge(bp::context& cx, Access& access, store::Store& store, const Settings& settings)
      : cx_(cx),
        access_(access),
        rules_(store.sql_rules()),
        stop_(cx.stop_token()),
        configured_(settings.durability),
        read_time_max_(settings.sql.deadline),
        write_time_max_(settings.sql.write_deadline) {}

  bp::task<bp::result<service::sql_contract::QueryReplyT>> query(
      const service::sql_contract::QueryRequest& request, const bp::call& on) {
    auto asked = service::read_query(request, read_time_max_);
    BP_CO_TRY(asked);
    const auto rules = rules_of(on);
    BP_CO_TRY(rules);
    const auto answer_by = answer_time(on);
    auto work = [this, &rules, answer_by,
                 query = std::move(*asked)](engine::Connection& connection) {
      const sql::Bounds bounds{*rules, std::min(now() + query.time, answer_by), stop_};
      return sql::query(connection, bounds, query.statement, query.limits);
    };
    auto rows = co_await access_.read(std::move(work));
    BP_CO_TRY(rows);
    co_return service::query_reply(std::move(*rows));
  }

  bp::task<bp::result<service::sql_contract::ExecuteReplyT>> execute(
      const service::sql_contract::ExecuteRequest& request, const bp::call& on) {
    auto asked = service::read_execute(request, configured_, write_time_max_);
    BP_CO_TRY(asked);
    auto rules = rules_of(on);
    BP_CO_TRY(rules);
    auto changes = co_await write(std::move(*rules), std::move(*asked), answer_time(on));
    BP_CO_TRY(changes);
    co_return service::execute_reply(std::move(changes->front()));
  }

  bp::task<bp::result<service::sql_contract::BatchReplyT>> batch(
      const service::sql_contract::BatchRequest& request, const bp::call& on) {
    auto asked = service::read_batch(request, configured_, write_time_max_);
    BP_CO_TRY(asked);
    auto rules = rules_of(on);
    BP_CO_TRY(rules);
    auto changes = co_await write(std::move(*rules), std::move(*asked), answer_time(on));
    BP_CO_TRY(changes);
    co_return service::batch_reply(std::move(*changes));
  }

 private:
  [[nodiscard]] bp::result<engine::Rules> rules_of(const bp::call& on) const {
    const auto caller = on.caller();
    BP_TRY(caller);
    return engine::rules_for(rules_, *caller);
  }

  static Time now() { return std::chrono::steady_clock::now(); }

  /// When a statement has to end for its caller to hear why it did.
  [[nodiscard]] Time answer_time(const bp::call& on) const {
    if (on.deadline_ns() == 0) {
      return Time::max();
    }
    const std::uint64_t now_ns = cx_.now_ns();
    const std::uint64_t left_ns = on.deadline_ns() > now_ns ? on.deadline_ns() - now_ns : 0;
    return now() + sql::time_to_run(std::chrono::nanoseconds(left_ns));
  }

  /// Not in a group: a statement that is interrupted would undo what others wrote.
  bp::task<bp::result<std::vector<sql::Change>>> write(engine::Rules rules, service::Writes writes,
                                                       Time answer_by) {
    BP_CO_TRY(access_.may_write());
    const std::uint64_t bytes = writes.bytes;
    // Not the stop token: what was taken is written before the store closes.
    auto work = [rules = std::move(rules), answer_by, writes = std::move(writes)](
                    engine::Connection& connection) -> bp::result<std::vector<sql::Change>> {
      BP_TRY(connection.set_durability(writes.durability));
      const sql::Bounds bounds{rules, std::min(now() + writes.time, answer_by)};
      return sql::execute(connection, bounds, writes.statements);
    };
    co_return co_await access_.write_alone(bytes, std::move(work));
  }

  bp::context& cx_;
  Access& access_;
  const engine::Rules& rules_;
  std::stop_token stop_;
  engine::Durability configured_;
  std::chrono::milliseconds read_time_max_;
  std::chrono::milliseconds write_time_max_;
};

}  // namespace storage_sqlite::edge
