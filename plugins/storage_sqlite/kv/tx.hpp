// plugins/storage_sqlite/kv/tx.hpp - several operations on one namespace, all of them or none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "kv/kv.hpp"

namespace storage_sqlite::kv {

/// A value; what a kind does not need stays empty.
struct Op {
  enum class Kind : std::uint8_t { Put, Remove, Touch, Check, Publish };

  Kind kind = Kind::Put;
  std::string key{};
  std::string value{};  // of Publish: the message
  Condition condition{};
  std::int64_t ttl_ms = 0;
  std::string channel{};
};

struct OpDone {
  std::int64_t etag = 0;  // 0: none
  std::int64_t seq = 0;   // 0: no change
};

/// One item of put_many.
struct PutItem {
  std::string key;
  std::string value;
  Condition condition;
  std::int64_t ttl_ms = 0;
};

struct PutDone {
  std::int64_t etag = 0;  // the new or, after a mismatch, the present one; 0: none
  std::int64_t seq = 0;   // 0: the condition failed
  std::string error;
};

/// What can be said before anything is written: each operation fits the limits.
/// Errors: those of the parts, "op <number>" in the context; RANGE (LIMIT), TOO_LARGE (together).
[[nodiscard]] bp::result<void> check(const std::vector<Op>& ops);
[[nodiscard]] bp::result<void> check(const std::vector<PutItem>& items);
[[nodiscard]] bp::result<void> check_keys(const std::vector<std::string>& keys);

/// Stops at the first that fails; whoever began the transaction undoes what went before.
[[nodiscard]] bp::result<std::vector<OpDone>> apply(engine::Connection& connection,
                                                    const std::string& space,
                                                    const std::vector<Op>& ops, const Turn& turn);
/// A condition that fails is the outcome of its item; any other error is everyone's.
[[nodiscard]] bp::result<std::vector<PutDone>> put_many(engine::Connection& connection,
                                                        const std::string& space,
                                                        const std::vector<PutItem>& items,
                                                        const Turn& turn);

}  // namespace storage_sqlite::kv
