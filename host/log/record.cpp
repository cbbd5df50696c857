// host/log/record.cpp - writes a record as one JSON object or as one line for people.
#include "host/log/record.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace host::log {

namespace {

constexpr std::array<std::string_view, 9> fixed_keys{
    "time", "level", "plugin", "message", "trace_id", "span_id", "thread", "source", "repeated"};
constexpr std::string_view ellipsis = "\xE2\x80\xA6";
constexpr std::size_t name_columns = 12;

void append_time(std::string& out, const Record& record, int fraction_digits) {
  using namespace std::chrono;
  const auto day = floor<days>(record.time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(record.time - day));
  auto fraction = (record.time - floor<seconds>(record.time)).count();
  for (int digits = 9; digits > fraction_digits; --digits) {
    fraction /= 10;
  }
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:0{}}Z",
                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                 clock.seconds().count(), fraction, fraction_digits);
}

void append_number(std::string& out, double number) {
  // JSON has no NaN and no infinity.
  if (std::isfinite(number)) {
    fmt::format_to(std::back_inserter(out), "{}", number);
  } else {
    const std::string_view infinity = number > 0 ? R"("+Inf")" : R"("-Inf")";
    out += std::isnan(number) ? R"("NaN")" : infinity;
  }
}

void append_json_value(std::string& out, const OwnedValue& value) {
  std::visit(
      [&out]<typename Kind>(const Kind& held) {
        if constexpr (std::same_as<Kind, std::string>) {
          out += error::json_quoted(held);
        } else if constexpr (std::same_as<Kind, double>) {
          append_number(out, held);
        } else if constexpr (std::same_as<Kind, bool>) {
          out += held ? "true" : "false";
        } else {
          out += std::to_string(held);
        }
      },
      value);
}

void append_member(std::string& out, std::string_view key, std::string_view text) {
  out += ",\"";
  out += key;
  out += "\":";
  out += error::json_quoted(text);
}

std::string unique_key(std::string_view wanted, std::vector<std::string>& used) {
  // Compared as written: two keys of broken UTF-8 may be equal once they are repaired.
  std::string key = error::json_quoted(wanted);
  while (std::ranges::find(fixed_keys, std::string_view(key).substr(1, key.size() - 2)) !=
             fixed_keys.end() ||
         std::ranges::find(used, key) != used.end() || key == "\"\"") {
    key.insert(key.size() - 1, "_");
  }
  used.push_back(key);
  return key;
}

// Characters that would move the cursor or colour the terminal of whoever reads the log.
std::string printable(std::string_view text) {
  const std::string quoted = error::json_quoted(text);
  std::string out;
  out.reserve(quoted.size());
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    const char c = quoted[i];
    const auto next = static_cast<unsigned char>(quoted[i + 1]);
    if (c == '\\' && (next == '"' || next == '\\')) {
      out += quoted[++i];
    } else if (c == '\x7F') {
      out += "\\u007f";
    } else if (c == '\xC2' && next >= 0x80U && next <= 0x9FU) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(next));
      ++i;
    } else {
      out += c;
    }
  }
  return out;
}

std::string text_value(const OwnedValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) {
    std::string out;
    append_json_value(out, value);
    return out;
  }
  const bool plain = !text->empty() && text->find_first_of(" =\"\t") == std::string::npos;
  return plain ? printable(*text) : '"' + printable(*text) + '"';
}

std::string_view level_colour(Level level) noexcept {
  switch (level) {
    case Level::Error:
      return "\x1B[31m";
    case Level::Warn:
      return "\x1B[33m";
    case Level::Info:
      return "\x1B[32m";
    default:
      return "\x1B[2m";
  }
}

void append_pair(std::string& out, std::string_view key, std::string_view value, bool colour) {
  out += colour ? " \x1B[2m" : " ";
  out += key;
  out += '=';
  out += colour ? "\x1B[0m" : "";
  out += value;
}

}  // namespace

