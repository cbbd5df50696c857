// plugins/storage_sqlite/service/fields.hpp - fields of FlatBuffers tables as the engine wants
// them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <flatbuffers/flatbuffers.h>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"

namespace storage_sqlite::service {

/// Absent strings are empty.
[[nodiscard]] inline std::string text(const flatbuffers::String* field) {
  return field == nullptr ? std::string() : field->str();
}

[[nodiscard]] inline std::string bytes(const flatbuffers::Vector<std::uint8_t>* field) {
  return field == nullptr
             ? std::string()
             : std::string(reinterpret_cast<const char*>(field->data()), field->size());
}

[[nodiscard]] inline std::vector<std::uint8_t> bytes(const std::string& value) {
  return {value.begin(), value.end()};
}

/// Both contracts have this enumeration; unknown numbers come from newer callers.
template <typename Durability>
[[nodiscard]] bp::result<engine::Durability> durability(Durability asked,
                                                        engine::Durability configured) {
  switch (asked) {
    case Durability::configured:
      return configured;
    case Durability::os:
      return engine::Durability::Os;
    case Durability::disk:
      return engine::Durability::Disk;
    default:
      return bp::fail(BP_E_INVALID, "INVALID: `durability` " +
                                        std::to_string(static_cast<unsigned>(asked)) +
                                        " is unknown; use configured, os or disk");
  }
}

}  // namespace storage_sqlite::service
