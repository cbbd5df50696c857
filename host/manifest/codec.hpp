// host/manifest/codec.hpp - the codecs of single values, lists and named entries.
//
// Owns: nothing. Thread: any. Errors: problems through the binder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/manifest/binder.hpp"
#include "host/manifest/units.hpp"

namespace host::manifest {

inline constexpr std::size_t entries_max = 4'096;  // members of a map, items of a list

// What a text must look like. `pattern` is the same rule for the JSON Schema.
struct TextRule {
  std::string_view what;  // completes "... is not": "a plugin id (a-z 0-9 . _ -, ...)"
  std::string_view pattern;
  bool (*accepts)(std::string_view) = nullptr;
};

[[nodiscard]] Codec<bool> flag();
[[nodiscard]] Codec<std::uint32_t> integer(std::uint32_t least, std::uint32_t most);
[[nodiscard]] Codec<double> number(double least, double most);
[[nodiscard]] Codec<Duration> duration(Duration least, Duration most);
[[nodiscard]] Codec<std::uint64_t> size(std::uint64_t least, std::uint64_t most);
[[nodiscard]] Codec<std::string> text(TextRule rule);
// Absolute after reading.
[[nodiscard]] Codec<std::filesystem::path> path();

template <typename X>
struct Word {
  std::string name;
  X value{};
  std::string absent_feature = {};  // not empty: known, but not in this build
};

namespace detail {

// The row of `words` that `node` names, with a problem when there is none.
[[nodiscard]] std::optional<std::size_t> read_word(Binder& binder, const Node& node,
                                                   const std::vector<std::string>& names,
                                                   const std::vector<std::string>& features);
[[nodiscard]] Node words_schema(const std::vector<std::string>& names,
                                const std::vector<std::string>& features);
// False, with a problem, when there are too many children.
bool count_is_sound(Binder& binder, const Node& node);

}  // namespace detail

template <typename X>
Codec<X> word(std::vector<Word<X>> words) {
  std::vector<std::string> names;
  std::vector<std::string> features;
  for (const Word<X>& each : words) {
    names.push_back(each.name);
    features.push_back(each.absent_feature);
  }
  const auto shared = std::make_shared<const std::vector<Word<X>>>(std::move(words));
  Node schema = detail::words_schema(names, features);
  return {
      .read = [shared, names, features](Binder& binder, const Node& node) -> std::optional<X> {
        const auto index = detail::read_word(binder, node, names, features);
        return index ? std::optional((*shared)[*index].value) : std::nullopt;
      },
      .print =
          [shared](const X& value) {
            const auto row = std::ranges::find(*shared, value, &Word<X>::value);
            return row == shared->end() ? json_null() : json_string(row->name);
          },
      .schema = std::move(schema),
  };
}

template <typename X>
Codec<std::vector<X>> list(Codec<X> item) {
  Node schema = json_object();
  schema.set("type", json_string("array"));
  schema.set("items", item.schema);
  schema.set("maxItems", json_unsigned(entries_max));
  return {
      .read = [read = std::move(item.read)](Binder& binder,
                                            const Node& node) -> std::optional<std::vector<X>> {
        if (!binder.expect(node, Kind::Array) || !detail::count_is_sound(binder, node)) {
          return std::nullopt;
        }
        std::vector<X> values;
        for (const Node& child : node.children) {
          if (std::optional<X> value = read(binder, child)) {
            values.push_back(std::move(*value));
          }
        }
        return values;
      },
      .print =
          [print = std::move(item.print)](const std::vector<X>& values) {
            Node node = json_array();
            for (const X& value : values) {
              node.push(print(value));
            }
            return node;
          },
      .schema = std::move(schema),
  };
}

// An object whose keys are names that the manifest's author chose: `name` receives the key.
template <typename Value>
Codec<std::vector<Value>> entries(std::string Value::* name, TextRule rule, Codec<Value> entry) {
  Node schema = json_object();
  schema.set("type", json_string("object"));
  Node& names = schema.set("propertyNames", json_object());
  names.set("pattern", json_string(std::string(rule.pattern)));
  schema.set("maxProperties", json_unsigned(entries_max));
  schema.set("additionalProperties", entry.schema);
  return {
      .read = [name, rule, read = std::move(entry.read)](
                  Binder& binder, const Node& node) -> std::optional<std::vector<Value>> {
        if (!binder.expect(node, Kind::Object) || !detail::count_is_sound(binder, node)) {
          return std::nullopt;
        }
        std::vector<Value> values;
        for (const Node& member : node.children) {
          if (!rule.accepts(member.key)) {
            binder.problem_at_key(member, '"' + member.key + "\" is not " + std::string(rule.what));
          }
          if (std::optional<Value> value = read(binder, member)) {
            (*value).*name = member.key;
            values.push_back(std::move(*value));
          }
        }
        return values;
      },
      .print =
          [name, print = std::move(entry.print)](const std::vector<Value>& values) {
            Node node = json_object();
            for (const Value& value : values) {
              node.set(value.*name, print(value));
            }
            return node;
          },
      .schema = std::move(schema),
  };
}

}  // namespace host::manifest
