// host/manifest/schema_walk.cpp - references, alternatives, members and items.
#include "host/manifest/schema_walk.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>

#include <fmt/format.h>

#include "host/manifest/config_schema.hpp"

namespace host::manifest {

namespace {

constexpr std::array<std::string_view, 3> list_applicators{"allOf", "anyOf", "oneOf"};
constexpr std::array<std::string_view, 4> single_applicators{"then", "else", "if", "not"};

// The target of a local reference, or nullptr.
const Node* target_of(const Node& root, const std::string& reference) {
  return reference.starts_with('#') ? root.resolve(std::string_view(reference).substr(1)) : nullptr;
}

// What applies to the same value as `schema` itself; `all` includes `if` and `not`.
Schemas in_place(const Node& root, const Node& schema, bool all) {
  Schemas found;
  if (!schema.is(Kind::Object)) {
    return found;
  }
  if (const Node* reference = schema.find("$ref"); reference != nullptr) {
    if (const Node* target = target_of(root, reference->text); target != nullptr) {
      found.push_back(target);
    }
  }
  for (const std::string_view name : list_applicators) {
    if (const Node* list = schema.find(name); list != nullptr) {
      for (const Node& item : list->children) {
        found.push_back(&item);
      }
    }
  }
  const std::size_t singles = all ? single_applicators.size() : 2;
  for (std::size_t i = 0; i < singles; ++i) {
    if (const Node* single = schema.find(single_applicators[i]); single != nullptr) {
      found.push_back(single);
    }
  }
  return found;
}

// Depth-first search for a way from a schema back to itself that goes no value deeper.
class LoopSearch {
 public:
  explicit LoopSearch(const Node& root) : root_(root) {}

  // Bounded: a chain longer than this many schemas is refused like a loop.
  static constexpr std::size_t chain_max = 256;

  bool finds_loop(const Node& schema, std::size_t depth = 0) {
    if (depth > chain_max) {
      return true;
    }
    const auto [state, fresh] = states_.emplace(&schema, State::Open);
    if (!fresh) {
      return state->second == State::Open;
    }
    for (const Node* next : in_place(root_, schema, true)) {
      if (finds_loop(*next, depth + 1)) {
        return true;
      }
    }
    states_[&schema] = State::Done;
    return false;
  }

 private:
  enum class State : std::uint8_t { Open, Done };

  const Node& root_;
  std::unordered_map<const Node*, State> states_;
};

error::Result<void> refuse(std::string message) {
  return error::fail(BP_E_SCHEMA, std::move(message));
}

error::Result<void> check_node(const Node& root, const Node& node, LoopSearch& loops) {
  if (const Node* reference = node.find("$ref");
      node.is(Kind::Object) && reference != nullptr && reference->is(Kind::String)) {
    if (!reference->text.starts_with('#')) {
      return refuse(
          fmt::format("\"$ref\": {}: only references into the same schema (\"#/...\") are "
                      "followed; copy the definition",
                      error::json_quoted(reference->text)));
    }
    if (target_of(root, reference->text) == nullptr) {
      return refuse(fmt::format("\"$ref\": {}: there is nothing at this place",
                                error::json_quoted(reference->text)));
    }
    if (loops.finds_loop(node)) {
      return refuse(
          fmt::format("\"$ref\": {}: leads back to itself", error::json_quoted(reference->text)));
    }
  }
  if (node.key == "pattern" && node.text.size() > pattern_bytes_max) {
    return refuse(
        fmt::format("a pattern of {} bytes; the limit is {}", node.text.size(), pattern_bytes_max));
  }
  for (const Node& child : node.children) {
    if (error::Result<void> checked = check_node(root, child, loops); !checked) {
      return checked;
    }
  }
  return {};
}

void append_alternatives(const Node& root, const Node* schema, Schemas& found) {
  if (std::ranges::find(found, schema) == found.end()) {
    found.push_back(schema);
    for (const Node* next : in_place(root, *schema, false)) {
      append_alternatives(root, next, found);
    }
  }
}

}  // namespace

error::Result<Node> read_schema(std::string_view text) {
  JsonReading reading = read_json(text, "config schema");
  if (!reading.problems.empty()) {
    return error::fail(BP_E_SCHEMA, reading.problems.front().text());
  }
  if (!reading.root || !reading.root->is(Kind::Object)) {
    return error::fail(BP_E_SCHEMA, "a schema is an object");
  }
  LoopSearch loops(*reading.root);
  if (error::Result<void> checked = check_node(*reading.root, *reading.root, loops); !checked) {
    return std::unexpected(checked.error());
  }
  return std::move(*reading.root);
}

Schemas alternatives(const Node& root, const Node& schema) {
  Schemas found;
  append_alternatives(root, &schema, found);
  return found;
}

Schemas member_schemas(const Node& root, const Schemas& schemas, std::string_view name) {
  Schemas found;
  for (const Node* schema : schemas) {
    const Node* properties = schema->find("properties");
    const Node* own = properties == nullptr ? nullptr : properties->find(name);
    if (own != nullptr) {
      append_alternatives(root, own, found);
      continue;
    }
    // Which pattern matches is the validator's business; here each of them may.
    if (const Node* patterns = schema->find("patternProperties"); patterns != nullptr) {
      for (const Node& pattern : patterns->children) {
        append_alternatives(root, &pattern, found);
      }
    }
    if (const Node* others = schema->find("additionalProperties"); others != nullptr) {
      append_alternatives(root, others, found);
    }
  }
  return found;
}

Schemas item_schemas(const Node& root, const Schemas& schemas, std::size_t index) {
  Schemas found;
  for (const Node* schema : schemas) {
    const Node* items = schema->find("items");
    if (items != nullptr && items->is(Kind::Array)) {
      items = index < items->children.size() ? &items->children[index]
                                             : schema->find("additionalItems");
    }
    if (items != nullptr) {
      append_alternatives(root, items, found);
    }
  }
  return found;
}

Schemas schemas_at(const Node& root, const Node& value, std::string_view pointer) {
  Schemas schemas = alternatives(root, root);
  const Node* here = &value;
  while (!pointer.empty() && here != nullptr) {
    const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
    const std::string_view token = pointer.substr(0, end);
    const Node* next = here->resolve(token);
    if (here->is(Kind::Array)) {
      std::size_t index = 0;
      std::from_chars(token.data() + 1, token.data() + token.size(), index);
      schemas = item_schemas(root, schemas, index);
    } else if (next != nullptr) {
      schemas = member_schemas(root, schemas, next->key);
    }
    here = next;
    pointer.remove_prefix(end);
  }
  return here == nullptr ? Schemas{} : schemas;
}

}  // namespace host::manifest
