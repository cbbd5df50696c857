// plugins/storage_sqlite/engine/shared_read.cpp - one checkout and one transaction for all who
// wait.
#include "engine/shared_read.hpp"

#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace storage_sqlite::engine {
namespace {

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
