// host/schema/describe.cpp - walks the model and writes text.
#include "host/schema/describe.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace host::schema {

namespace {

std::string default_text(const Field& field) {
  if (!field.is_scalar()) {
    return "";
  }
  if (field.optional) {
    return "null";
  }
  if (field.type.kind == Kind::Floating) {
    return fmt::format("{}", field.default_real);
  }
  if (field.type.kind == Kind::Boolean) {
    return field.default_integer != 0 ? "true" : "false";
  }
  if (field.type.enumeration != nullptr) {
    if (const EnumValue* named = field.type.enumeration->valued(field.default_integer)) {
      return named->name;
    }
  }
  return field.type.scalar == Scalar::Uint64
             ? fmt::format("{}", static_cast<std::uint64_t>(field.default_integer))
             : fmt::format("{}", field.default_integer);
}

std::string value_names(const Enum& enumeration) {
  std::string names;
  for (const EnumValue& value : enumeration.values) {
    names += (names.empty() ? "" : " | ") + value.name;
  }
  return names;
}

void append_doc(std::string& out, std::string_view indent, std::string_view doc) {
  while (!doc.empty()) {
    const std::size_t end = std::min(doc.find('\n'), doc.size());
    fmt::format_to(std::back_inserter(out), "{}{}\n", indent, doc.substr(0, end));
    doc.remove_prefix(std::min(end + 1, doc.size()));
  }
}

void append_field(std::string& out, const Field& field, std::size_t name_width) {
  fmt::format_to(std::back_inserter(out), "  {:<{}}  {}", field.name, name_width, type_name(field));
  if (field.required) {
    out += ", required";
  }
  if (const std::string fallback = default_text(field); !fallback.empty()) {
    out += ", default " + fallback;
  }
  out += '\n';
  const std::string indent(name_width + 4, ' ');
  if (field.type.enumeration != nullptr) {
    append_doc(out, indent, value_names(*field.type.enumeration));
  }
  append_doc(out, indent, field.doc);
}

void append_canonical(std::string& out, const Field& field) {
  fmt::format_to(std::back_inserter(out), "{} {} {} {}", field.id, field.name, type_name(field),
                 scalar_name(field.type.scalar));
  fmt::format_to(std::back_inserter(out), " {} {}\n", field.required, default_text(field));
  if (field.type.enumeration != nullptr) {
    for (const EnumValue& value : field.type.enumeration->values) {
      fmt::format_to(std::back_inserter(out), "  {} = {}\n", value.name, value.value);
    }
  }
}

void add_neighbours(std::vector<const Table*>& met, const Table& table) {
  for (const Field& field : table.fields) {
    const Table* next = field.type.table;
    if (next != nullptr && std::ranges::find(met, next) == met.end()) {
      met.push_back(next);
    }
  }
}

}  // namespace

std::vector<const Table*> reachable(const Table& table) {
  std::vector<const Table*> met{&table};
  for (std::size_t i = 0; i < met.size(); ++i) {
    add_neighbours(met, *met[i]);
  }
  return met;
}

std::string describe(const Table& table) {
  std::string out;
  for (const Table* part : reachable(table)) {
    std::size_t name_width = 0;
    for (const Field& field : part->fields) {
      name_width = std::max(name_width, field.name.size());
    }
    out += part->name + '\n';
    append_doc(out, "  ", part->doc);
    for (const Field& field : part->fields) {
      append_field(out, field, name_width);
    }
  }
  return out;
}

std::string canonical_text(const Table& table) {
  std::string out;
  for (const Table* part : reachable(table)) {
    fmt::format_to(std::back_inserter(out), "table {}\n", part->name);
    for (const Field& field : part->fields) {
      append_canonical(out, field);
    }
  }
  return out;
}

}  // namespace host::schema
