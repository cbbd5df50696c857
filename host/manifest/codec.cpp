// host/manifest/codec.cpp - numbers, durations, sizes, texts, paths and words.
#include "host/manifest/codec.hpp"

#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "host/error/error.hpp"

namespace host::manifest {

namespace {

Node typed_schema(std::string_view type) {
  Node schema = json_object();
  schema.set("type", json_string(std::string(type)));
  return schema;
}

Node pattern_schema(std::string_view pattern) {
  Node schema = typed_schema("string");
  schema.set("pattern", json_string(std::string(pattern)));
  return schema;
}

template <typename X>
std::optional<X> parse_number(const std::string& text) {
  X value{};
  const char* end = text.data() + text.size();
  const auto [rest, code] = std::from_chars(text.data(), end, value);
  return code == std::errc() && rest == end ? std::optional(value) : std::nullopt;
}

std::optional<std::uint64_t> read_size(Binder& binder, const Node& node) {
  const bool sound = node.is(Kind::String) || node.is(Kind::Number);
  const auto value = sound ? parse_size(node.text) : std::nullopt;
  if (!value) {
    binder.problem(node, fmt::format("{} is not a size; write whole bytes or a unit: 65536, "
                                     "\"64KiB\", \"2MiB\", \"1GB\"",
                                     sound ? error::json_quoted(node.text) : kind_name(node.kind)));
  }
  return value;
}

}  // namespace

Codec<bool> flag() {
  return {
      .read = [](Binder& binder, const Node& node) -> std::optional<bool> {
        if (!binder.expect(node, Kind::Boolean)) {
          return std::nullopt;
        }
        return node.is_true();
      },
      .print = [](const bool& value) { return json_flag(value); },
      .schema = typed_schema("boolean"),
  };
}

Codec<std::uint32_t> integer(std::uint32_t least, std::uint32_t most) {
  Node schema = typed_schema("integer");
  schema.set("minimum", json_unsigned(least));
  schema.set("maximum", json_unsigned(most));
  return {
      .read = [least, most](Binder& binder, const Node& node) -> std::optional<std::uint32_t> {
        if (!binder.expect(node, Kind::Number)) {
          return std::nullopt;
        }
        const auto value = parse_number<std::uint32_t>(node.text);
        if (!value || *value < least || *value > most) {
          binder.problem(
              node, fmt::format("{} is not a whole number from {} to {}", node.text, least, most));
          return std::nullopt;
        }
        return value;
      },
      .print = [](const std::uint32_t& value) { return json_unsigned(value); },
      .schema = std::move(schema),
  };
}

Codec<double> number(double least, double most) {
  Node schema = typed_schema("number");
  schema.set("minimum", json_double(least));
  schema.set("maximum", json_double(most));
  return {
      .read = [least, most](Binder& binder, const Node& node) -> std::optional<double> {
        if (!binder.expect(node, Kind::Number)) {
          return std::nullopt;
        }
        const auto value = parse_number<double>(node.text);
        if (!value || !(*value >= least && *value <= most)) {
          binder.problem(node,
                         fmt::format("{} is not a number from {} to {}", node.text, least, most));
          return std::nullopt;
        }
        return value;
      },
      .print = [](const double& value) { return json_double(value); },
      .schema = std::move(schema),
  };
}

Codec<Duration> duration(Duration least, Duration most) {
  return {
      .read = [least, most](Binder& binder, const Node& node) -> std::optional<Duration> {
        const auto value = node.is(Kind::String) ? parse_duration(node.text) : std::nullopt;
        if (!value) {
          binder.problem(node, fmt::format("{} is not a duration; write a whole number and a unit "
                                           "(ns, us, ms, s, m, h): \"250ms\", \"30s\", \"5m\"",
                                           compact(node)));
          return std::nullopt;
        }
        if (*value < least || *value > most) {
          binder.problem(node, fmt::format("\"{}\" is out of range: from {} to {}", node.text,
                                           duration_text(least), duration_text(most)));
          return std::nullopt;
        }
        return value;
      },
      .print = [](const Duration& value) { return json_string(duration_text(value)); },
      .schema = pattern_schema("^[0-9]+(ns|us|ms|s|m|h)$"),
  };
}

Codec<std::uint64_t> size(std::uint64_t least, std::uint64_t most) {
  Node schema = json_literal(R"({"type":["string","integer"],"minimum":0})");
  schema.set("pattern", json_string("^[0-9]+(B|KB|MB|GB|KiB|MiB|GiB)?$"));
  return {
      .read = [least, most](Binder& binder, const Node& node) -> std::optional<std::uint64_t> {
        const auto value = read_size(binder, node);
        if (value && (*value < least || *value > most)) {
          binder.problem(node, fmt::format("\"{}\" is out of range: from {} to {}", node.text,
                                           size_text(least), size_text(most)));
          return std::nullopt;
        }
        return value;
      },
      .print = [](const std::uint64_t& value) { return json_string(size_text(value)); },
      .schema = std::move(schema),
  };
}

Codec<std::string> text(TextRule rule) {
  return {
      .read = [rule](Binder& binder, const Node& node) -> std::optional<std::string> {
        if (!binder.expect(node, Kind::String)) {
          return std::nullopt;
        }
        if (!rule.accepts(node.text)) {
          binder.problem(node,
                         fmt::format("{} is not {}", error::json_quoted(node.text), rule.what));
          return std::nullopt;
        }
        return node.text;
      },
      .print = [](const std::string& value) { return json_string(value); },
      .schema = pattern_schema(rule.pattern),
  };
}

Codec<std::filesystem::path> path() {
  Node schema = typed_schema("string");
  schema.set("minLength", json_unsigned(1));
  return {
      .read = [](Binder& binder, const Node& node) -> std::optional<std::filesystem::path> {
        if (!binder.expect(node, Kind::String)) {
          return std::nullopt;
        }
        if (node.text.empty()) {
          binder.problem(node, "an empty path; name a file or folder");
          return std::nullopt;
        }
        return binder.resolve(node.text);
      },
      .print = [](const std::filesystem::path& value) { return json_string(value.string()); },
      .schema = std::move(schema),
  };
}

namespace detail {

std::optional<std::size_t> read_word(Binder& binder, const Node& node,
                                     const std::vector<std::string>& names,
                                     const std::vector<std::string>& features) {
  if (!binder.expect(node, Kind::String)) {
    return std::nullopt;
  }
  std::vector<std::string> usable;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (features[i].empty()) {
      usable.push_back(names[i]);
    }
    if (names[i] != node.text) {
      continue;
    }
    if (features[i].empty()) {
      return i;
    }
    binder.absent(node, features[i], "choose another value or remove the key");
    return std::nullopt;
  }
  binder.problem(
      node, "unknown value " + error::json_quoted(node.text) + did_you_mean(node.text, usable));
  return std::nullopt;
}

Node words_schema(const std::vector<std::string>& names, const std::vector<std::string>& features) {
  Node schema = json_object();
  Node& words = schema.set("enum", json_array());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (features[i].empty()) {
      words.push(json_string(names[i]));
    }
  }
  return schema;
}

bool count_is_sound(Binder& binder, const Node& node) {
  if (node.children.size() <= entries_max) {
    return true;
  }
  binder.problem(node,
                 fmt::format("{} entries; the limit is {}", node.children.size(), entries_max));
  return false;
}

}  // namespace detail

}  // namespace host::manifest
