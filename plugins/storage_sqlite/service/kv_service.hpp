// plugins/storage_sqlite/service/kv_service.hpp - bp.storage.kv/1 as functions from request to
// reply.
//
// Knows the contract and the engine, not the host. Thread: any. Reads block on the disk.
#pragma once

#include <cstdint>
#include <string>

#include "backplane/contract/storage_kv_generated.h"
#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "kv/kv.hpp"

namespace storage_sqlite::service {

namespace kv_contract = bp::storage::kv;

/// A write that was checked and owns all it needs: the request may go.
struct Put {
  kv::Key key;
  std::string value;
  kv::Condition condition;
  engine::Durability durability = engine::Durability::Os;
};

struct Delete {
  kv::Key key;
  kv::Condition condition;
  engine::Durability durability = engine::Durability::Os;
};

/// `configured`: the durability of requests that do not ask for one.
/// Errors: INVALID (KEY_INVALID, etag, both conditions at once), TOO_LARGE.
[[nodiscard]] bp::result<Put> read_put(const kv_contract::PutRequest& request,
                                       engine::Durability configured);
[[nodiscard]] bp::result<Delete> read_delete(const kv_contract::DeleteRequest& request,
                                             engine::Durability configured);

/// Errors: those of kv::get and kv::list.
[[nodiscard]] bp::result<kv_contract::GetReplyT> get(engine::Connection& connection,
                                                     const kv_contract::GetRequest& request);
[[nodiscard]] bp::result<kv_contract::ListReplyT> list(engine::Connection& connection,
                                                       const kv_contract::ListRequest& request);

}  // namespace storage_sqlite::service
