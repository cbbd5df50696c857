// backplane/cpp/json.hpp - JSON without copies: a strict reader, a writer, and JSON kept as text.
//
// Since: 1.0. Thread: values. Structs are read and written by fields.hpp and bind.hpp.
#pragma once

#include <string_view>

#include "backplane/cpp/json_reader.hpp"
#include "backplane/cpp/json_writer.hpp"

namespace bp::json {

/// A value kept as its JSON text: checked, borrowed, for the parts of a message that are handed on.
struct raw {
  std::string_view text = "null";
};

/// Is it one JSON value and nothing else?
[[nodiscard]] inline result<void> check(std::string_view text) {
  text_store store;
  reader from(text, store);
  std::string_view ignored;
  if (from.skip(ignored) && from.finish()) {
    return {};
  }
  return std::unexpected(from.why());
}

}  // namespace bp::json