std::size_t Record::bytes() const noexcept {
  std::size_t total = sizeof(Record) + name.size() + message.size() + thread.size() + source.size();
  for (const auto& [key, value] : fields) {
    const auto* text = std::get_if<std::string>(&value);
    total += sizeof(OwnedField) + key.size() + (text == nullptr ? 0 : text->size());
  }
  return total;
}

std::string cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) {
    return std::string(text);
  }
  std::size_t end = bytes_max - std::min(bytes_max, ellipsis.size());
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return std::string(text.substr(0, end)) + std::string(ellipsis);
}

OwnedField own(const Field& field) {
  OwnedValue value = std::visit(
      []<typename Kind>(const Kind& held) -> OwnedValue {
        if constexpr (std::same_as<Kind, std::string_view>) {
          return cut(held, text_bytes_max);
        } else {
          return held;
        }
      },
      field.value.get());
  return {cut(field.key, key_bytes_max), std::move(value)};
}

std::string hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    fmt::format_to(std::back_inserter(out), "{:02x}",
                   static_cast<unsigned>(static_cast<unsigned char>(byte)));
  }
  return out;
}

std::string trace_id_text(const TraceContext& trace) {
  return hex({reinterpret_cast<const char*>(trace.trace_id.data()), trace.trace_id.size()});
}

std::string span_id_text(const TraceContext& trace) {
  return hex({reinterpret_cast<const char*>(trace.span_id.data()), trace.span_id.size()});
}

std::string source_text(std::string_view path, std::uint32_t line) {
  // The checkout may lie anywhere; readers want the path inside the tree.
  if (const std::size_t tree = path.rfind("/host/"); tree != std::string_view::npos) {
    path.remove_prefix(tree + 1);
  } else if (const std::size_t slash = path.rfind('/');
             slash != std::string_view::npos && !path.starts_with("host/")) {
    path.remove_prefix(slash + 1);
  }
  return fmt::format("{}:{}", path, line);
}

void append_json(std::string& out, const Record& record) {
  out += R"({"time":")";
  append_time(out, record, 9);
  out += '"';
  append_member(out, "level", level_name(record.level));
  append_member(out, "plugin", record.name);
  append_member(out, "message", record.message);
  if (record.trace.present()) {
    append_member(out, "trace_id", trace_id_text(record.trace));
    append_member(out, "span_id", span_id_text(record.trace));
  }
  append_member(out, "thread", record.thread);
  if (!record.source.empty()) {
    append_member(out, "source", record.source);
  }
  if (record.repeated > 0) {
    fmt::format_to(std::back_inserter(out), R"(,"repeated":{})", record.repeated);
  }
  std::vector<std::string> used;
  used.reserve(record.fields.size());
  for (const auto& [key, value] : record.fields) {
    out += ',';
    out += unique_key(key, used);
    out += ':';
    append_json_value(out, value);
  }
  out += "}\n";
}

void append_text(std::string& out, const Record& record, bool colour) {
  append_time(out, record, 3);
  const std::string_view start = colour ? level_colour(record.level) : "";
  const std::string_view stop = colour ? "\x1B[0m" : "";
  fmt::format_to(std::back_inserter(out), " {}{:<5}{} {:<{}} {}", start, level_name(record.level),
                 stop, printable(record.name), name_columns, printable(record.message));
  for (const auto& [key, value] : record.fields) {
    append_pair(out, printable(key), text_value(value), colour);
  }
  if (record.repeated > 0) {
    append_pair(out, "repeated", std::to_string(record.repeated), colour);
  }
  if (record.trace.present()) {
    append_pair(out, "trace_id", trace_id_text(record.trace), colour);
  }
  if (record.level <= Level::Debug && !record.source.empty()) {
    append_pair(out, "source", record.source, colour);
  }
  out += '\n';
}

}  // namespace host::log
