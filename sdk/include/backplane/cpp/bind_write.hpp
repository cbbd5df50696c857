// backplane/cpp/bind_write.hpp - bp::json::write(value) for structs with fields.
//
// Since: 1.0. Thread: values. Errors: INVALID for a value that JSON cannot say, naming its member.
#pragma once

#include <cmath>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

#include "backplane/cpp/bind_traits.hpp"
#include "backplane/cpp/error.hpp"
#include "backplane/cpp/fields.hpp"
#include "backplane/cpp/json_writer.hpp"
#include "backplane/cpp/quantity.hpp"

namespace bp::json {

namespace detail {

/// False: JSON has no text for the value, and `unsaid` says what it is and where.
template <described Type>
[[nodiscard]] bool write_members(writer& to, const Type& value, std::string& unsaid);

template <typename Type>
[[nodiscard]] bool write_value(writer& to, const Type& value, std::string& unsaid) {
  if constexpr (described<Type>) {
    to.begin_object();
    const bool said = write_members(to, value, unsaid);
    to.end_object();
    return said;
  } else if constexpr (traits<Type>::is_optional) {
    if (value) {
      return write_value(to, *value, unsaid);
    }
    to.null();
  } else if constexpr (traits<Type>::is_vector) {
    to.begin_array();
    for (const auto& item : value) {
      if (!write_value(to, item, unsaid)) {
        return false;
      }
    }
    to.end_array();
  } else if constexpr (traits<Type>::is_map) {
    to.begin_object();
    for (const auto& [key, item] : value) {
      to.key(key);
      if (!write_value(to, item, unsaid)) {
        unsaid += " in '" + std::string(key) + "'";
        return false;
      }
    }
    to.end_object();
  } else if constexpr (traits<Type>::is_duration || traits<Type>::is_time) {
    to.value(quantity::text_of(value));
  } else if constexpr (named_enum<Type>) {
    for (const auto& [name, meaning] : json_names(value)) {
      if (meaning == value) {
        to.value(std::string_view(name));
        return true;
      }
    }
    unsaid = "a value without a name";
    return false;
  } else if constexpr (std::same_as<Type, raw>) {
    to.raw(value.text);
  } else if constexpr (std::same_as<Type, byte_size>) {
    to.value(value.bytes);
  } else if constexpr (std::floating_point<Type>) {
    if (!std::isfinite(value)) {
      unsaid = std::isnan(value) ? "NaN" : "an infinite number";
      return false;
    }
    to.value(value);
  } else {
    to.value(value);
  }
  return true;
}

/// Absent optionals are left out.
template <described Type>
bool write_members(writer& to, const Type& value, std::string& unsaid) {
  bool said = true;
  bp::detail::for_each_field<Type>([&](const auto& each) {
    using description = std::remove_cvref_t<decltype(each)>;
    const auto& member = value.*description::member;
    if (!said) {
      return;
    }
    if constexpr (description::is_flat) {
      said = write_members(to, member, unsaid);
    } else {
      if constexpr (traits<typename description::type>::is_optional) {
        if (!member) {
          return;
        }
      }
      to.key(each.name);
      said = write_value(to, member, unsaid);
      if (!said) {
        unsaid += " in '" + std::string(each.name) + "'";
      }
    }
  });
  return said;
}

}  // namespace detail

/// Nothing is lost on the way: NaN and infinity, which JSON does not have, are an error.
template <typename Type>
[[nodiscard]] result<std::string> write(const Type& value) {
  std::string text;
  std::string unsaid;
  writer to(text);
  if (!detail::write_value(to, value, unsaid)) {
    return fail(BP_E_INVALID, "JSON cannot say " + unsaid);
  }
  return text;
}

}  // namespace bp::json
