// host/schema/encode.cpp - JSON to FlatBuffers: match every member with the model, then build.
//
// The library's flatbuffers::Parser would do most of this, but it reads and prints [ubyte] as
// arrays of numbers and knows no base64; see host/docs/decisions/json_form_of_contracts.md.
#include "host/schema/encode.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include <flatbuffers/flatbuffers.h>
#include <fmt/format.h>

#include "host/schema/base64.hpp"
#include "host/schema/json_place.hpp"
#include "host/schema/json_tree.hpp"
#include "host/schema/scalar.hpp"
#include "host/schema/verify.hpp"

namespace host::schema {

namespace {

using error::Result;
using flatbuffers::uoffset_t;
using AnyOffset = flatbuffers::Offset<void>;

constexpr std::size_t builder_initial_bytes = 1024;
constexpr double exact_integer_max = 9007199254740992.0;  // 2^53: beyond it a double skips integers
constexpr std::array<std::size_t, 4> widths_largest_first{8, 4, 2, 1};  // leaves the least padding

// What a JSON member gives a field: nothing, a node, and for all but scalars where it was built.
struct Slot {
  const JsonNode* node = nullptr;
  uoffset_t built = 0;
};

// Reads one scalar out of one node. Its messages say where the node is.
class ScalarReader {
 public:
  explicit ScalarReader(const JsonPlace& place) : place_(place) {}

  template <typename T>
  [[nodiscard]] Result<T> scalar(const ValueType& type, const JsonNode& node) const {
    if constexpr (std::is_floating_point_v<T>) {
      return floating<T>(node);
    } else {
      if (type.kind == Kind::Boolean) {
        if (node.kind != JsonKind::True && node.kind != JsonKind::False) {
          return wrong(node, "true or false");
        }
        return static_cast<T>(node.kind == JsonKind::True);
      }
      if (type.enumeration != nullptr && node.kind == JsonKind::String) {
        return enumerator<T>(*type.enumeration, node);
      }
      return integer<T>(type, node);
    }
  }

  [[nodiscard]] std::unexpected<error::Error> wrong(const JsonNode& node,
                                                    std::string_view expected) const {
    return place_.refuse(fmt::format("{} where {} belongs", json_kind_name(node.kind), expected));
  }

 private:
  template <typename T>
  [[nodiscard]] Result<T> enumerator(const Enum& names, const JsonNode& node) const {
    if (const EnumValue* found = names.named(node.text)) {
      return static_cast<T>(found->value);
    }
    std::vector<std::string_view> candidates;
    std::ranges::transform(names.values, std::back_inserter(candidates), &EnumValue::name);
    return place_.refuse(fmt::format("'{}' has no value {}{}", names.name, excerpt(node.text),
                                     did_you_mean(node.text, candidates)));
  }

  template <typename T>
  [[nodiscard]] Result<T> integer(const ValueType& type, const JsonNode& node) const {
    using Limits = std::numeric_limits<T>;
    if (node.kind != JsonKind::Number && node.kind != JsonKind::String) {
      return wrong(node, fmt::format("an integer ({})", scalar_name(type.scalar)));
    }
    const char* end = node.text.data() + node.text.size();
    T value{};
    const auto [stop, code] = std::from_chars(node.text.data(), end, value);
    if (code == std::errc() && stop == end) {
      return value;
    }
    // 1e3 and 5.0 are integers to JSON's eyes, and -0 is 0.
    double real = 0;
    const auto real_read = std::from_chars(node.text.data(), end, real);
    if (real_read.ec != std::errc() || real_read.ptr != end || !std::isfinite(real)) {
      return place_.refuse(fmt::format("{} is no integer", excerpt(node.text)));
    }
    if (std::trunc(real) != real) {
      return place_.refuse(
          fmt::format("{} is no whole number ({})", excerpt(node.text), scalar_name(type.scalar)));
    }
    if (std::abs(real) > exact_integer_max || real < static_cast<double>(Limits::min()) ||
        real > static_cast<double>(Limits::max())) {
      return place_.refuse(fmt::format("{} is out of range: {} goes from {} to {}",
                                       excerpt(node.text), scalar_name(type.scalar), Limits::min(),
                                       Limits::max()));
    }
    return static_cast<T>(real);
  }

