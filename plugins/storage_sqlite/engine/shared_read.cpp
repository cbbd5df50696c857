// plugins/storage_sqlite/engine/shared_read.cpp - one checkout and one transaction for all who
// wait.
#include "engine/shared_read.hpp"

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace storage_sqlite::engine {
namespace {

bp::result<void> run_once(Connection& connection, std::string_view sql) {
  auto statement = connection.prepare(sql);
  BP_TRY(statement);
  return statement->run();
}

std::size_t read_one(SharedRead& read, Connection& connection) {
  try {
    return read.read(connection);
  } catch (const std::exception& thrown) {
    read.fail(bp::error(BP_E_PANIC, std::string("a read threw: ") + thrown.what()));
  } catch (...) {
    read.fail(bp::error(BP_E_PANIC, "a read threw something unknown"));
  }
  return 0;
}

bp::result<std::size_t> read_on(Pool& pool, std::span<SharedRead* const> reads,
                                std::size_t bytes_max) {
  auto lease = pool.checkout();
  BP_TRY(lease);
  Connection& connection = **lease;
  std::optional<Moment> moment;
  if (reads.size() > 1) {
    auto begun = Moment::begin(connection);
    BP_TRY(begun);
    moment.emplace(std::move(*begun));
  }
  std::size_t count = 0;
  for (std::size_t bytes = 0; count < reads.size() && (count == 0 || bytes < bytes_max); ++count) {
    bytes += read_one(*reads[count], connection);
  }
  return count;
}

}  // namespace

bp::result<Moment> Moment::begin(Connection& connection) {
  BP_TRY(run_once(connection, "BEGIN"));
  return Moment(connection);
}

Moment::~Moment() {
  // Nothing was written: a failure of the end is nobody's, but the reader must not stay in it.
  if (connection_ != nullptr && connection_->in_transaction() &&
      !run_once(*connection_, "COMMIT")) {
    (void)connection_->execute("ROLLBACK");
  }
}

std::size_t read_together(Pool& pool, std::span<SharedRead* const> reads, std::size_t bytes_max) {
  const auto count = read_on(pool, reads, bytes_max);
  if (count) {
    return *count;
  }
  for (SharedRead* read : reads) {
    read->fail(count.error());
  }
  return reads.size();
}

}  // namespace storage_sqlite::engine
