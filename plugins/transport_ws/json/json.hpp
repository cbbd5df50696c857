// plugins/transport_ws/json/json.hpp - looks into JSON from outside without building a tree:
// children as slices of the text.
//
// What is passed on (events, parameters, replies) stays byte for byte what the client wrote.
// RapidJSON's iterative parser checks the whole text: syntax, UTF-8, depth. Errors: SCHEMA,
// TOO_LARGE. Thread: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/error.hpp"

namespace transport_ws::json {

enum class Kind : std::uint8_t { Null, Bool, Number, String, Array, Object };

struct Child {
  std::string name;  // of an object's member
  std::string_view text;
  Kind kind;
};

/// A checked text and the children of its outermost array or object.
struct Value {
  std::string_view text;
  Kind kind = Kind::Null;
  std::vector<Child> children;

  /// The member of that name; null where there is none.
  [[nodiscard]] const Child* find(std::string_view name) const noexcept;
};

/// Checks `text` and splits it. A member name that occurs twice in the outermost object is refused.
[[nodiscard]] bp::result<Value> read(std::string_view text);

/// The check alone.
[[nodiscard]] bool is_valid(std::string_view text);

/// The value of a string slice that was checked before.
[[nodiscard]] std::string unquoted(std::string_view text);
[[nodiscard]] std::optional<std::uint64_t> to_uint(std::string_view text) noexcept;
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace transport_ws::json
