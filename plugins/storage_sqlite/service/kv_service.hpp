// plugins/storage_sqlite/service/kv_service.hpp - bp.storage.kv/1 as functions from request to
// reply.
//
// Knows the contract and the engine, not the host. Which namespace is meant was settled before
// (spaces.hpp). Thread: any. Reads block on the disk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backplane/contract/storage_kv_contract.hpp"
#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "kv/changes.hpp"
#include "kv/kv.hpp"
#include "kv/tx.hpp"

namespace storage_sqlite::service {

namespace kv_contract = bp::storage::kv;

/// Writes that were checked and own all they need: the request may go.
struct Put {
  kv::Key key;
  std::string value;
  std::int64_t ttl_ms = 0;
  kv::Condition condition;
  engine::Durability durability = engine::Durability::Os;
};

struct Delete {
  kv::Key key;
  kv::Condition condition;
  engine::Durability durability = engine::Durability::Os;
};

struct Touch {
  kv::Key key;
  std::int64_t ttl_ms = 0;
  kv::Condition condition;
  engine::Durability durability = engine::Durability::Os;
};

template <typename Item>
struct Batch {
  std::string space;
  std::vector<Item> items;
  std::uint64_t bytes = 0;
  engine::Durability durability = engine::Durability::Os;
};

/// `configured`: the durability of requests that do not ask for one.
/// Errors: INVALID (KEY_INVALID, TTL_INVALID, etag, both conditions at once), TOO_LARGE, RANGE
/// (LIMIT).
[[nodiscard]] bp::result<Put> read_put(const kv_contract::PutRequest& request, std::string space,
                                       engine::Durability configured);
[[nodiscard]] bp::result<Put> read_cas(const kv_contract::CasRequest& request, std::string space,
                                       engine::Durability configured);
[[nodiscard]] bp::result<Delete> read_delete(const kv_contract::DeleteRequest& request,
                                             std::string space, engine::Durability configured);
[[nodiscard]] bp::result<Touch> read_touch(const kv_contract::TouchRequest& request,
                                           std::string space, engine::Durability configured);
[[nodiscard]] bp::result<Batch<kv::PutItem>> read_put_many(
    const kv_contract::PutManyRequest& request, std::string space, engine::Durability configured);
[[nodiscard]] bp::result<Batch<kv::Op>> read_tx(const kv_contract::TxRequest& request,
                                                std::string space, engine::Durability configured);
[[nodiscard]] bp::result<std::vector<std::string>> read_keys(
    const kv_contract::GetManyRequest& request);

[[nodiscard]] kv_contract::PutManyReplyT put_many_reply(std::vector<kv::PutDone> done);
[[nodiscard]] kv_contract::TxReplyT tx_reply(const std::vector<kv::OpDone>& done);

/// Errors: those of the functions of kv/ with these names.
[[nodiscard]] bp::result<bp::contract::outgoing<kv_contract::GetReply>> get(
    engine::Connection& connection, const kv::Key& key, std::int64_t clock_ms);
/// All of them as they are at one moment.
[[nodiscard]] bp::result<kv_contract::GetManyReplyT> get_many(engine::Connection& connection,
                                                              const std::string& space,
                                                              const std::vector<std::string>& keys,
                                                              std::int64_t clock_ms);
[[nodiscard]] bp::result<kv_contract::ListReplyT> list(engine::Connection& connection,
                                                       const kv_contract::ListRequest& request,
                                                       const std::string& space,
                                                       std::int64_t clock_ms);
[[nodiscard]] bp::result<kv_contract::ChangesReplyT> changes(
    engine::Connection& connection, const kv_contract::ChangesRequest& request,
    const std::string& space);

}  // namespace storage_sqlite::service
