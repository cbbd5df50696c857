// host/cli/migration_text.cpp - tables of versions and moves.
#include "host/cli/migration_text.hpp"

#include <cstdlib>

#include <fmt/format.h>
#include <rapidjson/document.h>

#include "host/admin/time_text.hpp"

namespace host::cli {

namespace {

using Value = rapidjson::Value;

std::string text_of(const Value& in, const char* key) {
  if (!in.IsObject() || !in.HasMember(key)) {
    return "";
  }
  const Value& value = in[key];
  // Whole numbers of 64 bits come as text where they do not fit a double.
  return value.IsString() ? value.GetString()
                          : (value.IsInt64() ? std::to_string(value.GetInt64()) : "");
}

std::int64_t number_of(const Value& in, const char* key) {
  return std::strtoll(text_of(in, key).c_str(), nullptr, 10);
}

bool flag_of(const Value& in, const char* key) {
  return in.IsObject() && in.HasMember(key) && in[key].IsBool() && in[key].GetBool();
}

error::Result<rapidjson::Document> read(std::string_view reply, const char* list) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(reply.data(), reply.size());
  if (document.HasParseError() || !document.IsObject() || !document.HasMember(list) ||
      !document[list].IsArray()) {
    return error::fail(
        BP_E_UNKNOWN, "the answer has no list of " + std::string(list) + ": " + std::string(reply));
  }
  return document;
}

}  // namespace

error::Result<MigrationText> status_text(std::string_view reply) {
  const auto document = read(reply, "components");
  if (!document) {
    return std::unexpected(document.error());
  }
  MigrationText out;
  out.text = fmt::format("{:<12} {:>7}  {:<28} {:<8} {:<16}  {}\n", "COMPONENT", "VERSION", "NAME",
                         "STATE", "CHECKSUM", "APPLIED");
  for (const Value& component : (*document)["components"].GetArray()) {
    if (!component.IsObject() || !component.HasMember("steps") || !component["steps"].IsArray()) {
      continue;
    }
    for (const Value& step : component["steps"].GetArray()) {
      const bool applied = flag_of(step, "applied");
      out.pending = out.pending || !applied;
      out.text += fmt::format("{:<12} {:>7}  {:<28} {:<8} {:<16}  {}\n", text_of(component, "name"),
                              text_of(step, "version"), text_of(step, "name"),
                              applied ? "applied" : "pending", text_of(step, "checksum"),
                              applied ? admin::time_text(number_of(step, "applied_ms")) : "-");
    }
  }
  return out;
}

error::Result<std::string> moves_text(std::string_view reply, bool dry_run) {
  const auto document = read(reply, "moves");
  if (!document) {
    return std::unexpected(document.error());
  }
  std::string text;
  for (const Value& move : (*document)["moves"].GetArray()) {
    const std::string loses = text_of(move, "loses");
    text += fmt::format("{}{} {} {} ({}){}{}\n", dry_run ? "would go " : "",
                        flag_of(move, "up") ? "up" : "down", text_of(move, "component"),
                        text_of(move, "version"), text_of(move, "name"),
                        loses.empty() ? ""
                        : dry_run     ? "; would lose: "
                                      : "; lost: ",
                        loses);
  }
  return text.empty() ? "nothing to do\n" : text;
}

}  // namespace host::cli
