// backplane/cpp/bind_write.hpp - bp::json::write(value) for structs with fields.
//
// Since: 1.0. Thread: values.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

#include "backplane/cpp/bind_traits.hpp"
#include "backplane/cpp/fields.hpp"
#include "backplane/cpp/json_writer.hpp"
#include "backplane/cpp/quantity.hpp"

namespace bp::json {

namespace detail {

template <described Type>
void write_members(writer& to, const Type& value);

template <typename Type>
void write_value(writer& to, const Type& value) {
  if constexpr (described<Type>) {
    to.begin_object();
    write_members(to, value);
    to.end_object();
  } else if constexpr (traits<Type>::is_optional) {
    value ? write_value(to, *value) : static_cast<void>(to.null());
  } else if constexpr (traits<Type>::is_vector) {
    to.begin_array();
    for (const auto& item : value) {
      write_value(to, item);
    }
    to.end_array();
  } else if constexpr (traits<Type>::is_map) {
    to.begin_object();
    for (const auto& [key, item] : value) {
      to.key(key);
      write_value(to, item);
    }
    to.end_object();
  } else if constexpr (traits<Type>::is_duration || traits<Type>::is_time) {
    to.value(quantity::text_of(value));
  } else if constexpr (named_enum<Type>) {
    for (const auto& [name, meaning] : json_names(value)) {
      if (meaning == value) {
        to.value(std::string_view(name));
        return;
      }
    }
    to.null();
  } else if constexpr (std::same_as<Type, raw>) {
    to.raw(value.text);
  } else if constexpr (std::same_as<Type, byte_size>) {
    to.value(value.bytes);
  } else {
    to.value(value);
  }
}

/// Absent optionals are left out.
template <described Type>
void write_members(writer& to, const Type& value) {
  bp::detail::for_each_field<Type>([&](const auto& each) {
    using description = std::remove_cvref_t<decltype(each)>;
    const auto& member = value.*description::member;
    if constexpr (description::is_flat) {
      write_members(to, member);
    } else {
      if constexpr (traits<typename description::type>::is_optional) {
        if (!member) {
          return;
        }
      }
      to.key(each.name);
      write_value(to, member);
    }
  });
}

}  // namespace detail

template <typename Type>
[[nodiscard]] std::string write(const Type& value) {
  std::string text;
  writer to(text);
  detail::write_value(to, value);
  return text;
}

}  // namespace bp::json
