// host/error/error.cpp - the status table, texts, and the law's fixed error storage.
#include "host/error/error.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "backplane/cpp/utf8.hpp"

namespace host::error {

namespace {

constexpr std::array rows{
#define BP_STATUS(name, number, exit_code, http_status, sentence) \
  StatusRow{(number), #name, (exit_code), (http_status), (sentence)},
#include "backplane/abi/status.def"
#undef BP_STATUS
};

void append_escaped(std::string& out, std::string_view text, std::size_t& i) {
  const char c = text[i];
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default: {
      const std::size_t bytes = bp::utf8::sequence_length(text.substr(i));
      if (bytes == 0) {
        out += "\xEF\xBF\xBD";
      } else if (bytes == 1 && static_cast<unsigned char>(c) < 0x20U) {
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out.append(text, i, bytes);
        i += bytes - 1;
      }
    }
  }
  ++i;
}

}  // namespace

const StatusRow& status_row(bp_status code) noexcept {
  const auto* found = std::ranges::find(rows, code, &StatusRow::code);
  return found == rows.end() ? *std::ranges::find(rows, bp_status{BP_E_UNKNOWN}, &StatusRow::code)
                             : *found;
}

std::string status_name(bp_status code) {
  if (code <= BP_E_PLUGIN_FIRST) {
    return fmt::format("PLUGIN_{}", -static_cast<std::int64_t>(code));
  }
  std::string_view name = status_row(code).name;
  if (name.starts_with("E_")) {
    name.remove_prefix(2);
  }
  return std::string(name);
}

std::string Error::text() const {
  std::string line;
  for (auto link = chain_.rbegin(); link != chain_.rend(); ++link) {
    line += line.empty() ? "" : ": ";
    line += *link;
  }
  return line;
}

std::string Error::json() const {
  std::string out = R"({"code":)" + json_quoted(status_name(code_)) + R"(,"message":)" +
                    json_quoted(message()) + R"(,"context":[)";
  for (std::size_t i = 1; i < chain_.size(); ++i) {
    out += (i > 1 ? "," : "") + json_quoted(chain_[i]);
  }
  return out + "]}";
}

void Error::to_abi(bp_error* out) const noexcept {
  if (out == nullptr || out->struct_size < sizeof(bp_error)) {
    return;
  }
  out->code = code_;
  out->n_context = 0;
  std::uint32_t at = 0;
  for (std::size_t i = 0; i < chain_.size() && at + 1 < BP_ERROR_TEXT_BYTES; ++i) {
    const auto room = BP_ERROR_TEXT_BYTES - 1 - at;
    const auto bytes = static_cast<std::uint32_t>(std::min<std::size_t>(chain_[i].size(), room));
    std::memcpy(out->text + at, chain_[i].data(), bytes);
    at += bytes;
    out->text[at++] = '\0';
    out->n_context = static_cast<std::uint32_t>(i);
  }
  out->text_len = at;
}

Error Error::from_abi(bp_status code, const bp_error* error) {
  if (error == nullptr || error->struct_size < sizeof(bp_error) || error->text_len == 0) {
    return {code, std::string(status_row(code).sentence)};
  }
  const std::size_t used = std::min<std::size_t>(error->text_len, BP_ERROR_TEXT_BYTES);
  std::string_view rest(error->text, used);
  std::vector<std::string> links;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    links.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (links.front().empty()) {
    links.front() = status_row(code).sentence;  // the code says it all
  }
  Error result(code, std::move(links.front()));
  for (std::size_t i = 1; i < links.size(); ++i) {
    result.chain_.push_back(std::move(links[i]));
  }
  return result;
}

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    append_escaped(out, text, i);
  }
  return out + '"';
}

}  // namespace host::error
