// host/manifest/json_tree.hpp - JSON text as a tree in which every value knows where it stands.
//
// Owns: the tree. Thread: values. Errors: problems with line and column; hostile text included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/manifest/problem.hpp"

namespace host::manifest {

inline constexpr std::size_t json_bytes_max = std::size_t{4} << 20U;
inline constexpr std::size_t json_depth_max = 64;
inline constexpr std::size_t json_values_max = 100'000;

enum class Kind : std::uint8_t { Null, Boolean, Number, String, Array, Object };

// "an object", for messages.
[[nodiscard]] std::string_view kind_name(Kind kind) noexcept;

struct Node {
  Kind kind = Kind::Null;
  std::string text = "null";   // a string's value; numbers, true, false and null as written
  std::vector<Node> children;  // items of an array, members of an object, in file order
  std::string key;             // the name of a member
  Position at;
  Position key_at;

  [[nodiscard]] bool is(Kind wanted) const noexcept { return kind == wanted; }

  [[nodiscard]] bool is_true() const noexcept { return is(Kind::Boolean) && text == "true"; }

  // The member or nullptr.
  [[nodiscard]] const Node* find(std::string_view name) const noexcept;
  [[nodiscard]] Node* find(std::string_view name) noexcept;

  // Sets or replaces a member; returns it. Only for objects.
  Node& set(std::string name, Node value);
  // Appends an item; only for arrays.
  Node& push(Node value);

  // The value at a JSON pointer below this one, or nullptr.
  [[nodiscard]] const Node* resolve(std::string_view pointer) const;
  // The same, but the deepest value on the way that exists.
  [[nodiscard]] const Node& nearest(std::string_view pointer) const;

  // Equal as values: where they stand does not matter, the order of members does.
  friend bool operator==(const Node& left, const Node& right);
};

[[nodiscard]] Node json_null();
[[nodiscard]] Node json_flag(bool value);
[[nodiscard]] Node json_string(std::string value);
[[nodiscard]] Node json_integer(std::int64_t value);
[[nodiscard]] Node json_unsigned(std::uint64_t value);
[[nodiscard]] Node json_double(double value);
[[nodiscard]] Node json_array();
[[nodiscard]] Node json_object();

struct JsonReading {
  std::optional<Node> root;  // absent after a syntax error
  std::vector<Problem> problems;
};

// Accepts // and /* */ comments, trailing commas and a byte order mark; refuses duplicate keys,
// invalid UTF-8, U+0000 and whatever exceeds the limits above.
[[nodiscard]] JsonReading read_json(std::string_view text, std::string file);

// A tree from text that this program itself contains; asserts that it is valid.
[[nodiscard]] Node json_literal(std::string_view text);

[[nodiscard]] std::string compact(const Node& node);
[[nodiscard]] std::string pretty(const Node& node);

// RFC 6901: "/a~1b/0" for the value `target`, which must stand somewhere in `root`.
[[nodiscard]] std::string pointer_to(const Node& root, const Node& target);
[[nodiscard]] std::string pointer_token(std::string_view key);
[[nodiscard]] bool is_pointer(std::string_view text) noexcept;

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace host::manifest
