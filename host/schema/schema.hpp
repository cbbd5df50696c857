// host/schema/schema.hpp - one contract, known from its binary schema alone: JSON <-> FlatBuffers.
//
// Owns: the model. Thread: immutable after parse; share it by shared_ptr. Errors: E_SCHEMA for what
// does not fit (with a JSON pointer), E_INVALID for text that is not JSON, E_TOO_LARGE for limits,
// E_NOT_FOUND for a table the schema does not have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/error/error.hpp"
#include "host/schema/model.hpp"

namespace host::schema {

class Schema {
 public:
  // Hostile bytes are an error; so are unions, structs and more than one rpc_service.
  [[nodiscard]] static error::Result<std::shared_ptr<const Schema>> parse(
      std::span<const std::byte> bfbs);

  // The namespace of the rpc_service ("bp.storage.records"); "" for a schema with types only.
  [[nodiscard]] const std::string& service_name() const noexcept { return model_->service_name; }

  // By id.
  [[nodiscard]] std::span<const Method> methods() const noexcept { return model_->methods; }

  [[nodiscard]] const Method* method(std::string_view name) const noexcept;
  [[nodiscard]] const Method* method(std::uint32_t id) const noexcept;

  [[nodiscard]] std::span<const Table> tables() const noexcept { return model_->tables; }

  // By full name; E_NOT_FOUND names the nearest one.
  [[nodiscard]] error::Result<const Table*> table(std::string_view name) const;

  // FNV-1a of the .bfbs: equal hashes are the same file. Different ones may still be compatible.
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }

  // Of one table and all it reaches, whatever file it was declared in: equal hashes, same type.
  [[nodiscard]] static std::uint64_t hash(const Table& table);

  // JSON form: [ubyte] is base64 (an array of numbers is accepted); enums are names (numbers are
  // accepted); 64-bit integers are numbers (strings are accepted); null means absent.
  [[nodiscard]] static error::Result<void> to_binary(const Table& table, std::string_view json,
                                                     std::vector<std::byte>& out);
  [[nodiscard]] error::Result<std::vector<std::byte>> to_binary(std::string_view table,
                                                                std::string_view json) const;

  // Compact. Every scalar is printed, also where it has its default; absent strings, vectors,
  // tables and `= null` scalars are left out. Appends to `out`.
  [[nodiscard]] static error::Result<void> to_json(const Table& table,
                                                   std::span<const std::byte> bytes,
                                                   std::string& out);
  [[nodiscard]] error::Result<std::string> to_json(std::string_view table,
                                                   std::span<const std::byte> bytes) const;

  [[nodiscard]] static error::Result<void> verify(const Table& table,
                                                  std::span<const std::byte> bytes);
  [[nodiscard]] error::Result<void> verify(std::string_view table,
                                           std::span<const std::byte> bytes) const;

  // The fields a wire may read or fill, by id.
  [[nodiscard]] error::Result<std::span<const Field>> fields(std::string_view table) const;

  // Text for people: fields, types, defaults and documentation of the table and all it reaches.
  [[nodiscard]] error::Result<std::string> describe(std::string_view table) const;

 private:
  Schema(std::unique_ptr<const Model> model, std::uint64_t hash)
      : model_(std::move(model)), hash_(hash) {}

  std::unique_ptr<const Model> model_;
  std::uint64_t hash_;
};

}  // namespace host::schema
