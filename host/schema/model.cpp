// host/schema/model.cpp - reads a binary schema (.bfbs) into a Model and refuses what contracts may
// not have.
#include "host/schema/model.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <optional>
#include <utility>

#include <flatbuffers/reflection_generated.h>
#include <fmt/format.h>

namespace host::schema {

namespace {

using error::fail;
using error::Result;

using Documentation = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;
using Attributes = flatbuffers::Vector<flatbuffers::Offset<reflection::KeyValue>>;

constexpr std::uint16_t vtable_header_bytes = 4;
constexpr std::uint16_t vtable_slot_bytes = 2;
constexpr std::uint16_t field_id_max =
    8191;  // far above any real table; keeps a vtable under 16 KiB

constexpr std::string_view allowed_types =
    "contracts have tables, strings, scalars, enums and vectors of these; use a table instead";

std::string_view text_of(const flatbuffers::String* text) noexcept {
  return text == nullptr ? std::string_view() : std::string_view(text->c_str(), text->size());
}

// Names go into messages, JSON and generated code as they are: only what flatc itself lets pass.
Result<std::string> checked_name(const flatbuffers::String* text) {
  const std::string_view name = text_of(text);
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
  };
  if (name.empty() || name.size() > name_bytes_max || !std::ranges::all_of(name, allowed)) {
    return fail(BP_E_SCHEMA, "the schema has a name that is no identifier: compile it with flatc");
  }
  return std::string(name);
}

std::string joined(const Documentation* lines) {
  std::string doc;
  if (lines == nullptr) {
    return doc;
  }
  for (const flatbuffers::String* line : *lines) {
    std::string_view text = text_of(line);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    doc += doc.empty() ? "" : "\n";
    doc += text;
  }
  return doc;
}

std::optional<std::string_view> attribute(const Attributes* attributes, std::string_view key) {
  if (attributes == nullptr) {
    return std::nullopt;
  }
  for (const reflection::KeyValue* entry : *attributes) {
    if (text_of(entry->key()) == key) {
      return text_of(entry->value());
    }
  }
  return std::nullopt;
}

std::optional<Scalar> scalar_of(reflection::BaseType type) noexcept {
  switch (type) {
    case reflection::Bool:
      return Scalar::Boolean;
    case reflection::Byte:
      return Scalar::Int8;
    case reflection::UByte:
      return Scalar::Uint8;
    case reflection::Short:
      return Scalar::Int16;
    case reflection::UShort:
      return Scalar::Uint16;
    case reflection::Int:
      return Scalar::Int32;
    case reflection::UInt:
      return Scalar::Uint32;
    case reflection::Long:
      return Scalar::Int64;
    case reflection::ULong:
      return Scalar::Uint64;
    case reflection::Float:
      return Scalar::Float32;
    case reflection::Double:
      return Scalar::Float64;
    default:
      return std::nullopt;
  }
}

Kind kind_of(Scalar scalar) noexcept {
  if (scalar == Scalar::Boolean) {
    return Kind::Boolean;
  }
  return scalar >= Scalar::Float32 ? Kind::Floating : Kind::Integer;
}

// Sorts by `key` and tells whether a value occurs twice.
template <typename Items, typename Key>
bool sort_unique(Items& items, Key key) {
  std::ranges::sort(items, std::less<>(), key);
  return std::ranges::adjacent_find(items, std::equal_to<>(), key) == items.end();
}

Result<std::vector<EnumValue>> read_values(const reflection::Enum& raw) {
  std::vector<EnumValue> values;
  for (const reflection::EnumVal* value : *raw.values()) {
    auto name = checked_name(value->name());
    if (!name) {
      return std::unexpected(std::move(name).error());
    }
    values.push_back({.name = std::move(*name), .value = value->value()});
  }
  return values;
}

class Reader {
 public:
  explicit Reader(const reflection::Schema& schema) : schema_(schema) {}

