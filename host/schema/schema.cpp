// host/schema/schema.cpp - the front of the room: names to tables, and on to encode, decode,
// verify.
#include "host/schema/schema.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "host/schema/decode.hpp"
#include "host/schema/describe.hpp"
#include "host/schema/encode.hpp"
#include "host/schema/json_place.hpp"
#include "host/schema/verify.hpp"

namespace host::schema {

namespace {

using error::fail;
using error::Result;

// FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv (contract_gen computes the same).
std::uint64_t fnv1a(std::span<const std::byte> bytes) noexcept {
  constexpr std::uint64_t offset_basis = 0xCBF29CE484222325U;
  constexpr std::uint64_t prime = 0x100000001B3U;
  std::uint64_t hash = offset_basis;
  for (const std::byte byte : bytes) {
    hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * prime;
  }
  return hash;
}

}  // namespace

Result<std::shared_ptr<const Schema>> Schema::parse(std::span<const std::byte> bfbs) {
  auto model = read_model(bfbs);
  if (!model) {
    return std::unexpected(std::move(model).error());
  }
  return std::shared_ptr<const Schema>(new Schema(std::move(*model), fnv1a(bfbs)));
}

const Method* Schema::method(std::string_view name) const noexcept {
  const auto found = std::ranges::find(model_->methods, name, &Method::name);
  return found == model_->methods.end() ? nullptr : &*found;
}

const Method* Schema::method(std::uint32_t id) const noexcept {
  const auto found = std::ranges::lower_bound(model_->methods, id, std::less<>(), &Method::id);
  return found == model_->methods.end() || found->id != id ? nullptr : &*found;
}

Result<const Table*> Schema::table(std::string_view name) const {
  const auto found = std::ranges::find(model_->tables, name, &Table::name);
  if (found != model_->tables.end()) {
    return &*found;
  }
  std::vector<std::string_view> names;
  std::ranges::transform(model_->tables, std::back_inserter(names), &Table::name);
  return fail(BP_E_NOT_FOUND, fmt::format("the schema has no table {}{}", excerpt(name),
                                          did_you_mean(name, names)));
}

std::uint64_t Schema::hash(const Table& table) {
  const std::string text = canonical_text(table);
  return fnv1a(std::as_bytes(std::span(text)));
}

Result<void> Schema::to_binary(const Table& table, std::string_view json,
                               std::vector<std::byte>& out) {
  return encode_json(table, json, out);
}

Result<std::vector<std::byte>> Schema::to_binary(std::string_view table,
                                                 std::string_view json) const {
  const auto found = this->table(table);
  if (!found) {
    return std::unexpected(found.error());
  }
  std::vector<std::byte> out;
  if (auto done = to_binary(**found, json, out); !done) {
    return std::unexpected(std::move(done).error());
  }
  return out;
}

Result<void> Schema::to_json(const Table& table, std::span<const std::byte> bytes,
                             std::string& out) {
  return append_json(table, bytes, out);
}

Result<std::string> Schema::to_json(std::string_view table,
                                    std::span<const std::byte> bytes) const {
  const auto found = this->table(table);
  if (!found) {
    return std::unexpected(found.error());
  }
  std::string out;
  if (auto done = to_json(**found, bytes, out); !done) {
    return std::unexpected(std::move(done).error());
  }
  return out;
}

Result<void> Schema::verify(const Table& table, std::span<const std::byte> bytes) {
  const AlignedBytes aligned(bytes);
  if (auto root = verified_root(table, aligned.view()); !root) {
    return std::unexpected(std::move(root).error());
  }
  return {};
}

Result<void> Schema::verify(std::string_view table, std::span<const std::byte> bytes) const {
  const auto found = this->table(table);
  return found ? verify(**found, bytes) : std::unexpected(found.error());
}

Result<std::span<const Field>> Schema::fields(std::string_view table) const {
  const auto found = this->table(table);
  if (!found) {
    return std::unexpected(found.error());
  }
  return std::span((*found)->fields);
}

Result<std::string> Schema::describe(std::string_view table) const {
  const auto found = this->table(table);
  if (!found) {
    return std::unexpected(found.error());
  }
  return schema::describe(**found);
}

}  // namespace host::schema
