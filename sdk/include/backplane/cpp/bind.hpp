// backplane/cpp/bind.hpp - structs with fields from JSON: bp::json::read<T>(text).
//
// Since: 1.0. Thread: values. An error names the place as a JSON pointer: "/listen/port: expected
// ...".
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "backplane/cpp/bind_traits.hpp"
#include "backplane/cpp/bind_write.hpp"
#include "backplane/cpp/error.hpp"
#include "backplane/cpp/fields.hpp"
#include "backplane/cpp/json.hpp"
#include "backplane/cpp/quantity.hpp"

namespace bp::json {

namespace detail {

/// Reads values and remembers where and why it could not.
class binder {
 public:
  binder(std::string_view text, text_store& store) : in_(text, store) {}

  template <typename Type>
  bool read_all(Type& value) {
    return read(value) && in_.finish();
  }

  [[nodiscard]] error why() const {
    if (problem_.empty()) {
      return in_.why();
    }
    return {BP_E_SCHEMA, (path_.empty() ? "the value" : path_) + ": " + problem_};
  }

 private:
  template <typename Type>
  bool read(Type& value) {
    if constexpr (described<Type>) {
      return read_struct(value);
    } else if constexpr (traits<Type>::is_optional) {
      return read_optional(value);
    } else if constexpr (traits<Type>::is_vector) {
      return read_vector(value);
    } else if constexpr (traits<Type>::is_map) {
      return read_map(value);
    } else if constexpr (traits<Type>::is_duration) {
      return read_duration(value);
    } else if constexpr (traits<Type>::is_time) {
      return read_time(value);
    } else if constexpr (named_enum<Type>) {
      return read_enum(value);
    } else {
      return read_scalar(value);
    }
  }

  bool read_scalar(bool& value) {
    return expect(kind::boolean, "true or false") && in_.read_bool(value);
  }

  bool read_scalar(std::string_view& value) {
    return expect(kind::string, "a string") && in_.read_string(value);
  }

  bool read_scalar(raw& value) { return in_.skip(value.text); }

  bool read_scalar(std::string& value) {
    std::string_view text;
    if (!read_scalar(text)) {
      return false;
    }
    value.assign(text);
    return true;
  }

  bool read_scalar(byte_size& value) {
    const std::optional<kind> what = in_.peek();
    if (what != kind::string) {
      return read_scalar(value.bytes);
    }
    std::string_view text;
    if (!in_.read_string(text)) {
      return false;
    }
    const auto size = quantity::size(text);
    value = size.value_or(byte_size{});
    return size ||
           refuse("expected a size such as 65536 or \"64KiB\", got \"" + std::string(text) + "\"");
  }

  template <typename Number>
    requires std::integral<Number> || std::floating_point<Number>
  bool read_scalar(Number& value) {
    std::string_view text;
    if (!expect(kind::number, range_of<Number>()) || !in_.read_number_text(text)) {
      return false;
    }
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) {
      return true;
    }
    return refuse("expected " + range_of<Number>() + ", got " + std::string(text));
  }

  template <typename Duration>
  bool read_duration(Duration& value) {
    constexpr const char* wanted = "a duration such as \"250ms\", \"5s\" or \"1h30m\"";
    std::string_view text;
    if (!expect(kind::string, wanted) || !in_.read_string(text)) {
      return false;
    }
    const auto exact = quantity::duration(text);
    if (!exact) {
      return refuse(std::string("expected ") + wanted + ", got \"" + std::string(text) + "\"");
    }
    value = std::chrono::duration_cast<Duration>(*exact);
    return value == *exact ||
           refuse("\"" + std::string(text) + "\" is finer than this setting can be");
  }

  template <typename Duration>
  bool read_time(std::chrono::sys_time<Duration>& value) {
    if (in_.peek() == kind::number) {
      std::int64_t count = 0;
      if (!read_scalar(count)) {
        return false;
      }
      value = std::chrono::sys_time<Duration>(Duration(count));
      return true;
    }
    std::string_view text;
    if (!expect(kind::string, "a time") || !in_.read_string(text)) {
      return false;
    }
    const auto point = quantity::time(text);
    if (!point) {
      return refuse("expected a time such as \"2026-11-25T20:45:13Z\", got \"" + std::string(text) +
                    "\"");
    }
    value = std::chrono::time_point_cast<Duration>(*point);
    return true;
  }

  template <typename Enum>
  bool read_enum(Enum& value) {
    std::string_view text;
    if (!expect(kind::string, "a string") || !in_.read_string(text)) {
      return false;
    }
    std::string known;
    for (const auto& [name, meaning] : json_names(Enum{})) {
      if (name == text) {
        value = meaning;
        return true;
      }
      known += (known.empty() ? "" : ", ") + std::string(name);
    }
    return refuse("expected one of " + known + ", got \"" + std::string(text) + "\"");
  }

  template <typename Optional>
  bool read_optional(Optional& value) {
    if (in_.peek() == kind::null) {
      value.reset();
      return in_.read_null();
    }
    return read(value.emplace());
  }

  template <typename Vector>
  bool read_vector(Vector& value) {
    if (!expect(kind::array, "an array")) {
      return false;
    }
    value.clear();
    in_.begin_array();
    while (in_.next_element()) {
      typename Vector::value_type item{};
      if (!read(item)) {
        return at(std::to_string(value.size()));
      }
      value.push_back(std::move(item));
    }
    return !in_.failed();
  }

