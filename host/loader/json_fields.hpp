// host/loader/json_fields.hpp - strict reading of JSON objects that collects every mistake.
//
// Owns: the problems found. Thread: one. Errors: texts "/channels/0/kind: must be ...".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rapidjson/document.h>

#include "host/error/error.hpp"

namespace host::loader {

// Parses text from outside: bounded depth, no recursion, valid UTF-8, no duplicate keys.
[[nodiscard]] error::Result<rapidjson::Document> parse_json(std::string_view text,
                                                            std::size_t depth_max);

// Compact JSON text of a value that parse_json() made (its depth is bounded, so this may recurse).
[[nodiscard]] std::string json_text(const rapidjson::Value& value);

class Problems {
 public:
  void add(std::string_view pointer, std::string_view text);

  [[nodiscard]] bool none() const noexcept { return total_ == 0; }

  // "3 errors: /id: is missing; ..."; those above `kept_max` are only counted.
  [[nodiscard]] std::string text() const;

  explicit Problems(std::size_t kept_max) : kept_max_(kept_max) {}

 private:
  std::size_t kept_max_;
  std::size_t total_{0};
  std::vector<std::string> kept_;
};

// One JSON object being read: each key is asked for once; close() reports what nobody asked for.
class Fields {
 public:
  enum class Need : std::uint8_t { Required, Optional };

  Fields(const rapidjson::Value& value, std::string pointer, Problems& problems);

  [[nodiscard]] const std::string& pointer() const noexcept { return pointer_; }

  [[nodiscard]] std::string at(std::string_view key) const;

  // The member, or nullptr; a missing required one is reported.
  [[nodiscard]] const rapidjson::Value* member(std::string_view key, Need need);

  // Wrong types are reported; the answer is then empty.
  [[nodiscard]] std::string text(std::string_view key, Need need, std::size_t bytes_max);
  [[nodiscard]] bool flag(std::string_view key);
  [[nodiscard]] std::uint32_t number(std::string_view key);
  [[nodiscard]] const rapidjson::Value* array(std::string_view key, std::size_t items_max);
  [[nodiscard]] const rapidjson::Value* object(std::string_view key);

  // The index of the text among `choices`; 0 when it is reported as wrong.
  [[nodiscard]] std::size_t choice(std::string_view key, Need need,
                                   std::span<const std::string_view> choices);

  void report(std::string_view key, std::string_view text);
  void close();

 private:
  const rapidjson::Value* object_;  // nullptr: the value is no object, and this is reported
  std::string pointer_;
  Problems& problems_;
  std::vector<std::string_view> known_;
};

}  // namespace host::loader