  template <typename T>
  [[nodiscard]] Result<T> floating(const JsonNode& node) const {
    using Limits = std::numeric_limits<T>;
    if (node.kind == JsonKind::String) {
      // JSON has no such numbers; Protocol Buffers' JSON form spells them the same way.
      constexpr std::array<std::pair<std::string_view, T>, 3> words{
          {{"NaN", Limits::quiet_NaN()},
           {"Infinity", Limits::infinity()},
           {"-Infinity", -Limits::infinity()}}};
      const auto* word =
          std::ranges::find(words, node.text, &std::pair<std::string_view, T>::first);
      if (word != words.end()) {
        return word->second;
      }
    }
    if (node.kind != JsonKind::Number) {
      return wrong(node, R"(a number (or "NaN", "Infinity", "-Infinity"))");
    }
    T value{};
    const char* end = node.text.data() + node.text.size();
    if (std::from_chars(node.text.data(), end, value).ec != std::errc()) {
      return place_.refuse(fmt::format("{} is out of range: it has no {}", excerpt(node.text),
                                       sizeof(T) == sizeof(float) ? "float" : "double"));
    }
    return value;
  }

  const JsonPlace& place_;
};

// NOLINTBEGIN(misc-no-recursion): as deep as JsonTree allows, json_depth_max.
class Encoder {
 public:
  Encoder(const JsonTree& tree, flatbuffers::FlatBufferBuilder& builder)
      : tree_(tree), builder_(builder) {}

  Result<uoffset_t> table(const Table& spec, const JsonNode& node);

 private:
  Result<void> match(const Table& spec, const JsonNode& node, std::vector<Slot>& slots);
  Result<void> build_children(const Table& spec, std::vector<Slot>& slots);
  Result<void> add_fields(const Table& spec, const std::vector<Slot>& slots);
  Result<void> add_scalar(const Field& field, const JsonNode& node);
  Result<uoffset_t> value(const ValueType& type, const JsonNode& node);
  Result<uoffset_t> bytes(const JsonNode& node);
  Result<uoffset_t> vector(const ValueType& type, const JsonNode& node);
  Result<uoffset_t> scalar_elements(const ValueType& type, const JsonNode& node);
  Result<uoffset_t> offset_elements(const ValueType& type, const JsonNode& node);

  const JsonTree& tree_;
  flatbuffers::FlatBufferBuilder& builder_;
  JsonPlace place_;
  ScalarReader read_{place_};
};

template <typename Value>
std::unexpected<error::Error> error_of(Result<Value>& failed) {
  return std::unexpected(std::move(failed).error());
}

Result<uoffset_t> Encoder::table(const Table& spec, const JsonNode& node) {
  if (node.kind != JsonKind::Object) {
    return read_.wrong(node, fmt::format("an object ({})", spec.name));
  }
  std::vector<Slot> slots(spec.fields.size());
  if (auto matched = match(spec, node, slots); !matched) {
    return error_of(matched);
  }
  if (auto built = build_children(spec, slots); !built) {
    return error_of(built);
  }
  const uoffset_t start = builder_.StartTable();
  if (auto added = add_fields(spec, slots); !added) {
    return error_of(added);
  }
  return builder_.EndTable(start);
}

Result<void> Encoder::match(const Table& spec, const JsonNode& node, std::vector<Slot>& slots) {
  Result<void> matched;
  tree_.each_child(node, [&](const JsonNode& member) {
    const Field* field = spec.field(member.key);
    if (field == nullptr) {
      std::vector<std::string_view> names;
      std::ranges::transform(spec.fields, std::back_inserter(names), &Field::name);
      matched = place_.refuse(fmt::format("'{}' has no field {}{}", spec.name, excerpt(member.key),
                                          did_you_mean(member.key, names)));
      return false;
    }
    Slot& slot = slots[static_cast<std::size_t>(field - spec.fields.data())];
    if (slot.node != nullptr) {
      matched = place_.refuse(fmt::format("'{}' is given twice", field->name));
      return false;
    }
    slot.node = &member;
    return true;
  });
  for (std::size_t i = 0; matched && i < slots.size(); ++i) {
    if (slots[i].node != nullptr && slots[i].node->kind == JsonKind::Null) {
      slots[i].node = nullptr;  // null says "absent"
    }
    if (slots[i].node == nullptr && spec.fields[i].required) {
      return place_.refuse(
          fmt::format("'{}' is missing; '{}' requires it", spec.fields[i].name, spec.name));
    }
  }
  return matched;
}

Result<void> Encoder::build_children(const Table& spec, std::vector<Slot>& slots) {
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const Field& field = spec.fields[i];
    if (slots[i].node == nullptr || field.is_scalar()) {
      continue;
    }
    place_.enter(field.name);
    auto built =
        field.vector ? vector(field.type, *slots[i].node) : value(field.type, *slots[i].node);
    if (!built) {
      return error_of(built);
    }
    slots[i].built = *built;
    place_.leave();
  }
  return {};
}

Result<void> Encoder::add_fields(const Table& spec, const std::vector<Slot>& slots) {
  for (const std::size_t width : widths_largest_first) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const Field& field = spec.fields[i];
      const std::size_t bytes =
          field.is_scalar() ? scalar_bytes(field.type.scalar) : sizeof(uoffset_t);
      if (slots[i].node == nullptr || bytes != width) {
        continue;
      }
      if (!field.is_scalar()) {
        builder_.AddOffset(field.offset, AnyOffset(slots[i].built));
      } else if (auto added = add_scalar(field, *slots[i].node); !added) {
        return added;
      }
    }
  }
  return {};
}

