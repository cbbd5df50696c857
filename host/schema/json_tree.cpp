// host/schema/json_tree.cpp - RapidJSON's iterative reader, its events laid out as a flat tree.
#include "host/schema/json_tree.hpp"

#include <array>
#include <cstring>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

namespace host::schema {

namespace {

using error::fail;
using error::Result;

// Handler of RapidJSON's events, whose names are therefore RapidJSON's.
// NOLINTBEGIN(readability-identifier-naming)
class Layout {
 public:
  explicit Layout(std::vector<JsonNode>& nodes) : nodes_(nodes) {}

  bool Null() { return add(JsonKind::Null); }

  bool Bool(bool value) { return add(value ? JsonKind::True : JsonKind::False); }

  bool RawNumber(const char* text, rapidjson::SizeType bytes, bool /*copy*/) {
    return add(JsonKind::Number, {text, bytes});
  }

  bool String(const char* text, rapidjson::SizeType bytes, bool /*copy*/) {
    return check({text, bytes}) && add(JsonKind::String, {text, bytes});
  }

  bool Key(const char* text, rapidjson::SizeType bytes, bool /*copy*/) {
    key_ = {text, bytes};
    return check(key_);
  }

  bool StartObject() { return open(JsonKind::Object); }

  bool EndObject(rapidjson::SizeType /*count*/) { return close(); }

  bool StartArray() { return open(JsonKind::Array); }

  bool EndArray(rapidjson::SizeType /*count*/) { return close(); }

  // Never sent: numbers arrive as RawNumber.
  bool Int(int /*value*/) { return false; }

  bool Uint(unsigned /*value*/) { return false; }

  bool Int64(std::int64_t /*value*/) { return false; }

  bool Uint64(std::uint64_t /*value*/) { return false; }

  bool Double(double /*value*/) { return false; }

  [[nodiscard]] bool too_deep() const noexcept { return too_deep_; }

 private:
  struct Level {
    std::uint32_t node;
    std::uint32_t last_child;
  };

  // RapidJSON 1.1 turns a lone low surrogate (\udc00) into bytes that are not UTF-8.
  [[nodiscard]] static bool check(std::string_view text) noexcept {
    for (std::size_t at = text.find('\xED'); at != std::string_view::npos;
         at = text.find('\xED', at + 1)) {
      if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) > 0x9FU) {
        return false;
      }
    }
    return true;
  }

  bool add(JsonKind kind, std::string_view text = {}) {
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({.kind = kind, .key = std::exchange(key_, {}), .text = text});
    if (depth_ > 0) {
      Level& parent = levels_.at(depth_ - 1);
      (parent.last_child == 0 ? nodes_[parent.node].first : nodes_[parent.last_child].next) = index;
      parent.last_child = index;
      ++nodes_[parent.node].count;
    }
    return true;
  }

  bool open(JsonKind kind) {
    if (depth_ == json_depth_max) {
      too_deep_ = true;
      return false;
    }
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    add(kind);
    levels_.at(depth_++) = {.node = index, .last_child = 0};
    return true;
  }

  bool close() {
    --depth_;
    return true;
  }

  std::vector<JsonNode>& nodes_;
  std::array<Level, json_depth_max> levels_{};
  std::size_t depth_ = 0;
  std::string_view key_;
  bool too_deep_ = false;
};

// NOLINTEND(readability-identifier-naming)

}  // namespace

std::string_view json_kind_name(JsonKind kind) noexcept {
  switch (kind) {
    case JsonKind::Null:
      return "null";
    case JsonKind::True:
      return "true";
    case JsonKind::False:
      return "false";
    case JsonKind::Number:
      return "a number";
    case JsonKind::String:
      return "a string";
    case JsonKind::Array:
      return "an array";
    case JsonKind::Object:
      return "an object";
  }
  return "a value";
}

Result<JsonTree> JsonTree::parse(std::string_view text) {
  if (text.size() > json_bytes_max) {
    return fail(BP_E_TOO_LARGE, fmt::format("the JSON text has {} bytes, the limit is {}",
                                            text.size(), json_bytes_max));
  }
  // The reader stops at a NUL and would not see what follows it.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return fail(BP_E_INVALID, fmt::format("not JSON: a NUL character at byte {}", nul));
  }
  JsonTree tree;
  tree.text_.reserve(text.size() + 1);
  tree.text_.assign(text.begin(), text.end());
  tree.text_.push_back('\0');

  constexpr unsigned flags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag |
                             rapidjson::kParseValidateEncodingFlag |
                             rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::InsituStringStream stream(tree.text_.data());
  rapidjson::Reader reader;
  Layout layout(tree.nodes_);
  if (reader.Parse<flags>(stream, layout)) {
    return tree;
  }
  if (layout.too_deep()) {
    return fail(BP_E_TOO_LARGE, fmt::format("the JSON text nests deeper than {} levels at byte {}",
                                            json_depth_max, reader.GetErrorOffset()));
  }
  const bool encoding = reader.GetParseErrorCode() == rapidjson::kParseErrorTermination;
  return fail(BP_E_INVALID,
              fmt::format("not JSON: {} At byte {}.",
                          encoding ? "A string escape is half of a surrogate pair."
                                   : rapidjson::GetParseError_En(reader.GetParseErrorCode()),
                          reader.GetErrorOffset()));
}

}  // namespace host::schema