  Result<std::unique_ptr<const Model>> read();

 private:
  Result<void> read_enums();
  Result<void> read_tables();
  Result<void> read_fields(Table& table, const reflection::Object& object);
  Result<Field> read_field(const std::string& table, const reflection::Field& raw);
  Result<ValueType> read_type(const reflection::Type& raw, reflection::BaseType base);
  Result<void> read_service();
  Result<Method> read_method(const reflection::RPCCall& call);
  [[nodiscard]] const Table* table_of(const reflection::Object* object) const noexcept;

  const reflection::Schema& schema_;
  std::unique_ptr<Model> model_ = std::make_unique<Model>();
};

Result<std::unique_ptr<const Model>> Reader::read() {
  for (const auto step : {&Reader::read_enums, &Reader::read_tables, &Reader::read_service}) {
    if (auto done = (this->*step)(); !done) {
      return std::unexpected(std::move(done).error());
    }
  }
  return std::move(model_);
}

Result<void> Reader::read_enums() {
  for (const reflection::Enum* raw : *schema_.enums()) {
    auto name = checked_name(raw->name());
    if (!name) {
      return std::unexpected(std::move(name).error());
    }
    const auto scalar = scalar_of(raw->underlying_type()->base_type());
    if (raw->is_union() || !scalar || kind_of(*scalar) != Kind::Integer) {
      return fail(BP_E_SCHEMA, fmt::format("'{}' is a union: {}", *name, allowed_types));
    }
    auto values = read_values(*raw);
    if (!values) {
      return std::unexpected(std::move(values).error());
    }
    model_->enums.push_back({.name = std::move(*name), .values = std::move(*values)});
  }
  return {};
}

Result<void> Reader::read_tables() {
  // All names first: fields point at tables, so the vector must have its final size.
  for (const reflection::Object* object : *schema_.objects()) {
    auto name = checked_name(object->name());
    if (!name) {
      return std::unexpected(std::move(name).error());
    }
    if (object->is_struct()) {
      return fail(BP_E_SCHEMA, fmt::format("'{}' is a struct: {}", *name, allowed_types));
    }
    model_->tables.push_back({.name = std::move(*name),
                              .doc = joined(object->documentation()),
                              .fields = {},
                              .by_name = {}});
  }
  for (flatbuffers::uoffset_t i = 0; i < schema_.objects()->size(); ++i) {
    if (auto done = read_fields(model_->tables[i], *schema_.objects()->Get(i)); !done) {
      return done;
    }
  }
  std::vector<std::string_view> names;
  for (const Table& table : model_->tables) {
    names.push_back(table.name);
  }
  if (!sort_unique(names, std::identity())) {
    return fail(BP_E_SCHEMA, "the schema names a table twice: compile it with flatc");
  }
  return {};
}

Result<void> Reader::read_fields(Table& table, const reflection::Object& object) {
  for (const reflection::Field* raw : *object.fields()) {
    if (raw->deprecated()) {
      continue;
    }
    auto field = read_field(table.name, *raw);
    if (!field) {
      return std::unexpected(std::move(field).error());
    }
    table.fields.push_back(std::move(*field));
  }
  const bool ids_differ = sort_unique(table.fields, &Field::id);
  for (std::size_t i = 0; i < table.fields.size(); ++i) {
    table.by_name.push_back(static_cast<std::uint16_t>(i));
  }
  const auto name_of = [&](std::uint16_t i) { return std::string_view(table.fields[i].name); };
  if (!sort_unique(table.by_name, name_of) || !ids_differ) {
    return fail(BP_E_SCHEMA,
                fmt::format("'{}' has a field twice: compile it with flatc", table.name));
  }
  return {};
}

Result<Field> Reader::read_field(const std::string& table, const reflection::Field& raw) {
  auto name = checked_name(raw.name());
  if (!name) {
    return std::unexpected(std::move(name).error());
  }
  const std::string full = table + "." + *name;
  if (raw.id() > field_id_max ||
      raw.offset() != vtable_header_bytes + vtable_slot_bytes * raw.id()) {
    return fail(BP_E_SCHEMA, fmt::format("'{}' has a damaged place: compile it with flatc", full));
  }
  const reflection::Type& raw_type = *raw.type();
  const bool vector = raw_type.base_type() == reflection::Vector;
  auto type = read_type(raw_type, vector ? raw_type.element() : raw_type.base_type());
  if (!type) {
    return std::unexpected(std::move(type).error().during("reading field '" + full + "'"));
  }
  Field field{.name = std::move(*name),
              .doc = joined(raw.documentation()),
              .id = raw.id(),
              .offset = raw.offset(),
              .required = raw.required(),
              .optional = raw.optional(),
              .vector = vector,
              .type = *type,
              .default_integer = raw.default_integer(),
              .default_real = raw.default_real()};
  if (vector && type->scalar == Scalar::Uint8 && type->kind == Kind::Integer &&
      type->enumeration == nullptr) {
    field.vector = false;
    field.type.kind = Kind::Bytes;
  }
  return field;
}

Result<ValueType> Reader::read_type(const reflection::Type& raw, reflection::BaseType base) {
  ValueType type;
  const auto index = static_cast<std::size_t>(raw.index());  // -1 becomes larger than any size
  if (base == reflection::String) {
    type.kind = Kind::String;
    return type;
  }
  if (base == reflection::Obj) {
    if (index >= model_->tables.size()) {
      return fail(BP_E_SCHEMA, "its table is not in the schema: compile it with flatc");
    }
    type.kind = Kind::Table;
    type.table = &model_->tables[index];
    return type;
  }
  const auto scalar = scalar_of(base);
  if (!scalar) {
    return fail(BP_E_SCHEMA, fmt::format("it is a union or fixed array: {}", allowed_types));
  }
  type.scalar = *scalar;
  type.kind = kind_of(*scalar);
  if (raw.index() < 0) {
    return type;
  }
  if (index >= model_->enums.size() || type.kind != Kind::Integer) {
    return fail(BP_E_SCHEMA, "its enum is not in the schema: compile it with flatc");
  }
  type.enumeration = &model_->enums[index];
  return type;
}

Result<void> Reader::read_service() {
  const auto* services = schema_.services();
  if (services == nullptr || services->size() == 0) {
    return {};
  }
  if (services->size() > 1) {
    return fail(BP_E_SCHEMA, "the schema has several rpc_services: one contract is one service");
  }
  const reflection::Service& service = *services->Get(0);
  auto name = checked_name(service.name());
  if (!name) {
    return std::unexpected(std::move(name).error());
  }
  const std::size_t dot = name->rfind('.');
  if (dot == std::string::npos || dot == 0) {
    return fail(BP_E_SCHEMA,
                fmt::format("rpc_service '{}' has no namespace, and the namespace is the "
                            "service's name: add `namespace <name>;`",
                            *name));
  }
  model_->service_name = name->substr(0, dot);
  if (service.calls() == nullptr) {
    return {};
  }
  for (const reflection::RPCCall* call : *service.calls()) {
    auto method = read_method(*call);
    if (!method) {
      return std::unexpected(std::move(method).error());
    }
    model_->methods.push_back(std::move(*method));
  }
  if (!sort_unique(model_->methods, &Method::name) || !sort_unique(model_->methods, &Method::id)) {
    return fail(BP_E_SCHEMA,
                fmt::format("two methods of '{}' share a name or a number: give each its "
                            "own (method: \"n\")",
                            model_->service_name));
  }
  return {};
}

Result<Method> Reader::read_method(const reflection::RPCCall& call) {
  auto name = checked_name(call.name());
  if (!name) {
    return std::unexpected(std::move(name).error());
  }
  Method method{.id = 0,
                .name = std::move(*name),
                .doc = joined(call.documentation()),
                .runs_inline = attribute(call.attributes(), "inline").has_value(),
                .request = table_of(call.request()),
                .reply = table_of(call.response())};
  const std::string_view id = attribute(call.attributes(), "method").value_or("");
  const auto [end, code] = std::from_chars(id.data(), id.data() + id.size(), method.id);
  if (code != std::errc() || end != id.data() + id.size() || method.id == 0) {
    return fail(BP_E_SCHEMA,
                fmt::format("method '{}' has no number of its own: add (method: \"n\") "
                            "with n from 1 up, fixed for good",
                            method.name));
  }
  if (method.request == nullptr || method.reply == nullptr) {
    return fail(BP_E_SCHEMA, fmt::format("method '{}' names a table that is not in the schema: "
                                         "compile it with flatc",
                                         method.name));
  }
  return method;
}

const Table* Reader::table_of(const reflection::Object* object) const noexcept {
  if (object == nullptr) {
    return nullptr;
  }
  const auto found = std::ranges::find(model_->tables, text_of(object->name()), &Table::name);
  return found == model_->tables.end() ? nullptr : &*found;
}

}  // namespace

