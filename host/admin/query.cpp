// host/admin/query.cpp - nothing that a client wrote is passed over in silence.
#include "host/admin/query.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "backplane/abi/channel.h"

#include "host/name/nearest.hpp"

namespace host::admin {

namespace {

std::string shown(std::string_view text) {
  return std::string(text.substr(0, BP_NAME_BYTES_MAX));
}

std::string what_is_known(std::span<const Parameter> known) {
  if (known.empty()) {
    return "this request takes none";
  }
  std::string text;
  for (const Parameter& parameter : known) {
    text += fmt::format("{}'{}' ({})", text.empty() ? "" : ", ", parameter.name, parameter.takes);
  }
  return "there is " + text;
}

}  // namespace

error::Result<void> check_query(const Request& request, std::span<const Parameter> known) {
  for (const auto& [name, value] : request.query) {
    if (std::ranges::find(known, std::string_view(name), &Parameter::name) == known.end()) {
      std::vector<std::string> names;
      for (const Parameter& parameter : known) {
        names.emplace_back(parameter.name);
      }
      return error::fail(BP_E_INVALID,
                         fmt::format("no parameter '{}' (given as '{}'); {}{}", shown(name),
                                     shown(value), what_is_known(known), name::hint(name, names)));
    }
    if (request.query.count(name) > 1) {
      return error::fail(BP_E_INVALID,
                         fmt::format("the parameter '{}' is given more than once", name));
    }
  }
  return {};
}

error::Result<std::uint64_t> number_in(const Request& request, std::string_view name, Range range,
                                       std::uint64_t absent) {
  const auto given = request.query.find(name);
  if (given == request.query.end()) {
    return absent;
  }
  const std::string& text = given->second;
  std::uint64_t number = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (bad != std::errc{} || end != text.data() + text.size() || number < range.least ||
      number > range.most) {
    return error::fail(BP_E_INVALID,
                       fmt::format("the parameter '{}' is '{}'; it takes a whole number from {} to "
                                   "{}",
                                   name, shown(text), range.least, range.most));
  }
  return number;
}

error::Result<bool> flag_in(const Request& request, std::string_view name) {
  const auto given = request.query.find(name);
  if (given == request.query.end()) {
    return false;
  }
  if (given->second != "0" && given->second != "1") {
    return error::fail(BP_E_INVALID, fmt::format("the parameter '{}' is '{}'; it takes 0 or 1",
                                                 name, shown(given->second)));
  }
  return given->second == "1";
}

}  // namespace host::admin
