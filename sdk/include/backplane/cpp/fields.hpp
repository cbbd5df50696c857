// backplane/cpp/fields.hpp - a struct describes its JSON once; reading and writing follow from it.
//
//   struct Listen {
//     std::string host = "127.0.0.1";
//     std::uint16_t port = 0;
//     static constexpr auto fields =
//         bp::fields(bp::field<&Listen::host>("host").or_default(),
//                    bp::field<&Listen::port>("port").alias("tcp_port"));
//   };
//
// A field is required unless it is .or_default() (then the struct's own initial value stands) or a
// std::optional. bp::flatten<&T::part>() takes the fields of `part` as the struct's own. An unknown
// key is an error unless the fields are .ignore_unknown(). An enumeration names its values by
//   constexpr auto json_names(Mode) { return std::array{std::pair{"fast", Mode::Fast}, ...}; }
// Since: 1.0. Thread: values.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace bp {

namespace detail {

template <typename Pointer>
struct member_type;

template <typename Owner, typename Type>
struct member_type<Type Owner::*> {
  using type = Type;
};

}  // namespace detail

/// One member under its JSON name.
template <auto Member>
struct field_description {
  static constexpr auto member = Member;
  static constexpr bool is_flat = false;
  using type = typename detail::member_type<decltype(Member)>::type;

  std::string_view name;
  std::string_view other_name;
  bool may_be_absent = false;

  [[nodiscard]] constexpr field_description or_default() const { return {name, other_name, true}; }

  /// A second name that is read too; an older one, say.
  [[nodiscard]] constexpr field_description alias(std::string_view other) const {
    return {name, other, may_be_absent};
  }
};

template <auto Member>
struct flat_description {
  static constexpr auto member = Member;
  static constexpr bool is_flat = true;
  using type = typename detail::member_type<decltype(Member)>::type;
};

template <auto Member>
[[nodiscard]] constexpr field_description<Member> field(std::string_view name) {
  return {name, {}, false};
}

template <auto Member>
[[nodiscard]] constexpr flat_description<Member> flatten() {
  return {};
}

template <typename... Descriptions>
struct fields_description {
  std::tuple<Descriptions...> all;
  bool takes_unknown = false;

  [[nodiscard]] constexpr fields_description ignore_unknown() const { return {all, true}; }
};

template <typename... Descriptions>
[[nodiscard]] constexpr fields_description<Descriptions...> fields(Descriptions... descriptions) {
  return {{descriptions...}, false};
}

/// A struct that describes its fields.
template <typename Type>
concept described = requires { Type::fields.all; };

/// An enumeration that names its values.
template <typename Type>
concept named_enum = std::is_enum_v<Type> && requires(Type value) { json_names(value); };

namespace detail {

/// Calls `visit(description, index)` for each field, those of flattened members included; `path`
/// leads from the struct to the owner of the field.
template <described Type, typename Visit>
constexpr void for_each_field(Visit&& visit) {
  std::apply([&visit](const auto&... each) { (visit(each), ...); }, Type::fields.all);
}

/// How many fields, flattened ones included.
template <described Type>
constexpr std::size_t count_fields() {
  std::size_t count = 0;
  for_each_field<Type>([&count](const auto& each) {
    using description = std::remove_cvref_t<decltype(each)>;
    if constexpr (description::is_flat) {
      count += count_fields<typename description::type>();
    } else {
      ++count;
    }
  });
  return count;
}

}  // namespace detail
}  // namespace bp
