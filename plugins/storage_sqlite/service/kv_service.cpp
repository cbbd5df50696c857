// plugins/storage_sqlite/service/kv_service.cpp - reads requests, asks the engine, fills replies.
#include "service/kv_service.hpp"

#include <memory>
#include <utility>

#include "service/fields.hpp"

namespace storage_sqlite::service {
namespace {

namespace contract = kv_contract;

constexpr const char* default_space = "default";

std::string space_of(const flatbuffers::String* field) {
  return field == nullptr || field->size() == 0 ? std::string(default_space) : field->str();
}

template <typename Request>
kv::Key key_of(const Request& request) {
  return {space_of(request.space()), text(request.key())};
}

bp::result<kv::Condition> condition_of(const flatbuffers::String* if_etag, bool if_absent) {
  using Kind = kv::Condition::Kind;
  if (if_etag == nullptr || if_etag->size() == 0) {
    return kv::Condition{if_absent ? Kind::IfAbsent : Kind::Always, 0};
  }
  if (if_absent) {
    return bp::fail(BP_E_INVALID, "INVALID: both `if_etag` and `if_absent` are given; give one");
  }
  const auto etag = kv::read_etag(if_etag->str());
  BP_TRY(etag);
  return kv::Condition{Kind::IfEtag, *etag};
}

}  // namespace

bp::result<Put> read_put(const contract::PutRequest& request, engine::Durability configured) {
  const auto asked = durability(request.durability(), configured);
  BP_TRY(asked);
  const auto condition = condition_of(request.if_etag(), request.if_absent());
  BP_TRY(condition);
  Put put{key_of(request), bytes(request.value()), *condition, *asked};
  BP_TRY(kv::check(put.key));
  BP_TRY(kv::check_value(put.value));
  return put;
}

bp::result<Delete> read_delete(const contract::DeleteRequest& request,
                               engine::Durability configured) {
  const auto asked = durability(request.durability(), configured);
  BP_TRY(asked);
  const auto condition = condition_of(request.if_etag(), false);
  BP_TRY(condition);
  Delete remove{key_of(request), *condition, *asked};
  BP_TRY(kv::check(remove.key));
  return remove;
}

bp::result<contract::GetReplyT> get(engine::Connection& connection,
                                    const contract::GetRequest& request) {
  const auto entry = kv::get(connection, key_of(request));
  BP_TRY(entry);
  contract::GetReplyT reply;
  reply.value = bytes(entry->value);
  reply.etag = kv::etag_text(entry->etag);
  reply.updated_ms = entry->updated_ms;
  return reply;
}

bp::result<contract::ListReplyT> list(engine::Connection& connection,
                                      const contract::ListRequest& request) {
  auto found = kv::list(connection, {.space = space_of(request.space()),
                                     .prefix = text(request.prefix()),
                                     .limit = request.limit(),
                                     .cursor = text(request.cursor()),
                                     .with_values = request.with_values()});
  BP_TRY(found);
  contract::ListReplyT reply;
  reply.cursor = std::move(found->cursor);
  for (kv::Entry& entry : found->entries) {
    auto out = std::make_unique<contract::EntryT>();
    out->key = std::move(entry.key);
    out->value = bytes(entry.value);
    out->etag = kv::etag_text(entry.etag);
    out->updated_ms = entry.updated_ms;
    reply.entries.push_back(std::move(out));
  }
  return reply;
}

}  // namespace storage_sqlite::service
