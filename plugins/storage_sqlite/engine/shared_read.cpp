// plugins/storage_sqlite/engine/shared_read.cpp - one checkout and one transaction for all who
// wait.
#include "engine/shared_read.hpp"

#include <exception>
#include <string>
#include <string_view>

namespace storage_sqlite::engine {
namespace {

bp::result<void> run_once(Connection& connection, std::string_view sql) {
  auto statement = connection.prepare(sql);
  BP_TRY(statement);
  return statement->run();
}

void read_one(SharedRead& read, Connection& connection) {
  try {
    read.read(connection);
  } catch (const std::exception& thrown) {
    read.fail(bp::error(BP_E_PANIC, std::string("a read threw: ") + thrown.what()));
  } catch (...) {
    read.fail(bp::error(BP_E_PANIC, "a read threw something unknown"));
  }
}

bp::result<void> read_on(Pool& pool, std::span<SharedRead* const> reads) {
  auto lease = pool.checkout();
  BP_TRY(lease);
  Connection& connection = **lease;
  if (reads.size() > 1) {
    BP_TRY(run_once(connection, "BEGIN"));
  }
  for (SharedRead* read : reads) {
    read_one(*read, connection);
  }
  // Nothing was written: a failure of the end is nobody's, but the reader must not stay in it.
  if (connection.in_transaction() && !run_once(connection, "COMMIT")) {
    (void)connection.execute("ROLLBACK");
  }
  return {};
}

}  // namespace

void read_together(Pool& pool, std::span<SharedRead* const> reads) {
  if (const auto begun = read_on(pool, reads); !begun) {
    for (SharedRead* read : reads) {
      read->fail(begun.error());
    }
  }
}

}  // namespace storage_sqlite::engine
