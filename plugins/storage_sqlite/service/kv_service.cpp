// plugins/storage_sqlite/service/kv_service.cpp - reads requests, asks the engine, fills replies.
#include "service/kv_service.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/shared_read.hpp"
#include "service/fields.hpp"

namespace storage_sqlite::service {
namespace {

namespace contract = kv_contract;

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

template <typename Request>
bp::result<Put> read_value(const Request& request, std::string space, bool if_absent,
                           engine::Durability configured) {
  const auto asked = durability(request.durability(), configured);
  BP_TRY(asked);
  const auto condition = condition_of(request.if_etag(), if_absent);
  BP_TRY(condition);
  Put put{{std::move(space), text(request.key())},
          bytes(request.value()),
          request.ttl_ms(),
          *condition,
          *asked};
  BP_TRY(kv::check(put.key));
  BP_TRY(kv::check(kv::Content{put.value, put.ttl_ms}));
  return put;
}

bp::result<kv::PutItem> read_item(const contract::PutItem& item) {
  const auto condition = condition_of(item.if_etag(), item.if_absent());
  BP_TRY(condition);
  return kv::PutItem{text(item.key()), bytes(item.value()), *condition, item.ttl_ms()};
}

bp::result<kv::Op> read_op(const contract::Op& op) {
  using Kind = kv::Op::Kind;
  const auto kind = static_cast<Kind>(op.kind());  // the contract's numbers, compared below
  static_assert(static_cast<int>(contract::OpKind::publish) == static_cast<int>(Kind::Publish) &&
                static_cast<int>(contract::OpKind::check) == static_cast<int>(Kind::Check) &&
                static_cast<int>(contract::OpKind::touch) == static_cast<int>(Kind::Touch) &&
                static_cast<int>(contract::OpKind::remove) == static_cast<int>(Kind::Remove));
  if (kind > Kind::Publish) {
    return bp::fail(BP_E_INVALID, "INVALID: `kind` " + std::to_string(static_cast<int>(kind)) +
                                      " is unknown; use put, remove, touch, check or publish");
  }
  const auto condition = condition_of(op.if_etag(), op.if_absent());
  BP_TRY(condition);
  return kv::Op{.kind = kind,
                .key = text(op.key()),
                .value = kind == Kind::Publish ? text(op.message()) : bytes(op.value()),
                .condition = *condition,
                .ttl_ms = op.ttl_ms(),
                .channel = text(op.channel())};
}

/// Every item of a vector of tables, then what all of them must be together.
template <typename Item, typename Tables, typename ReadOne>
bp::result<Batch<Item>> read_batch(const Tables* tables, std::string space,
                                   engine::Durability durability, std::string_view one,
                                   ReadOne read_one) {
  Batch<Item> batch{.space = std::move(space), .items = {}, .bytes = 0, .durability = durability};
  const std::size_t count = tables == nullptr ? 0 : tables->size();
  // One too many is enough to be refused; copying more of them would be their gain.
  for (std::size_t index = 0; index < std::min(count, kv::batch_items_max + 1); ++index) {
    auto item = read_one(*tables->Get(static_cast<flatbuffers::uoffset_t>(index)));
    if (!item) {
      return std::unexpected(
          std::move(item).error().during(std::string(one) + " " + std::to_string(index)));
    }
    batch.bytes += item->key.size() + item->value.size();
    batch.items.push_back(std::move(*item));
  }
  BP_TRY(kv::check(batch.items));
  return batch;
}

std::string etag_or_empty(std::int64_t etag) {
  return etag == 0 ? std::string() : kv::etag_text(etag);
}

std::unique_ptr<contract::EntryT> entry_of(kv::Entry entry) {
  auto out = std::make_unique<contract::EntryT>();
  out->key = std::move(entry.key);
  out->value = bytes(entry.value);
  out->etag = kv::etag_text(entry.etag);
  out->updated_ms = entry.updated_ms;
  out->ttl_left_ms = entry.ttl_left_ms;
  return out;
}

}  // namespace

bp::result<Put> read_put(const contract::PutRequest& request, std::string space,
                         engine::Durability configured) {
  return read_value(request, std::move(space), request.if_absent(), configured);
}

bp::result<Put> read_cas(const contract::CasRequest& request, std::string space,
                         engine::Durability configured) {
  const bool if_absent = request.if_etag() == nullptr || request.if_etag()->size() == 0;
  return read_value(request, std::move(space), if_absent, configured);
}

bp::result<Delete> read_delete(const contract::DeleteRequest& request, std::string space,
                               engine::Durability configured) {
  const auto asked = durability(request.durability(), configured);
  BP_TRY(asked);
  const auto condition = condition_of(request.if_etag(), false);
  BP_TRY(condition);
  Delete remove{{std::move(space), text(request.key())}, *condition, *asked};
  BP_TRY(kv::check(remove.key));
  return remove;
}

bp::result<Touch> read_touch(const contract::TouchRequest& request, std::string space,
                             engine::Durability configured) {
  const auto asked = durability(request.durability(), configured);
  BP_TRY(asked);
  const auto condition = condition_of(request.if_etag(), false);
  BP_TRY(condition);
  Touch touch{{std::move(space), text(request.key())}, request.ttl_ms(), *condition, *asked};
  BP_TRY(kv::check(touch.key));
  BP_TRY(kv::check_ttl(touch.ttl_ms));
  return touch;
}

bp::result<Batch<kv::PutItem>> read_put_many(const contract::PutManyRequest& request,
                                             std::string space, engine::Durability configured) {
  const auto asked = durability(request.durability(), configured);
  BP_TRY(asked);
  return read_batch<kv::PutItem>(request.items(), std::move(space), *asked, "item", read_item);
}

bp::result<Batch<kv::Op>> read_tx(const contract::TxRequest& request, std::string space,
                                  engine::Durability configured) {
  const auto asked = durability(request.durability(), configured);
  BP_TRY(asked);
  return read_batch<kv::Op>(request.ops(), std::move(space), *asked, "op", read_op);
}

bp::result<std::vector<std::string>> read_keys(const contract::GetManyRequest& request) {
  std::vector<std::string> keys;
  const std::size_t count = request.keys() == nullptr ? 0 : request.keys()->size();
  for (std::size_t index = 0; index < std::min(count, kv::batch_items_max + 1); ++index) {
    keys.push_back(text(request.keys()->Get(static_cast<flatbuffers::uoffset_t>(index))));
  }
  BP_TRY(kv::check_keys(keys));
  return keys;
}

contract::PutManyReplyT put_many_reply(std::vector<kv::PutDone> done) {
  contract::PutManyReplyT reply;
  for (kv::PutDone& one : done) {
    auto out = std::make_unique<contract::PutResultT>();
    out->etag = etag_or_empty(one.etag);
    out->seq = static_cast<std::uint64_t>(one.seq);
    out->error = std::move(one.error);
    reply.results.push_back(std::move(out));
  }
  return reply;
}

contract::TxReplyT tx_reply(const std::vector<kv::OpDone>& done) {
  contract::TxReplyT reply;
  for (const kv::OpDone& one : done) {
    auto out = std::make_unique<contract::OpResultT>();
    out->etag = etag_or_empty(one.etag);
    out->seq = static_cast<std::uint64_t>(one.seq);
    reply.results.push_back(std::move(out));
  }
  return reply;
}

bp::result<bp::contract::outgoing<contract::GetReply>> get(engine::Connection& connection,
                                                           const kv::Key& key,
                                                           std::int64_t clock_ms) {
  constexpr std::size_t around_bytes = 96;  // of a value in its reply
  std::optional<bp::contract::outgoing<contract::GetReply>> reply;
  BP_TRY(kv::look_at(connection, key, clock_ms, [&reply](const kv::EntryView& entry) {
    flatbuffers::FlatBufferBuilder builder(entry.value.size() + around_bytes);
    const auto value = builder.CreateVector(
        reinterpret_cast<const std::uint8_t*>(entry.value.data()), entry.value.size());
    const auto etag = builder.CreateString(kv::etag_text(entry.etag));
    const auto root =
        contract::CreateGetReply(builder, value, etag, entry.updated_ms, entry.ttl_left_ms);
    reply.emplace(std::move(builder), root);
  }));
  return std::move(*reply);
}

bp::result<contract::GetManyReplyT> get_many(engine::Connection& connection,
                                             const std::string& space,
                                             const std::vector<std::string>& keys,
                                             std::int64_t clock_ms) {
  const auto moment = engine::Moment::begin(connection);
  BP_TRY(moment);
  auto found = kv::get_many(connection, space, keys, clock_ms);
  BP_TRY(found);
  contract::GetManyReplyT reply;
  for (std::size_t index = 0; index < keys.size(); ++index) {
    if (std::optional<kv::Entry>& entry = (*found)[index]) {
      reply.entries.push_back(entry_of(std::move(*entry)));
    } else {
      reply.entries.push_back(std::make_unique<contract::EntryT>());
      reply.entries.back()->key = keys[index];
    }
  }
  return reply;
}

bp::result<contract::ListReplyT> list(engine::Connection& connection,
                                      const contract::ListRequest& request,
                                      const std::string& space, std::int64_t clock_ms) {
  auto found = kv::list(connection,
                        {.space = space,
                         .prefix = text(request.prefix()),
                         .limit = request.limit(),
                         .cursor = text(request.cursor()),
                         .with_values = request.with_values()},
                        clock_ms);
  BP_TRY(found);
  contract::ListReplyT reply;
  reply.cursor = std::move(found->cursor);
  for (kv::Entry& entry : found->entries) {
    reply.entries.push_back(entry_of(std::move(entry)));
  }
  return reply;
}

bp::result<contract::ChangesReplyT> changes(engine::Connection& connection,
                                            const contract::ChangesRequest& request,
                                            const std::string& space) {
  auto found = kv::changes(connection, space, request.since_seq(), request.limit());
  BP_TRY(found);
  contract::ChangesReplyT reply;
  reply.latest = static_cast<std::uint64_t>(found->latest);
  for (kv::Change& change : found->changes) {
    auto out = std::make_unique<contract::ChangeT>();
    out->seq = static_cast<std::uint64_t>(change.seq);
    out->op = static_cast<contract::ChangeOp>(change.op);
    out->key = std::move(change.key);
    out->etag = change.op == kv::ChangeOp::Put ? kv::etag_text(change.seq) : std::string();
    out->time_ms = change.time_ms;
    reply.changes.push_back(std::move(out));
  }
  return reply;
}

}  // namespace storage_sqlite::service
