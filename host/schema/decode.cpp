// host/schema/decode.cpp - FlatBuffers to JSON: verify first, then print every field by the model.
#include "host/schema/decode.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>
#include <utility>

#include <flatbuffers/flatbuffers.h>
#include <fmt/format.h>

#include "host/schema/base64.hpp"
#include "host/schema/scalar.hpp"
#include "host/schema/verify.hpp"

namespace host::schema {

namespace {

using error::fail;
using error::Result;

constexpr std::size_t number_chars_max = 32;

std::string_view float_word(double value) noexcept {
  if (std::isnan(value)) {
    return R"("NaN")";
  }
  return value > 0 ? R"("Infinity")" : R"("-Infinity")";
}

// NOLINTBEGIN(misc-no-recursion): as deep as the verifier allowed, table_depth_max.
// Prints a verified message.
class Printer {
 public:
  explicit Printer(std::string& out)
      : out_(out), out_bytes_max_(out.size() + json_output_bytes_max) {}

  bool table(const Table& spec, const flatbuffers::Table& raw) {
    out_ += '{';
    char separator = '\0';
    for (const Field& field : spec.fields) {
      const bool present = raw.CheckField(field.offset);
      // An absent list is an empty one, and shown as that: readers need not ask whether it is
      // there.
      if (!present && !field.vector && (field.optional || !field.is_scalar())) {
        continue;
      }
      if (separator != '\0') {
        out_ += separator;
      }
      separator = ',';
      out_ += '"';
      out_ += field.name;
      out_ += "\":";
      if (!this->field(field, raw)) {
        return false;
      }
    }
    out_ += '}';
    return out_.size() <= out_bytes_max_;
  }

 private:
  bool field(const Field& field, const flatbuffers::Table& raw) {
    if (field.is_scalar()) {
      with_scalar(field.type.scalar, [&]<typename T>() {
        const T fallback = std::is_floating_point_v<T> ? static_cast<T>(field.default_real)
                                                       : static_cast<T>(field.default_integer);
        scalar(field.type, raw.GetField<T>(field.offset, fallback));
      });
      return true;
    }
    const auto* at = raw.GetPointer<const std::uint8_t*>(field.offset);
    if (at == nullptr) {
      out_ += "[]";
      return out_.size() <= out_bytes_max_;
    }
    return field.vector ? vector(field.type, at) : value(field.type, at);
  }

  bool value(const ValueType& type, const std::uint8_t* at) {
    if (type.kind == Kind::Table) {
      return table(*type.table, *reinterpret_cast<const flatbuffers::Table*>(at));
    }
    if (type.kind == Kind::Bytes) {
      const auto& bytes = *reinterpret_cast<const flatbuffers::Vector<std::uint8_t>*>(at);
      out_ += '"';
      append_base64(out_, {bytes.data(), bytes.size()});
      out_ += '"';
    } else {
      out_ += error::json_quoted(reinterpret_cast<const flatbuffers::String*>(at)->string_view());
    }
    return out_.size() <= out_bytes_max_;
  }

  bool vector(const ValueType& type, const std::uint8_t* at) {
    out_ += '[';
    const bool whole =
        type.kind <= Kind::Floating ? scalar_elements(type, at) : offset_elements(type, at);
    out_ += ']';
    return whole;
  }

  bool scalar_elements(const ValueType& type, const std::uint8_t* at) {
    with_scalar(type.scalar, [&]<typename T>() {
      const auto& elements = *reinterpret_cast<const flatbuffers::Vector<T>*>(at);
      for (flatbuffers::uoffset_t i = 0; i < elements.size(); ++i) {
        out_ += i == 0 ? "" : ",";
        scalar(type, elements.Get(i));
      }
    });
    return out_.size() <= out_bytes_max_;
  }

  bool offset_elements(const ValueType& type, const std::uint8_t* at) {
    using Elements = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::Table>>;
    const auto& elements = *reinterpret_cast<const Elements*>(at);
    for (flatbuffers::uoffset_t i = 0; i < elements.size(); ++i) {
      out_ += i == 0 ? "" : ",";
      if (!value(type, reinterpret_cast<const std::uint8_t*>(elements.Get(i)))) {
        return false;
      }
    }
    return true;
  }

  template <typename T>
  void scalar(const ValueType& type, T value) {
    if (type.kind == Kind::Boolean) {
      out_ += value != T{} ? "true" : "false";
      return;
    }
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) {
        out_ += float_word(static_cast<double>(value));
        return;
      }
    } else if (type.enumeration != nullptr) {
      if (const EnumValue* named = type.enumeration->valued(static_cast<std::int64_t>(value))) {
        out_ += '"';
        out_ += named->name;
        out_ += '"';
        return;
      }
    }
    std::array<char, number_chars_max> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out_.append(digits.data(), end);
  }

  std::string& out_;
  std::size_t out_bytes_max_;
};

// NOLINTEND(misc-no-recursion)

}  // namespace

Result<void> append_json(const Table& table, std::span<const std::byte> bytes, std::string& out) {
  const AlignedBytes aligned(bytes);
  const auto root = verified_root(table, aligned.view());
  if (!root) {
    return std::unexpected(root.error());
  }
  const std::size_t before = out.size();
  if (!Printer(out).table(table, **root)) {
    out.resize(before);
    return fail(BP_E_TOO_LARGE, fmt::format("the JSON of this '{}' is longer than {} bytes",
                                            table.name, json_output_bytes_max));
  }
  return {};
}

}  // namespace host::schema
