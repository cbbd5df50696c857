// host/schema/json_tree.hpp - JSON text as a flat tree of nodes, read without recursion.
//
// Numbers keep their digits: a field's type, not the parser, decides how they are read, so 64-bit
// integers and floats lose nothing.
//
// Owns: its copy of the text; nodes and views live as long as the tree. Thread: a value; moves, but
// does not copy. Errors: E_INVALID (not JSON), E_TOO_LARGE (limits).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "host/error/error.hpp"

namespace host::schema {

// The largest message of the law, once in base64, fits.
inline constexpr std::size_t json_bytes_max = std::size_t{32} << 20U;
inline constexpr std::size_t json_depth_max = 64;

enum class JsonKind : std::uint8_t { Null, True, False, Number, String, Array, Object };

struct JsonNode {
  JsonKind kind = JsonKind::Null;
  std::uint32_t count = 0;  // children of an array or object
  std::uint32_t first = 0;  // index of the first child
  std::uint32_t next = 0;   // index of the next sibling; 0 for the last (0 is the root's)
  std::string_view key;     // in an object
  std::string_view text;    // of a String (unescaped) or a Number (its digits)
};

// "an object", "a number": for messages.
[[nodiscard]] std::string_view json_kind_name(JsonKind kind) noexcept;

class JsonTree {
 public:
  // The whole text is one JSON document (RFC 8259), valid UTF-8.
  [[nodiscard]] static error::Result<JsonTree> parse(std::string_view text);

  [[nodiscard]] const JsonNode& root() const noexcept { return nodes_.front(); }

  // Calls `visit(const JsonNode&)` for each child in order, until it answers false.
  template <typename Visit>
  void each_child(const JsonNode& parent, Visit visit) const {
    for (std::uint32_t i = parent.first; i != 0 && visit(nodes_[i]); i = nodes_[i].next) {
    }
  }

 private:
  JsonTree() = default;

  std::vector<char> text_;  // parsed in place
  std::vector<JsonNode> nodes_;
};

}  // namespace host::schema