Result<void> Encoder::add_scalar(const Field& field, const JsonNode& node) {
  return with_scalar(field.type.scalar, [&]<typename T>() -> Result<void> {
    place_.enter(field.name);
    auto got = read_.scalar<T>(field.type, node);
    if (!got) {
      return error_of(got);
    }
    place_.leave();
    if (field.optional) {
      builder_.AddElement<T>(field.offset, *got);
    } else {
      const T fallback = std::is_floating_point_v<T> ? static_cast<T>(field.default_real)
                                                     : static_cast<T>(field.default_integer);
      builder_.AddElement<T>(field.offset, *got, fallback);
    }
    return {};
  });
}

Result<uoffset_t> Encoder::value(const ValueType& type, const JsonNode& node) {
  if (type.kind == Kind::Table) {
    return table(*type.table, node);
  }
  if (type.kind == Kind::Bytes) {
    return bytes(node);
  }
  if (node.kind != JsonKind::String) {
    return read_.wrong(node, "a string");
  }
  return builder_.CreateString(node.text.data(), node.text.size()).o;
}

Result<uoffset_t> Encoder::bytes(const JsonNode& node) {
  if (node.kind == JsonKind::Array) {
    return scalar_elements({.kind = Kind::Integer, .scalar = Scalar::Uint8}, node);
  }
  if (node.kind != JsonKind::String) {
    return read_.wrong(node, "a base64 string (or an array of numbers from 0 to 255)");
  }
  const auto size = base64_decoded_bytes(node.text);
  std::uint8_t* start = nullptr;
  const uoffset_t built = builder_.CreateUninitializedVector(size.value_or(0), 1, &start);
  if (!size || !decode_base64(node.text, {start, *size})) {
    return place_.refuse("the string is not base64 (RFC 4648, standard alphabet, padded with '=')");
  }
  return built;
}

Result<uoffset_t> Encoder::vector(const ValueType& type, const JsonNode& node) {
  if (node.kind != JsonKind::Array) {
    return read_.wrong(node, "an array");
  }
  return type.kind <= Kind::Floating ? scalar_elements(type, node) : offset_elements(type, node);
}

Result<uoffset_t> Encoder::scalar_elements(const ValueType& type, const JsonNode& node) {
  return with_scalar(type.scalar, [&]<typename T>() -> Result<uoffset_t> {
    std::uint8_t* start = nullptr;
    Result<uoffset_t> built = builder_.CreateUninitializedVector(node.count, sizeof(T), &start);
    std::size_t i = 0;
    tree_.each_child(node, [&](const JsonNode& element) {
      place_.enter(i);
      auto got = read_.scalar<T>(type, element);
      if (!got) {
        built = error_of(got);
        return false;
      }
      place_.leave();
      flatbuffers::WriteScalar(start + i * sizeof(T), *got);
      ++i;
      return true;
    });
    return built;
  });
}

Result<uoffset_t> Encoder::offset_elements(const ValueType& type, const JsonNode& node) {
  std::vector<AnyOffset> elements;
  elements.reserve(node.count);
  Result<void> all;
  tree_.each_child(node, [&](const JsonNode& element) {
    place_.enter(elements.size());
    auto built = value(type, element);
    if (!built) {
      all = error_of(built);
      return false;
    }
    place_.leave();
    elements.emplace_back(*built);
    return true;
  });
  if (!all) {
    return error_of(all);
  }
  return builder_.CreateVector(elements).o;
}

// NOLINTEND(misc-no-recursion)

}  // namespace

Result<void> encode_json(const Table& table, std::string_view json, std::vector<std::byte>& out) {
  auto tree = JsonTree::parse(json);
  if (!tree) {
    return error_of(tree);
  }
  flatbuffers::FlatBufferBuilder builder(builder_initial_bytes);
  auto root = Encoder(*tree, builder).table(table, tree->root());
  if (!root) {
    return error_of(root);
  }
  builder.Finish(AnyOffset(*root));
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  if (bytes.size() > binary_bytes_max) {
    return error::fail(BP_E_TOO_LARGE,
                       fmt::format("the JSON makes a message of {} bytes, the limit is {}",
                                   bytes.size(), binary_bytes_max));
  }
  out.assign(bytes.begin(), bytes.end());
  return {};
}

}  // namespace host::schema
