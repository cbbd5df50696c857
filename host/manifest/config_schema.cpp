// host/manifest/config_schema.cpp - valijson's verdicts, told in our words. Its only user.
#include "host/manifest/config_schema.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

// valijson needs exceptions and then makes RapidJSON's assertions throw. An inline namespace keeps
// these instances of RapidJSON apart from those of other files, which assert differently.
#define VALIJSON_USE_EXCEPTIONS 1
#define RAPIDJSON_NAMESPACE rapidjson
#define RAPIDJSON_NAMESPACE_BEGIN \
  namespace rapidjson {           \
  inline namespace valijson_checked {
#define RAPIDJSON_NAMESPACE_END \
  }                             \
  }
#if defined(__GNUC__) && !defined(__clang__)
// With sanitizers, g++ 12 sees an uninitialized std::function inside libstdc++'s <regex>.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <valijson/adapters/rapidjson_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include "host/manifest/pattern_reach.hpp"
#include "host/manifest/schema_walk.hpp"
#include "host/manifest/suggest.hpp"
#include "host/manifest/text_format.hpp"
#include "host/name/nearest.hpp"

namespace host::manifest {

namespace {

using Adapter = valijson::adapters::RapidJsonAdapter;
using Verdict = valijson::ValidationResults::Error;

constexpr std::size_t meaning_bytes_max = 200;  // of a description that a finding repeats

rapidjson::Document document(const Node& node) {
  rapidjson::Document parsed;
  parsed.Parse<rapidjson::kParseIterativeFlag>(compact(node).c_str());
  return parsed;
}

// valijson's context: "<root>", "[server]", "[0]".
std::string pointer_of(const std::vector<std::string>& context) {
  std::string pointer;
  for (std::size_t i = 1; i < context.size(); ++i) {
    const std::string_view step = context[i];
    pointer += '/' + pointer_token(step.substr(1, step.size() - 2));
  }
  return pointer;
}

// Between the last two quotes: "... property name 'port'."
std::string quoted_in(const std::string& description) {
  const std::size_t last = description.rfind('\'');
  const std::size_t first = last == std::string::npos ? last : description.rfind('\'', last - 1);
  return first == std::string::npos ? std::string()
                                    : description.substr(first + 1, last - first - 1);
}

// At most `bytes_max`, without half a character.
std::size_t prefix_of_characters(std::string_view text, std::size_t bytes_max) {
  std::size_t size = std::min(text.size(), bytes_max);
  while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) >> 6U) == 2U) {
    --size;
  }
  return size;
}

// Says only that something inside is wrong.
bool is_wrapper(const Verdict& verdict) {
  return verdict.description.starts_with("Failed to validate");
}

error::Result<std::vector<Verdict>> ask_valijson(const Node& schema, const Node& config) {
  try {
    const rapidjson::Document schema_document = document(schema);
    const rapidjson::Document config_document = document(config);
    valijson::Schema rules;
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(Adapter(schema_document), rules);
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    const Adapter target(config_document);
    std::vector<Verdict> verdicts;
    if (!validator.validate(rules, target, &results)) {
      verdicts.assign(results.begin(), results.end());
      if (verdicts.empty()) {
        verdicts.push_back({{"<root>"}, "Failed to validate"});
      }
    }
    return verdicts;
  } catch (const std::exception& failure) {
    return error::fail(BP_E_SCHEMA, fmt::format("the schema cannot be used: {}", failure.what()));
  }
}

class Storyteller {
 public:
  Storyteller(const Node& schema, const Node& config) : schema_(schema), config_(config) {}

  std::vector<ConfigFinding> tell(const std::vector<Verdict>& verdicts) {
    [[maybe_unused]] const bool named = tell_names("");
    for (std::size_t i = 0; i < verdicts.size() && findings_.size() < config_findings_max; ++i) {
      const Verdict& verdict = verdicts[i];
      if (!is_wrapper(verdict)) {
        explain(verdict);
      } else {
        const std::string place = blamed(verdict);
        const bool told = tell_names(place);
        if (!told && !has_detail(verdicts, i, place)) {
          add(place, "is not allowed here");
        }
      }
    }
    return std::move(findings_);
  }

 private:
  // Has a verdict before this one said what is wrong at or below `place`? valijson tells the
  // innermost first.
  static bool has_detail(const std::vector<Verdict>& verdicts, std::size_t index,
                         const std::string& place) {
    return std::any_of(verdicts.begin(), verdicts.begin() + static_cast<std::ptrdiff_t>(index),
                       [&](const Verdict& other) {
                         const std::string at = pointer_of(other.context);
                         return at == place || at.starts_with(place + '/');
                       });
  }

