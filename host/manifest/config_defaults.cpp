// host/manifest/config_defaults.cpp - what a schema says about values: defaults and what is secret.
#include <algorithm>
#include <utility>

#include "host/manifest/config_schema.hpp"
#include "host/manifest/schema_walk.hpp"
#include "host/manifest/secret.hpp"

namespace host::manifest {

namespace {

// Applies what holds unconditionally: $ref and allOf, but no branch of anyOf, oneOf or if.
class Defaults {
 public:
  explicit Defaults(const Node& root) : root_(root) {}

  void apply(const Node& schema, Node& value) {
    if (const Node* reference = schema.find("$ref"); reference != nullptr) {
      if (const Node* target = root_.resolve(std::string_view(reference->text).substr(1))) {
        apply(*target, value);
      }
      return;  // draft-07: the neighbours of $ref are ignored
    }
    if (const Node* all = schema.find("allOf"); all != nullptr) {
      for (const Node& each : all->children) {
        apply(each, value);
      }
    }
    if (value.is(Kind::Object)) {
      apply_to_members(schema, value);
    } else if (value.is(Kind::Array)) {
      for (std::size_t i = 0; i < value.children.size(); ++i) {
        if (const Node* items = item_schema(schema, i); items != nullptr) {
          apply(*items, value.children[i]);
        }
      }
    }
  }

 private:
  static const Node* item_schema(const Node& schema, std::size_t index) {
    const Node* items = schema.find("items");
    if (items != nullptr && items->is(Kind::Array)) {
      return index < items->children.size() ? &items->children[index]
                                            : schema.find("additionalItems");
    }
    return items;
  }

  void apply_to_members(const Node& schema, Node& value) {
    const Node* properties = schema.find("properties");
    if (properties != nullptr) {
      for (const Node& property : properties->children) {
        if (Node* member = value.find(property.key); member != nullptr) {
          apply(property, *member);
        } else if (std::optional<Node> made = value_of(property)) {
          value.set(property.key, std::move(*made));
        }
      }
    }
    const Node* others = schema.find("additionalProperties");
    if (others == nullptr || !others->is(Kind::Object)) {
      return;
    }
    for (Node& member : value.children) {
      if (properties == nullptr || properties->find(member.key) == nullptr) {
        apply(*others, member);
      }
    }
  }

  // The value of a property that is not written: its default, or an object made of the defaults
  // inside it, unless that object would lack something it requires.
  std::optional<Node> value_of(const Node& property) {
    const Node* schema = &property;
    while (const Node* reference = schema->find("$ref")) {
      schema = root_.resolve(std::string_view(reference->text).substr(1));
    }
    const Node* written = schema->find("default");
    const Node* type = schema->find("type");
    const bool object = type != nullptr && type->text == "object";
    if (written == nullptr && (!object || std::ranges::find(open_, schema) != open_.end())) {
      return std::nullopt;
    }
    Node made = written != nullptr ? *written : json_object();
    open_.push_back(schema);
    apply(*schema, made);
    open_.pop_back();
    const bool wanted = written != nullptr || (!made.children.empty() && is_whole(*schema, made));
    return wanted ? std::optional(std::move(made)) : std::nullopt;
  }

  static bool is_whole(const Node& schema, const Node& value) {
    const Node* needed = schema.find("required");
    return needed == nullptr || std::ranges::all_of(needed->children, [&](const Node& name) {
             return value.find(name.text) != nullptr;
           });
  }

  const Node& root_;
  Schemas open_;  // object schemas being made up: one that contains itself ends there
};

bool is_sensitive(const Schemas& schemas) {
  return std::ranges::any_of(schemas, [](const Node* schema) {
    const Node* mark = schema->find("sensitive");
    return mark != nullptr && mark->is_true();
  });
}

void redact(const Node& root, const Schemas& schemas, Node& value) {
  if (is_secret_reference(value)) {
    return;
  }
  if (is_sensitive(schemas)) {
    Node hidden = json_string(std::string(redacted_text));
    hidden.key = value.key;
    value = std::move(hidden);
    return;
  }
  for (std::size_t i = 0; i < value.children.size(); ++i) {
    Node& child = value.children[i];
    redact(root,
           value.is(Kind::Object) ? member_schemas(root, schemas, child.key)
                                  : item_schemas(root, schemas, i),
           child);
  }
}

void redact_everything(Node& value) {
  if (value.children.empty() && !value.is(Kind::Object) && !value.is(Kind::Array)) {
    const std::string key = std::exchange(value.key, {});
    value = json_string(std::string(redacted_text));
    value.key = key;
    return;
  }
  for (Node& child : value.children) {
    redact_everything(child);
  }
}

}  // namespace

error::Result<std::string> with_defaults(std::string_view schema, std::string_view config) {
  const error::Result<Node> root = read_schema(schema);
  if (!root) {
    return std::unexpected(root.error());
  }
  JsonReading reading = read_json(config, "config");
  if (!reading.problems.empty()) {
    return error::fail(BP_E_CONFIG, reading.problems.front().text());
  }
  Defaults(*root).apply(*root, *reading.root);
  return compact(*reading.root);
}

Node redacted_config(std::string_view schema, const Node& config) {
  Node copy = config;
  if (const error::Result<Node> root = read_schema(schema); root) {
    redact(*root, alternatives(*root, *root), copy);
  } else {
    redact_everything(copy);
  }
  return copy;
}

}  // namespace host::manifest
