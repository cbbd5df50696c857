// host/manifest/binder.hpp - from a tree to values: codecs for one value, tables of keys for
// objects.
//
// A table of keys says everything about an object once: reading, printing and the JSON Schema come
// from the same rows. Owns: nothing. Thread: one at a time. Errors: problems, all of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "host/manifest/json_tree.hpp"
#include "host/manifest/problem.hpp"
#include "host/manifest/suggest.hpp"

namespace host::manifest {

inline constexpr std::size_t problems_max = 200;

// Collects the problems of one document and knows its folder.
class Binder {
 public:
  // All three must outlive the binder. Relative paths resolve from `folder`.
  Binder(const Node& root, const std::filesystem::path& folder, std::vector<Problem>& problems)
      : root_(root), folder_(folder), problems_(problems) {}

  void problem(const Node& value, std::string message);
  void problem_at_key(const Node& member, std::string message);
  // Of a value that the file need not have: shown at the nearest one around it.
  void problem_near(const std::string& pointer, std::string message);
  // A key or word that this version knows, but whose feature was not built.
  void absent(const Node& member, std::string_view feature, std::string_view fix);

  // False, with a problem, when `value` is of another kind.
  bool expect(const Node& value, Kind kind);

  [[nodiscard]] std::filesystem::path resolve(const std::string& path) const;

 private:
  void add(const Position& at, const Node& value, std::string message);

  const Node& root_;
  const std::filesystem::path& folder_;
  std::vector<Problem>& problems_;
};

// How one value is read, printed and described. `read` gives no value only after a problem.
template <typename X>
struct Codec {
  std::function<std::optional<X>(Binder&, const Node&)> read;
  std::function<Node(const X&)> print;
  Node schema;
};

// One row of an object's table.
template <typename Value>
struct Key {
  std::string name;
  std::function<void(Binder&, const Node&, Value&)> read;
  std::function<std::optional<Node>(const Value&)> print;  // nothing: the key is left out
  Node schema;
  bool required = false;
};

template <typename Value>
using Keys = std::vector<Key<Value>>;

namespace detail {

template <typename X>
const X* present(const X& value) {
  return &value;
}

template <typename X>
const X* present(const std::optional<X>& value) {
  return value ? &*value : nullptr;
}

}  // namespace detail

// The row for a member of type X or std::optional<X>. A plain member's initial value is the
// default.
template <typename Value, typename Member, typename X>
Key<Value> key(std::string name, Member Value::* member, Codec<X> codec, std::string_view meaning) {
  Key<Value> row;
  row.name = std::move(name);
  row.schema = std::move(codec.schema);
  row.schema.set("description", json_string(std::string(meaning)));
  const Value initial{};
  if (const X* value = detail::present(initial.*member);
      value != nullptr && (std::is_same_v<X, bool> || *value != X{})) {
    row.schema.set("default", codec.print(*value));
  }
  row.read = [member, read = std::move(codec.read)](Binder& binder, const Node& node, Value& out) {
    if (std::optional<X> value = read(binder, node)) {
      out.*member = std::move(*value);
    }
  };
  row.print = [member, print = std::move(codec.print)](const Value& in) -> std::optional<Node> {
    const X* value = detail::present(in.*member);
    if constexpr (std::is_same_v<X, std::filesystem::path>) {
      value = value != nullptr && value->empty() ? nullptr : value;  // there is no empty path
    }
    return value == nullptr ? std::nullopt : std::optional(print(*value));
  };
  return row;
}

template <typename Value>
Key<Value> required(Key<Value> row) {
  row.required = true;
  return row;
}

// The row of a key whose feature is not in this build. `allowed`, if any, is the one value that
// asks for nothing and may stand there.
template <typename Value>
Key<Value> absent_key(std::string name, std::string feature,
                      std::optional<Node> allowed = std::nullopt) {
  Key<Value> row;
  row.name = std::move(name);
  row.schema = json_object();
  row.schema.set("description", json_string("not in this build: " + feature));
  if (allowed) {
    row.schema.set("const", *allowed);
  } else {
    row.schema.set("not", json_object());
  }
  row.read = [feature = std::move(feature), allowed](Binder& binder, const Node& node, Value&) {
    if (allowed && node.kind == allowed->kind && node.text == allowed->text) {
      return;
    }
    const std::string fix = allowed ? "remove it or set it to " + compact(*allowed) : "remove it";
    binder.absent(node, feature, fix);
  };
  row.print = [](const Value&) { return std::nullopt; };
  return row;
}

template <typename Value>
void bind_object(Binder& binder, const Node& node, const Keys<Value>& keys, Value& out) {
  for (const Node& member : node.children) {
    const auto row = std::ranges::find(keys, member.key, &Key<Value>::name);
    if (row != keys.end()) {
      row->read(binder, member, out);
      continue;
    }
    std::vector<std::string> names;
    for (const Key<Value>& known : keys) {
      names.push_back(known.name);
    }
    binder.problem_at_key(member,
                          "unknown key \"" + member.key + '"' + did_you_mean(member.key, names));
  }
  for (const Key<Value>& row : keys) {
    if (row.required && node.find(row.name) == nullptr) {
      binder.problem(node, "the key \"" + row.name + "\" is missing");
    }
  }
}

template <typename Value>
Node print_object(const Keys<Value>& keys, const Value& value) {
  Node node = json_object();
  for (const Key<Value>& row : keys) {
    if (std::optional<Node> printed = row.print(value)) {
      node.set(row.name, std::move(*printed));
    }
  }
  return node;
}

template <typename Value>
Node object_schema(const Keys<Value>& keys) {
  Node schema = json_object();
  schema.set("type", json_string("object"));
  Node& properties = schema.set("properties", json_object());
  Node needed = json_array();
  for (const Key<Value>& row : keys) {
    properties.set(row.name, row.schema);
    if (row.required) {
      needed.push(json_string(row.name));
    }
  }
  if (!needed.children.empty()) {
    schema.set("required", std::move(needed));
  }
  schema.set("additionalProperties", json_flag(false));
  return schema;
}

// The codec of an object with a fixed set of keys.
template <typename Value>
Codec<Value> object(Keys<Value> keys) {
  Node schema = object_schema(keys);
  const auto shared = std::make_shared<const Keys<Value>>(std::move(keys));
  return {
      .read = [shared](Binder& binder, const Node& node) -> std::optional<Value> {
        Value value{};
        if (!binder.expect(node, Kind::Object)) {
          return std::nullopt;
        }
        bind_object(binder, node, *shared, value);
        return value;
      },
      .print = [shared](const Value& value) { return print_object(*shared, value); },
      .schema = std::move(schema),
  };
}

}  // namespace host::manifest