  template <typename Map>
  bool read_map(Map& value) {
    if (!expect(kind::object, "an object")) {
      return false;
    }
    value.clear();
    in_.begin_object();
    std::string_view key;
    while (in_.next_member(key)) {
      const auto [place, is_new] = value.try_emplace(std::string(key));
      if (!is_new) {
        return refuse("the key '" + std::string(key) + "' appears twice");
      }
      if (!read(place->second)) {
        return at(key);
      }
    }
    return !in_.failed();
  }

  template <typename Struct>
  bool read_struct(Struct& value) {
    if (!expect(kind::object, "an object")) {
      return false;
    }
    std::array<bool, bp::detail::count_fields<Struct>()> seen{};
    in_.begin_object();
    std::string_view key;
    while (in_.next_member(key)) {
      bool known = false;
      std::size_t index = 0;
      if (!read_member(value, key, seen.data(), index, known)) {
        return at(key);
      }
      if (!known && !skip_unknown<Struct>(key)) {
        return at(key);
      }
    }
    std::size_t index = 0;
    return !in_.failed() && complete<Struct>(seen.data(), index);
  }

  /// Reads the member called `key`, if it is one of `value` or of its flattened parts.
  template <typename Struct>
  bool read_member(Struct& value, std::string_view key, bool* seen, std::size_t& index,
                   bool& known) {
    bool good = true;
    bp::detail::for_each_field<Struct>([&](const auto& each) {
      using description = std::remove_cvref_t<decltype(each)>;
      if constexpr (description::is_flat) {
        good = good && read_member(value.*description::member, key, seen, index, known);
      } else {
        const std::size_t mine = index++;
        if (known || !good ||
            (key != each.name && (each.other_name.empty() || key != each.other_name))) {
          return;
        }
        known = true;
        if (std::exchange(seen[mine], true)) {
          good = refuse("the key appears twice");
        } else {
          good = read(value.*description::member);
        }
      }
    });
    return good;
  }

  template <typename Struct>
  bool skip_unknown(std::string_view key) {
    if (Struct::fields.takes_unknown) {
      std::string_view ignored;
      return in_.skip(ignored);
    }
    std::string known;
    list_names<Struct>(known);
    return refuse("unknown key '" + std::string(key) + "'; known are: " + known);
  }

  template <typename Struct>
  static void list_names(std::string& to) {
    bp::detail::for_each_field<Struct>([&to](const auto& each) {
      using description = std::remove_cvref_t<decltype(each)>;
      if constexpr (description::is_flat) {
        list_names<typename description::type>(to);
      } else {
        to += (to.empty() ? "" : ", ") + std::string(each.name);
      }
    });
  }

  template <typename Struct>
  bool complete(const bool* seen, std::size_t& index) {
    bool good = true;
    bp::detail::for_each_field<Struct>([&](const auto& each) {
      using description = std::remove_cvref_t<decltype(each)>;
      if constexpr (description::is_flat) {
        good = good && complete<typename description::type>(seen, index);
      } else {
        const bool here = seen[index++];
        if (good && !here && !each.may_be_absent &&
            !traits<typename description::type>::is_optional) {
          good = refuse("the required key '" + std::string(each.name) + "' is missing");
        }
      }
    });
    return good;
  }

  bool expect(kind wanted, std::string_view text) {
    const std::optional<kind> what = in_.peek();
    if (!what) {
      return false;
    }
    return *what == wanted ||
           refuse("expected " + std::string(text) + ", got " + std::string(name_of(*what)));
  }

  bool refuse(std::string problem) {
    if (problem_.empty()) {
      problem_ = std::move(problem);
    }
    return false;
  }

  /// On the way out of a failure: one step of the pointer.
  bool at(std::string_view step) {
    std::string escaped = "/";
    for (const char c : step) {
      escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    path_.insert(0, escaped);
    return false;
  }

  template <typename Number>
  static std::string range_of() {
    if constexpr (std::floating_point<Number>) {
      return "a number";
    } else {
      return "an integer between " + std::to_string(std::numeric_limits<Number>::min()) + " and " +
             std::to_string(std::numeric_limits<Number>::max());
    }
  }

  reader in_;
  std::string path_;
  std::string problem_;
};

}  // namespace detail

/// A value with the strings it had to unescape. Its other views live as long as the text it was
/// read from.
template <typename Type>
class bound {
 public:
  [[nodiscard]] const Type& operator*() const noexcept { return value_; }

  [[nodiscard]] Type& operator*() noexcept { return value_; }

  [[nodiscard]] const Type* operator->() const noexcept { return &value_; }

  [[nodiscard]] Type* operator->() noexcept { return &value_; }

 private:
  template <typename Other>
  friend result<bound<Other>> read(std::string_view text);

  text_store store_;
  Type value_{};
};

/// Reads one value. string_view and raw members borrow from `text`.
template <typename Type>
[[nodiscard]] result<bound<Type>> read(std::string_view text) {
  bound<Type> into;
  detail::binder from(text, into.store_);
  if (!from.read_all(into.value_)) {
    return std::unexpected(from.why());
  }
  return into;
}

}  // namespace bp::json
