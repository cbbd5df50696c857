// plugins/storage_sqlite/service/records_service.hpp - bp.storage.records/1 as functions from
// request to reply.
//
// Knows the contract and the engine, not the host. Thread: any. Reads block on the disk.
#pragma once

#include <cstdint>
#include <vector>

#include "backplane/contract/storage_records_generated.h"
#include "backplane/contract/typed.hpp"
#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "records/insert.hpp"
#include "records/record.hpp"

namespace storage_sqlite::service {

namespace records_contract = bp::storage::records;

// Written row by row where the reply lies: a page is mostly bytes on their way.
using PageReply = bp::contract::outgoing<records_contract::PageReply>;
using SearchReply = bp::contract::outgoing<records_contract::SearchReply>;

/// An insert that was checked and owns all it needs: the request may go.
struct Insert {
  std::vector<records::Record> batch;
  engine::Durability durability = engine::Durability::Os;
  std::uint64_t bytes = 0;
};

/// `configured`: the durability of requests that do not ask for one.
/// Errors: INVALID, TOO_LARGE, each naming the record and the field.
[[nodiscard]] bp::result<Insert> read_insert(const records_contract::InsertRequest& request,
                                             engine::Durability configured);
[[nodiscard]] records_contract::InsertReplyT insert_reply(
    const std::vector<records::Record>& batch, const std::vector<records::Outcome>& outcomes);

/// Errors: INVALID and those of records::get, page and search.
[[nodiscard]] bp::result<records_contract::GetReplyT> get(
    engine::Connection& connection, const records_contract::GetRequest& request);
[[nodiscard]] bp::result<PageReply> page(engine::Connection& connection,
                                         const records_contract::PageRequest& request);
[[nodiscard]] bp::result<SearchReply> search(engine::Connection& connection,
                                             const records_contract::SearchRequest& request);

}  // namespace storage_sqlite::service
