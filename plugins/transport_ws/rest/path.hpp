// plugins/transport_ws/rest/path.hpp - patterns of paths, and the parameters that a target holds.
//
// "/records/{id}" gives `id` as a string, "/pages/{number:number}" as a JSON number. Thread:
// values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/error.hpp"

namespace transport_ws::rest {

struct Parameter {
  std::string name;
  bool number = false;  // else a string
};

struct Argument {
  std::string name;
  std::string json;
};

/// "limit" or "limit:number". Errors: CONFIG.
[[nodiscard]] bp::result<Parameter> read_parameter(std::string_view text);

/// Percent-encoding undone; none: it is broken, or a NUL.
[[nodiscard]] std::optional<std::string> decoded(std::string_view text);

/// The value as JSON. Errors: INVALID, naming the parameter.
[[nodiscard]] bp::result<Argument> argument(const Parameter& parameter, const std::string& value);

class Pattern {
 public:
  /// Errors: CONFIG, saying what a path must be.
  [[nodiscard]] static bp::result<Pattern> parse(std::string_view text);

  /// The values of the parameters, still encoded; none: another path.
  [[nodiscard]] std::optional<std::vector<std::string_view>> match(std::string_view path) const;

  [[nodiscard]] const std::vector<Parameter>& parameters() const noexcept { return parameters_; }

  /// As it was written.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  /// Two patterns of one shape match the same paths.
  [[nodiscard]] const std::string& shape() const noexcept { return shape_; }

 private:
  struct Segment {
    std::string text;
    bool parameter = false;
  };

  std::string text_;
  std::vector<Segment> segments_;
  std::vector<Parameter> parameters_;
  std::string shape_;
};

}  // namespace transport_ws::rest
