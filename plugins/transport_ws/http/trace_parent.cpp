// plugins/transport_ws/http/trace_parent.cpp - "00-<trace-id>-<parent-id>-<flags>", in lower-case
// hexadecimal digits.
#include "http/trace_parent.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include "json/hex.hpp"

namespace transport_ws::http {

namespace {

constexpr std::size_t trace_id_bytes = 16;
constexpr std::size_t trace_id_at = 3;
constexpr std::size_t parent_id_at = 36;
constexpr std::size_t flags_at = 53;
constexpr std::size_t field_bytes = 55;  // of version 00; later ones may only append "-..."
constexpr std::uint8_t flag_sampled = 1;
constexpr std::uint8_t version_invalid = 0xFF;

bool has_capitals(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool all_zero(std::span<const std::uint8_t> bytes) noexcept {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

bool has_shape(std::string_view text, std::uint8_t version) noexcept {
  const bool long_enough = text.size() == field_bytes ||
                           (version != 0 && text.size() > field_bytes && text[field_bytes] == '-');
  return long_enough && text[trace_id_at - 1] == '-' && text[parent_id_at - 1] == '-' &&
         text[flags_at - 1] == '-';
}

}  // namespace

std::optional<bp::trace_context> trace_parent_of(const Request& request) {
  const auto all = request.all("traceparent");
  if (all.size() != 1 || all.front().size() < field_bytes) {
    return std::nullopt;
  }
  const std::string_view text = all.front();
  std::uint8_t version = 0;
  std::uint8_t flags = 0;
  bp::trace_context context{};
  const std::span<std::uint8_t> trace_id(context.data(), trace_id_bytes);
  const std::span<std::uint8_t> parent_id = std::span(context).subspan(trace_id_bytes);
  const bool read = !has_capitals(text.substr(0, field_bytes)) &&
                    json::read_hex(text, {&version, 1}) && version != version_invalid &&
                    has_shape(text, version) &&
                    json::read_hex(text.substr(trace_id_at), trace_id) &&
                    json::read_hex(text.substr(parent_id_at), parent_id) &&
                    json::read_hex(text.substr(flags_at), {&flags, 1});
  if (!read || all_zero(trace_id) || all_zero(parent_id) || (flags & flag_sampled) == 0) {
    return std::nullopt;
  }
  return context;
}

}  // namespace transport_ws::http