  // The value that a wrapper blames: a member or item it names, or its own place.
  [[nodiscard]] std::string blamed(const Verdict& verdict) const {
    const std::string pointer = pointer_of(verdict.context);
    std::string name = pointer_token(quoted_in(verdict.description));
    if (verdict.description.ends_with(" in array.")) {
      const std::size_t number = verdict.description.find('#') + 1;
      name = verdict.description.substr(number, verdict.description.find(' ', number) - number);
    }
    const std::string member = pointer + '/' + name;
    return config_.resolve(member) != nullptr ? member : pointer;
  }

  void add(std::string pointer, std::string message) {
    ConfigFinding finding{std::move(pointer), std::move(message)};
    if (std::ranges::find(findings_, finding) == findings_.end()) {
      findings_.push_back(std::move(finding));
    }
  }

  // valijson does not say which name of an object breaks `propertyNames`. Was there one?
  bool tell_names(const std::string& pointer) {
    const Schemas schemas = schemas_at(schema_, config_, pointer);
    const Node* object = config_.resolve(pointer);
    const Node* rules = keyword(schemas, "propertyNames");
    if (rules == nullptr || object == nullptr || !object->is(Kind::Object)) {
      return false;
    }
    bool told = false;
    for (const Node& member : object->children) {
      const Node name = json_string(member.key);
      const error::Result<std::vector<Verdict>> verdicts = ask_valijson(*rules, name);
      if (!verdicts || verdicts->empty()) {
        continue;
      }
      for (const ConfigFinding& finding : Storyteller(*rules, name).tell(*verdicts)) {
        add(pointer + '/' + pointer_token(member.key), "the name " + finding.message);
        told = true;
      }
    }
    return told;
  }

  void explain(const Verdict& verdict) {
    const std::string pointer = pointer_of(verdict.context);
    const Schemas schemas = schemas_at(schema_, config_, pointer);
    const std::string& said = verdict.description;
    if (said.starts_with("Object contains a property")) {
      unknown_members(pointer, schemas, quoted_in(said));
    } else if (said.starts_with("Missing required property")) {
      add(pointer, "the key \"" + quoted_in(said) + "\" is missing");
    } else if (std::optional<std::string> better = from_schema(said, schemas, pointer)) {
      add(pointer, std::move(*better));
    } else {
      add(pointer, said);
    }
  }

  // The first schema that has the keyword.
  static const Node* holder(const Schemas& schemas, std::string_view name) {
    const auto found = std::ranges::find_if(
        schemas, [&](const Node* schema) { return schema->find(name) != nullptr; });
    return found == schemas.end() ? nullptr : *found;
  }

  static const Node* keyword(const Schemas& schemas, std::string_view name) {
    const Node* schema = holder(schemas, name);
    return schema == nullptr ? nullptr : schema->find(name);
  }

  // A pattern tells a user little; what its schema says about the value tells more.
  static std::string meaning(const Node& schema) {
    if (const Node* told = schema.find("description"); told != nullptr && !told->text.empty()) {
      const std::string_view text = told->text;
      std::string_view first = text.substr(0, text.find(". "));
      if (first.ends_with('.')) {
        first.remove_suffix(1);
      }
      const std::size_t size = prefix_of_characters(first, meaning_bytes_max);
      return fmt::format("; it is: {}{}", first.substr(0, size), size < first.size() ? "..." : "");
    }
    const Node* examples = schema.find("examples");
    return examples == nullptr || examples->children.empty()
               ? std::string()
               : "; for example " + compact(examples->children.front());
  }