const EnumValue* Enum::named(std::string_view value_name) const noexcept {
  const auto found = std::ranges::find(values, value_name, &EnumValue::name);
  return found == values.end() ? nullptr : &*found;
}

const EnumValue* Enum::valued(std::int64_t value) const noexcept {
  const auto found = std::ranges::find(values, value, &EnumValue::value);
  return found == values.end() ? nullptr : &*found;
}

const Field* Table::field(std::string_view field_name) const noexcept {
  const auto name_of = [&](std::uint16_t i) { return std::string_view(fields[i].name); };
  const auto found = std::ranges::lower_bound(by_name, field_name, std::less<>(), name_of);
  return found == by_name.end() || name_of(*found) != field_name ? nullptr : &fields[*found];
}

Result<std::unique_ptr<const Model>> read_model(std::span<const std::byte> bfbs) {
  if (bfbs.size() > schema_bytes_max) {
    return fail(BP_E_TOO_LARGE, fmt::format("the binary schema has {} bytes, the limit is {}",
                                            bfbs.size(), schema_bytes_max));
  }
  // A copy of our own, because the verifier's reads must be aligned and the caller's span need not
  // be.
  std::vector<std::uint64_t> aligned((bfbs.size() / sizeof(std::uint64_t)) + 1);
  const auto raw = std::as_writable_bytes(std::span(aligned));
  std::ranges::copy(bfbs, raw.begin());
  const auto* start = reinterpret_cast<const std::uint8_t*>(aligned.data());
  flatbuffers::Verifier verifier(start, bfbs.size());
  if (!reflection::VerifySchemaBuffer(verifier)) {
    return fail(BP_E_SCHEMA, "not a binary FlatBuffers schema: make it with `flatc -b --schema`");
  }
  return Reader(*reflection::GetSchema(start)).read();
}

std::string_view scalar_name(Scalar scalar) noexcept {
  constexpr std::array<std::string_view, 11> names{"bool",   "int8",  "uint8",  "int16",
                                                   "uint16", "int32", "uint32", "int64",
                                                   "uint64", "float", "double"};
  return names.at(static_cast<std::size_t>(scalar));
}

std::string type_name(const Field& field) {
  std::string name;
  switch (field.type.kind) {
    case Kind::String:
      name = "string";
      break;
    case Kind::Bytes:
      name = "bytes (base64)";
      break;
    case Kind::Table:
      name = field.type.table->name;
      break;
    default:
      name = field.type.enumeration != nullptr ? field.type.enumeration->name
                                               : std::string(scalar_name(field.type.scalar));
  }
  return field.vector ? "[" + name + "]" : name;
}

}  // namespace host::schema
