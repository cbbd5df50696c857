// host/manifest/wire_keys.cpp - the keys of wires[] and the syntax of their steps.
#include <algorithm>
#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "host/error/error.hpp"
#include "host/manifest/key_tables.hpp"

namespace host::manifest {

namespace {

constexpr std::string_view call_help = "<service>/<major>.<Method>: \"bp.crypto.aead/1.Encrypt\"";
constexpr std::size_t word_bytes_max = 128;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= word_bytes_max && is_letter(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

TextRule word_rule() {
  return {"a name: letters, digits and _, the first no digit", "^[A-Za-z_][A-Za-z0-9_]{0,127}$",
          is_word};
}

// Splits "bp.crypto.aead/1.Encrypt" into `step`; false when it is not of that form.
bool parse_call(std::string_view text, Step& step) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || !channel_rule().accepts(text.substr(0, slash))) {
    return false;
  }
  const std::string_view rest = text.substr(slash + 1);
  const char* end = rest.data() + rest.size();
  const auto [dot, code] = std::from_chars(rest.data(), end, step.major);
  if (code != std::errc() || dot == end || *dot != '.') {
    return false;
  }
  step.service = text.substr(0, slash);
  step.method = std::string(dot + 1, end);
  return is_word(step.method);
}

std::string call_text(const Step& step) {
  return fmt::format("{}/{}.{}", step.service, step.major, step.method);
}

// "/ptr" into the message, "$out/ptr" into the reply of the step named `out`.
bool parse_source(std::string_view text, Source& source) {
  if (!text.starts_with('$')) {
    source.kind = SourceKind::Message;
    source.pointer = text;
    return is_pointer(text);
  }
  const std::size_t end = std::min(text.find('/'), text.size());
  source.kind = SourceKind::Step;
  source.step = text.substr(1, end - 1);
  source.pointer = text.substr(end);
  return is_word(source.step) && is_pointer(source.pointer);
}

std::optional<Source> read_source(Binder& binder, const Node& node) {
  Source source;
  if (node.is(Kind::String)) {
    if (parse_source(node.text, source)) {
      return source;
    }
    binder.problem(node,
                   fmt::format("{} is neither a JSON pointer into the message (\"/data\") nor "
                               "one into an earlier step's output (\"$sealed/bytes\")",
                               error::json_quoted(node.text)));
    return std::nullopt;
  }
  if (node.is(Kind::Object) && node.children.size() == 1 && node.children[0].key == "value") {
    source.kind = SourceKind::Literal;
    source.literal = node.children[0];
    source.literal.key.clear();
    return source;
  }
  binder.problem(node,
                 "a source is a text or a literal: \"/pointer\", \"$out/pointer\" or "
                 "{\"value\": ...}");
  return std::nullopt;
}

Node print_source(const Source& source) {
  if (source.kind == SourceKind::Literal) {
    Node node = json_object();
    node.set("value", source.literal);
    return node;
  }
  const std::string step = source.kind == SourceKind::Step ? '$' + source.step : std::string();
  return json_string(step + source.pointer);
}

Codec<std::vector<Mapping>> mapping() {
  return {
      .read = [](Binder& binder, const Node& node) -> std::optional<std::vector<Mapping>> {
        if (!binder.expect(node, Kind::Object) || !detail::count_is_sound(binder, node)) {
          return std::nullopt;
        }
        std::vector<Mapping> map;
        for (const Node& member : node.children) {
          if (!is_word(member.key)) {
            binder.problem_at_key(member, fmt::format("{} is not a field of a request",
                                                      error::json_quoted(member.key)));
          }
          if (std::optional<Source> source = read_source(binder, member)) {
            map.push_back({member.key, std::move(*source)});
          }
        }
        return map;
      },
      .print =
          [](const std::vector<Mapping>& map) {
            Node node = json_object();
            for (const Mapping& each : map) {
              node.set(each.field, print_source(each.source));
            }
            return node;
          },
      .schema =
          json_literal(R"({"type":"object","additionalProperties":{"anyOf":[)"
                       R"({"type":"string","pattern":"^(/.*|\\$[A-Za-z_][A-Za-z0-9_]*(/.*)?)?$"},)"
                       R"({"type":"object","properties":{"value":{}},"required":["value"],)"
                       R"("additionalProperties":false}]}})"),
  };
}

Key<Step> call_key() {
  Key<Step> row;
  row.name = "call";
  row.required = true;
  row.schema =
      json_literal(R"({"type":"string",)"
                   R"("pattern":"^[A-Za-z0-9][A-Za-z0-9._-]*/[0-9]+\\.[A-Za-z_][A-Za-z0-9_]*$",)"
                   R"("description":"<service>/<major>.<Method>"})");
  row.read = [](Binder& binder, const Node& node, Step& step) {
    if (binder.expect(node, Kind::String) && !parse_call(node.text, step)) {
      binder.problem(node, fmt::format("{} is not a call; write {}", error::json_quoted(node.text),
                                       call_help));
    }
  };
  row.print = [](const Step& step) { return std::optional(json_string(call_text(step))); };
  return row;
}

Keys<Step> step_keys() {
  Key<Step> out = key("out", &Step::out, text(word_rule()),
                      "name for the reply, for later steps: \"$name/pointer\"");
  out.print = [](const Step& step) {
    return step.out.empty() ? std::nullopt : std::optional(json_string(step.out));
  };
  return {
      call_key(),
      key("map", &Step::map, mapping(), "field of the request -> where it comes from"),
      std::move(out),
  };
}

// Every "$name" must be the `out` of a step before; every `out` is given once.
void check_outputs(Binder& binder, const Node& steps) {
  std::vector<std::string> known;
  for (const Node& step : steps.children) {
    if (const Node* map = step.find("map"); map != nullptr && map->is(Kind::Object)) {
      for (const Node& member : map->children) {
        Source source;
        const bool step_output = member.is(Kind::String) && parse_source(member.text, source) &&
                                 source.kind == SourceKind::Step;
        if (step_output && std::ranges::find(known, source.step) == known.end()) {
          binder.problem(member, fmt::format("no step before this one has \"out\": \"{}\"{}",
                                             source.step, did_you_mean(source.step, known)));
        }
      }
    }
    const Node* out = step.find("out");
    if (out == nullptr || !out->is(Kind::String)) {
      continue;
    }
    if (std::ranges::find(known, out->text) != known.end()) {
      binder.problem(*out, fmt::format("\"{}\" is the output of an earlier step already; choose "
                                       "another name",
                                       out->text));
    }
    known.push_back(out->text);
  }
}

Codec<std::vector<Step>> steps() {
  Codec<std::vector<Step>> codec = list(object(step_keys()));
  codec.schema.set("minItems", json_unsigned(1));
  codec.schema.set("maxItems", json_unsigned(wire_steps_max));
  codec.read = [read = std::move(codec.read)](
                   Binder& binder, const Node& node) -> std::optional<std::vector<Step>> {
    if (!binder.expect(node, Kind::Array)) {
      return std::nullopt;
    }
    if (node.children.empty() || node.children.size() > wire_steps_max) {
      binder.problem(
          node, fmt::format("{} steps; a wire has 1 to {}", node.children.size(), wire_steps_max));
      return std::nullopt;
    }
    check_outputs(binder, node);
    return read(binder, node);
  };
  return codec;
}

}  // namespace

Keys<Wire> wire_keys() {
  return {
      required(key("from", &Wire::from, text(channel_rule()), "channel whose messages it takes")),
      required(key("steps", &Wire::steps, steps(), "service methods, called one after the other")),
  };
}

}  // namespace host::manifest