  // valijson says what kind of rule was broken; the schema says the rule itself.
  [[nodiscard]] std::optional<std::string> from_schema(const std::string& said,
                                                       const Schemas& schemas,
                                                       const std::string& pointer) const {
    struct Row {
      std::string_view said;
      std::string_view keyword;
      std::string_view message;
    };

    static constexpr Row rows[] = {
        {"Value type not permitted", "type", "{} is expected here"},
        {"Failed to match against any enum", "enum", "must be one of {}"},
        {"Failed to match expected value", "const", "must be {}"},
        {"Expected number less than or equal", "maximum", "must be at most {}"},
        {"Expected number greater than or equal", "minimum", "must be at least {}"},
        {"Expected number less than", "exclusiveMaximum", "must be less than {}"},
        {"Expected number greater than", "exclusiveMinimum", "must be greater than {}"},
        {"Failed to match regex", "pattern", "does not match the pattern {}"},
        {"String should be no more", "maxLength", "must have at most {} characters"},
        {"String should be no fewer", "minLength", "must have at least {} characters"},
        {"Array should contain no more", "maxItems", "must have at most {} items"},
        {"Array should contain no fewer", "minItems", "must have at least {} items"},
        {"String should be a valid", "format", "must be a text of the format {}"},
        {"Target should not validate", "not", "is not allowed here"},
    };
    for (const Row& row : rows) {
      const Node* schema = said.starts_with(row.said) ? holder(schemas, row.keyword) : nullptr;
      if (schema != nullptr) {
        const Node& rule = *schema->find(row.keyword);
        return fmt::format(fmt::runtime(row.message), rule_text(rule)) +
               hint(row.keyword, *schema, pointer);
      }
    }
    return std::nullopt;
  }

  static std::string rule_text(const Node& rule) {
    if (!rule.is(Kind::Array)) {
      return compact(rule);
    }
    std::vector<std::string> items;
    for (const Node& item : rule.children) {
      items.push_back(compact(item));
    }
    return fmt::format("{}", fmt::join(items, ", "));
  }

  [[nodiscard]] std::string hint(std::string_view keyword, const Node& schema,
                                 const std::string& pointer) const {
    const Node& rule = *schema.find(keyword);
    if (keyword == "pattern") {
      return meaning(schema);
    }
    if (keyword == "not") {
      const Node* why = rule.find("description");
      return why == nullptr ? std::string() : ": " + why->text;
    }
    const Node* value = config_.resolve(pointer);
    if (value == nullptr) {
      return {};
    }
    if (keyword == "type") {
      return fmt::format(", not {}", kind_name(value->kind));
    }
    if (keyword != "enum" || !value->is(Kind::String)) {
      return {};
    }
    std::vector<std::string> words;
    for (const Node& word : rule.children) {
      words.push_back(word.text);
    }
    const std::string meant = name::nearest(value->text, words);
    return meant.empty() ? std::string() : "; did you mean \"" + meant + "\"?";
  }

  // valijson names only the first unknown member of an object; we name them all.
  void unknown_members(const std::string& pointer, const Schemas& schemas,
                       const std::string& named) {
    std::vector<std::string> known;
    for (const Node* schema : schemas) {
      if (const Node* properties = schema->find("properties"); properties != nullptr) {
        for (const Node& property : properties->children) {
          known.push_back(property.key);
        }
      }
    }
    const Node* object = config_.resolve(pointer);
    for (const Node& member : object == nullptr ? std::vector<Node>{} : object->children) {
      const bool unknown = std::ranges::find(known, member.key) == known.end();
      if (member.key == named || (unknown && keyword(schemas, "patternProperties") == nullptr)) {
        add(pointer + '/' + pointer_token(member.key),
            "unknown key \"" + member.key + '"' + did_you_mean(member.key, known));
      }
    }
  }

  const Node& schema_;
  const Node& config_;
  std::vector<ConfigFinding> findings_;
};

}  // namespace

error::Result<std::vector<ConfigFinding>> validate_config(std::string_view schema,
                                                          std::string_view config) {
  const error::Result<Node> rules = read_schema(schema);
  if (!rules) {
    return std::unexpected(rules.error());
  }
  const JsonReading reading = read_json(config, "config");
  std::vector<ConfigFinding> findings;
  for (const Problem& problem : reading.problems) {
    findings.push_back({problem.pointer, problem.message});
  }
  if (!reading.root) {
    return findings;
  }
  for (std::string& pointer :
       too_long_for_patterns(*rules, *reading.root, pattern_input_bytes_max)) {
    findings.push_back({std::move(pointer), fmt::format("longer than {} bytes, too long to be "
                                                        "compared with a pattern",
                                                        pattern_input_bytes_max)});
  }
  if (!findings.empty()) {
    return findings;
  }
  const error::Result<std::vector<Verdict>> verdicts = ask_valijson(*rules, *reading.root);
  if (!verdicts) {
    return std::unexpected(verdicts.error());
  }
  findings = Storyteller(*rules, *reading.root).tell(*verdicts);
  check_formats(*rules, *reading.root, findings);
  return findings;
}

}  // namespace host::manifest
