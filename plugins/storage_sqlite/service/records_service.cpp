// plugins/storage_sqlite/service/records_service.cpp - reads requests, asks the engine, fills
// replies.
#include "service/records_service.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "backplane/cpp/quantity.hpp"

#include "records/query.hpp"
#include "service/fields.hpp"

namespace storage_sqlite::service {
namespace {

namespace contract = records_contract;

/// What is kept for each queued record besides its own bytes.
constexpr std::uint64_t record_overhead_bytes = 512;

/// A point in time as text or in milliseconds; `absent` when neither is given.
bp::result<std::int64_t> time_of(std::string_view field, const flatbuffers::String* as_text,
                                 std::int64_t as_ms, std::int64_t absent) {
  if (as_text == nullptr || as_text->size() == 0) {
    return as_ms == 0 ? absent : as_ms;
  }
  const std::string name = "`" + std::string(field) + "`";
  if (as_ms != 0) {
    return bp::fail(BP_E_INVALID, "INVALID: both " + name + " and `" + std::string(field) +
                                      "_ms` are given; give one");
  }
  const auto time = bp::quantity::time(as_text->string_view());
  if (!time) {
    return bp::fail(BP_E_INVALID, "INVALID: " + name + " is '" + as_text->str() +
                                      "'; write it like 2026-11-25T20:45:13.5Z");
  }
  return std::chrono::floor<std::chrono::milliseconds>(*time).time_since_epoch().count();
}

/// Record and InsertRequest have the fields of a record under the same names.
template <typename Table>
bp::result<records::Record> read_record(const Table& from) {
  const auto time_ms = time_of("time", from.time(), from.time_ms(), 0);
  BP_TRY(time_ms);
  records::Record record{.id = text(from.id()),
                         .name = text(from.name()),
                         .category = text(from.category()),
                         .data = bytes(from.data()),
                         .sealed = from.sealed(),
                         .key_id = text(from.key_id()),
                         .time_ms = *time_ms,
                         .index = text(from.index())};
  BP_TRY(records::check(record));
  return record;
}

std::uint64_t bytes_of(const records::Record& record) {
  return record_overhead_bytes + record.id.size() + record.name.size() + record.category.size() +
         record.data.size() + record.key_id.size() + record.index.size();
}

bp::result<void> add(Insert& insert, bp::result<records::Record> record) {
  BP_TRY(record);
  insert.bytes += bytes_of(*record);
  insert.batch.push_back(std::move(*record));
  return {};
}

bp::result<void> add_all(Insert& insert, const contract::InsertRequest& request) {
  if (request.id() != nullptr) {
    return bp::fail(BP_E_INVALID,
                    "INVALID: both `records` and `id` are given; put all into `records`");
  }
  const auto& all = *request.records();
  if (all.size() == 0 || all.size() > records::batch_records_max) {
    return bp::fail(BP_E_INVALID, "LIMIT: `records` has " + std::to_string(all.size()) +
                                      " items, it may have 1 to " +
                                      std::to_string(records::batch_records_max));
  }
  insert.batch.reserve(all.size());
  for (flatbuffers::uoffset_t place = 0; place < all.size(); ++place) {
    if (auto added = add(insert, read_record(*all.Get(place))); !added) {
      return std::unexpected(
          std::move(added).error().during("reading `records[" + std::to_string(place) + "]`"));
    }
  }
  return {};
}

template <typename Request>
bp::result<records::Filter> read_filter(const Request& request) {
  records::Filter filter{.name = text(request.name()), .category = text(request.category())};
  const auto from = time_of("from", request.from(), request.from_ms(), filter.from_ms);
  BP_TRY(from);
  const auto to = time_of("to", request.to(), request.to_ms(), filter.to_ms);
  BP_TRY(to);
  filter.from_ms = *from;
  filter.to_ms = *to;
  return filter;
}

std::unique_ptr<contract::RecordT> to_contract(records::Record record) {
  auto out = std::make_unique<contract::RecordT>();
  out->id = std::move(record.id);
  out->name = std::move(record.name);
  out->category = std::move(record.category);
  out->data = bytes(record.data);
  out->sealed = record.sealed;
  out->key_id = std::move(record.key_id);
  out->time_ms = record.time_ms;
  out->index = std::move(record.index);
  out->seq = record.seq;
  out->created_ms = record.created_ms;
  return out;
}

/// A guess that spares most replies a growing builder, and small ones a large one.
std::size_t expected_bytes(std::uint32_t limit) {
  constexpr std::size_t record_bytes = 512;
  return record_bytes * std::clamp<std::size_t>(limit, 2, records::page_records_max);
}

// What is empty is left out, as FlatBuffers does it with native objects.

flatbuffers::Offset<flatbuffers::String> text_or_none(flatbuffers::FlatBufferBuilder& builder,
                                                      std::string_view text) {
  return text.empty() ? 0 : builder.CreateString(text.data(), text.size());
}

template <typename Table>
flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<Table>>> list_or_none(
    flatbuffers::FlatBufferBuilder& builder, const std::vector<flatbuffers::Offset<Table>>& all) {
  return all.empty() ? 0 : builder.CreateVector(all);
}

flatbuffers::Offset<contract::Record> write_record(flatbuffers::FlatBufferBuilder& builder,
                                                   const records::RecordView& from) {
  const auto id = text_or_none(builder, from.id);
  const auto name = text_or_none(builder, from.name);
  const auto category = text_or_none(builder, from.category);
  const flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> data =
      from.data.empty()
          ? 0
          : builder.CreateVector(reinterpret_cast<const std::uint8_t*>(from.data.data()),
                                 from.data.size());
  const auto key_id = text_or_none(builder, from.key_id);
  const auto index = text_or_none(builder, from.index);
  contract::RecordBuilder record(builder);
  record.add_id(id);
  record.add_name(name);
  record.add_category(category);
  record.add_data(data);
  record.add_sealed(from.sealed);
  record.add_key_id(key_id);
  record.add_time_ms(from.time_ms);
  record.add_index(index);
  record.add_seq(from.seq);
  record.add_created_ms(from.created_ms);
  return record.Finish();
}

}  // namespace

bp::result<Insert> read_insert(const contract::InsertRequest& request,
                               engine::Durability configured) {
  const auto asked = durability(request.durability(), configured);
  BP_TRY(asked);
  Insert insert;
  insert.durability = *asked;
  if (request.records() != nullptr) {
    BP_TRY(add_all(insert, request));
  } else {
    BP_TRY(add(insert, read_record(request)));
  }
  return insert;
}

contract::InsertReplyT insert_reply(const std::vector<records::Record>& batch,
                                    const std::vector<records::Outcome>& outcomes) {
  contract::InsertReplyT reply;
  for (std::size_t place = 0; place < batch.size(); ++place) {
    auto result = std::make_unique<contract::InsertResultT>();
    result->id = batch[place].id;
    result->duplicate = outcomes[place] == records::Outcome::Duplicate;
    ++(result->duplicate ? reply.duplicates : reply.inserted);
    reply.results.push_back(std::move(result));
  }
  return reply;
}

bp::result<contract::GetReplyT> get(engine::Connection& connection,
                                    const contract::GetRequest& request) {
  auto record = records::get(connection, text(request.id()));
  BP_TRY(record);
  contract::GetReplyT reply;
  reply.record = to_contract(std::move(*record));
  return reply;
}

bp::result<PageReply> page(engine::Connection& connection, const contract::PageRequest& request) {
  auto filter = read_filter(request);
  BP_TRY(filter);
  filter->contains = text(request.contains());
  flatbuffers::FlatBufferBuilder builder(expected_bytes(request.limit()));
  std::vector<flatbuffers::Offset<contract::Record>> all;
  const auto cursor = records::page_into(
      connection,
      {.filter = std::move(*filter),
       .order = request.order() == contract::Order::oldest ? records::Order::Oldest
                                                           : records::Order::Newest,
       .limit = request.limit(),
       .cursor = text(request.cursor()),
       .without_data = request.without_data(),
       .offset = request.offset()},
      [&](const records::RecordView& record) { all.push_back(write_record(builder, record)); });
  BP_TRY(cursor);
  const auto list = list_or_none(builder, all);
  const auto root = contract::CreatePageReply(builder, list, text_or_none(builder, *cursor));
  return PageReply(std::move(builder), root);
}

bp::result<SearchReply> search(engine::Connection& connection,
                               const contract::SearchRequest& request) {
  auto filter = read_filter(request);
  BP_TRY(filter);
  flatbuffers::FlatBufferBuilder builder(expected_bytes(request.limit()));
  std::vector<flatbuffers::Offset<contract::Hit>> all;
  const auto cursor =
      records::search_into(connection,
                           {.query = text(request.query()),
                            .filter = std::move(*filter),
                            .limit = request.limit(),
                            .cursor = text(request.cursor()),
                            .without_data = request.without_data()},
                           [&](const records::HitView& hit) {
                             const auto record = write_record(builder, hit.record);
                             const auto snippet = text_or_none(builder, hit.snippet);
                             all.push_back(contract::CreateHit(builder, record, hit.rank, snippet));
                           });
  BP_TRY(cursor);
  const auto list = list_or_none(builder, all);
  const auto root = contract::CreateSearchReply(builder, list, text_or_none(builder, *cursor));
  return SearchReply(std::move(builder), root);
}

}  // namespace storage_sqlite::service
