// host/schema/model.hpp - a contract as plain data: tables, fields, enums, methods; read from a
// .bfbs.
//
// Owns: everything it names; pointers between its parts stay valid as long as the Model lives.
// Thread: immutable once read. Errors: E_SCHEMA for a hostile or unsuitable schema.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/error/error.hpp"

namespace host::schema {

inline constexpr std::size_t schema_bytes_max = std::size_t{1} << 20U;
inline constexpr std::size_t name_bytes_max = 255;

enum class Kind : std::uint8_t { Boolean, Integer, Floating, String, Bytes, Table };

enum class Scalar : std::uint8_t {
  Boolean,
  Int8,
  Uint8,
  Int16,
  Uint16,
  Int32,
  Uint32,
  Int64,
  Uint64,
  Float32,
  Float64
};

struct Table;

struct EnumValue {
  std::string name;
  std::int64_t value = 0;  // a uint64 enum keeps its bits
};

struct Enum {
  std::string name;
  std::vector<EnumValue> values;

  [[nodiscard]] const EnumValue* named(std::string_view value_name) const noexcept;
  [[nodiscard]] const EnumValue* valued(std::int64_t value) const noexcept;
};

// What one value is: a field's, or each element's of a vector field.
struct ValueType {
  Kind kind = Kind::Integer;
  Scalar scalar = Scalar::Int8;       // of Boolean, Integer, Floating
  const Table* table = nullptr;       // of Table
  const Enum* enumeration = nullptr;  // of an Integer that has names
};

struct Field {
  std::string name;
  std::string doc;
  std::uint16_t id = 0;
  std::uint16_t offset = 0;  // of its slot in the vtable
  bool required = false;
  bool optional = false;  // a scalar declared `= null`: absent is not the same as a default
  bool vector = false;    // of `type`; [ubyte] is no vector but Kind::Bytes
  ValueType type;
  std::int64_t default_integer = 0;
  double default_real = 0;

  [[nodiscard]] bool is_scalar() const noexcept { return !vector && type.kind <= Kind::Floating; }
};

struct Table {
  std::string name;  // full: "bp.storage.records.InsertRequest"
  std::string doc;
  std::vector<Field> fields;           // by id; deprecated ones are left out
  std::vector<std::uint16_t> by_name;  // indices into `fields`, sorted by field name

  [[nodiscard]] const Field* field(std::string_view field_name) const noexcept;
};

struct Method {
  std::uint32_t id = 0;
  std::string name;  // "Insert"
  std::string doc;
  bool runs_inline = false;  // attribute `inline`: thread-safe, never blocks
  const Table* request = nullptr;
  const Table* reply = nullptr;
};

struct Model {
  std::string service_name;  // the namespace of the rpc_service, "" without one
  std::vector<Table> tables;
  std::vector<Enum> enums;
  std::vector<Method> methods;  // by id
};

// Checks everything a later reader relies on; the result does not refer to `bfbs`.
[[nodiscard]] error::Result<std::unique_ptr<const Model>> read_model(
    std::span<const std::byte> bfbs);

// "uint8", "float64": for messages and descriptions.
[[nodiscard]] std::string_view scalar_name(Scalar scalar) noexcept;

// "string", "[bp.x.Item]", "bytes", "bp.x.Colour (uint8)".
[[nodiscard]] std::string type_name(const Field& field);

}  // namespace host::schema
