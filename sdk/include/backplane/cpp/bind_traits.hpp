// backplane/cpp/bind_traits.hpp - which C++ types stand for which JSON. Not for authors.
//
// Since: 1.0. Thread: values.
#pragma once

#include <chrono>
#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "backplane/cpp/fields.hpp"
#include "backplane/cpp/json.hpp"

namespace bp::json::detail {

template <typename Type>
struct traits {
  static constexpr bool is_vector = false, is_optional = false, is_map = false, is_duration = false,
                        is_time = false;
};

template <typename Item, typename Alloc>
struct traits<std::vector<Item, Alloc>> : traits<void> {
  static constexpr bool is_vector = true;
};

template <typename Item>
struct traits<std::optional<Item>> : traits<void> {
  static constexpr bool is_optional = true;
};

template <typename Item, typename... Rest>
struct traits<std::map<std::string, Item, Rest...>> : traits<void> {
  static constexpr bool is_map = true;
};

template <typename Item, typename... Rest>
struct traits<std::unordered_map<std::string, Item, Rest...>> : traits<void> {
  static constexpr bool is_map = true;
};

template <typename Rep, typename Period>
struct traits<std::chrono::duration<Rep, Period>> : traits<void> {
  static constexpr bool is_duration = true;
};

template <typename Duration>
struct traits<std::chrono::sys_time<Duration>> : traits<void> {
  static constexpr bool is_time = true;
};

/// Does a value of this type keep views into the text it was read from?
template <typename Type>
constexpr bool borrows() {
  if constexpr (std::same_as<Type, std::string_view> || std::same_as<Type, raw>) {
    return true;
  } else if constexpr (described<Type>) {
    bool any = false;
    bp::detail::for_each_field<Type>([&any](const auto& each) {
      any = any || borrows<typename std::remove_cvref_t<decltype(each)>::type>();
    });
    return any;
  } else if constexpr (traits<Type>::is_vector || traits<Type>::is_optional) {
    return borrows<typename Type::value_type>();
  } else if constexpr (traits<Type>::is_map) {
    return borrows<typename Type::mapped_type>();
  } else {
    return false;
  }
}

}  // namespace bp::json::detail
