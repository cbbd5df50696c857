// host/manifest/pattern_reach.cpp - a walk through configuration and schema together.
#include "host/manifest/pattern_reach.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace host::manifest {

namespace {

constexpr std::array<std::string_view, 11> combinations = {"$ref",
                                                           "allOf",
                                                           "anyOf",
                                                           "oneOf",
                                                           "not",
                                                           "if",
                                                           "then",
                                                           "else",
                                                           "dependencies",
                                                           "contains",
                                                           "patternProperties"};

// "#/definitions/..." may lead anywhere.
bool has_patterns(const Node& schema) {
  return schema.key == "pattern" || schema.key == "patternProperties" || schema.key == "$ref" ||
         std::ranges::any_of(schema.children, has_patterns);
}

bool has_patterns(const Node* schema) {
  return schema != nullptr && has_patterns(*schema);
}

class Walk {
 public:
  explicit Walk(std::size_t bytes_max) noexcept : bytes_max_(bytes_max) {}

  // `schema` null: none is known here. `everywhere`: a pattern may meet every text from here on.
  void look(const Node* schema, bool everywhere, const Node& value, const std::string& pointer) {
    everywhere =
        everywhere || (schema != nullptr && std::ranges::any_of(combinations, [&](auto name) {
                         return has_patterns(schema->find(name));
                       }));
    const bool met = everywhere || (schema != nullptr && schema->find("pattern") != nullptr);
    if (met && value.is(Kind::String) && value.text.size() > bytes_max_) {
      found.push_back(pointer);
    }
    if (schema == nullptr && !everywhere) {
      return;
    }
    for (std::size_t i = 0; i < value.children.size(); ++i) {
      const Node& child = value.children[i];
      const bool named = value.is(Kind::Object);
      const std::string place =
          pointer + '/' + (named ? pointer_token(child.key) : std::to_string(i));
      const bool name_met = everywhere || has_patterns(schema->find("propertyNames"));
      if (named && name_met && child.key.size() > bytes_max_) {
        found.push_back(place);
      }
      const Node* below = named ? of_member(schema, child.key) : of_item(schema);
      const bool list = below != nullptr && below->is(Kind::Array);  // a schema for each place
      look(below, everywhere || (list && has_patterns(*below)), child, place);
    }
  }

  std::vector<std::string> found;

 private:
  static const Node* of_member(const Node* schema, std::string_view name) {
    const Node* known = schema == nullptr ? nullptr : schema->find("properties");
    const Node* member = known == nullptr ? nullptr : known->find(name);
    return member != nullptr || schema == nullptr ? member : schema->find("additionalProperties");
  }

  static const Node* of_item(const Node* schema) {
    return schema == nullptr ? nullptr : schema->find("items");
  }

  std::size_t bytes_max_;
};

}  // namespace

std::vector<std::string> too_long_for_patterns(const Node& schema, const Node& config,
                                               std::size_t bytes_max) {
  Walk walk(bytes_max);
  walk.look(&schema, false, config, "");
  return std::move(walk.found);
}

}  // namespace host::manifest
