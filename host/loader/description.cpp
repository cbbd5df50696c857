// host/loader/description.cpp - binds the embedded manifest to values, and reports all its
// mistakes.
#include "host/loader/description.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "host/loader/json_fields.hpp"
#include "host/name/nearest.hpp"

namespace host::loader {

namespace {

using Need = Fields::Need;

constexpr std::array<std::string_view, 3> maturities{"stable", "beta", "experimental"};
constexpr std::array<std::string_view, 2> directions{"send", "receive"};
constexpr std::array<std::string_view, 2> channel_kinds{"queue", "broadcast"};
constexpr std::string_view name_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

bool is_name(std::string_view text) noexcept {
  return text.find_first_not_of(name_letters) == std::string_view::npos;
}

bool is_pattern(std::string_view text) noexcept {
  return std::ranges::all_of(
      text, [](char c) { return c == '*' || name_letters.find(c) != std::string_view::npos; });
}

// A name of [A-Za-z0-9._-]; what is wrong with it is reported.
std::string name_of(Fields& fields, std::string_view key, Need need) {
  std::string name = fields.text(key, need, description_name_bytes_max);
  if (!is_name(name)) {
    fields.report(key, fmt::format("'{}' has characters outside of [A-Za-z0-9._-]", name));
  }
  return name;
}

std::optional<std::uint16_t> small_number(std::string_view text) noexcept {
  std::uint16_t value = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc{} && stop == text.data() + text.size() ? std::optional(value)
                                                                     : std::nullopt;
}

MajorMinor major_minor_of(Fields& fields, std::string_view key) {
  const std::string text = fields.text(key, Need::Required, description_name_bytes_max);
  const std::string_view view(text);
  const std::size_t dot = view.find('.');
  if (dot != std::string_view::npos) {
    const auto major = small_number(view.substr(0, dot));
    const auto minor = small_number(view.substr(dot + 1));
    if (major && minor) {
      return {*major, *minor};
    }
  }
  if (!text.empty()) {
    fields.report(key, fmt::format("'{}' is not a version like \"1.0\"", text));
  }
  return {};
}

// "1.2.3", and whatever a pre-release or build part adds: the host compares these texts, no more.
void check_version(Fields& fields, std::string_view key, std::string_view text) {
  const std::string_view numbers = text.substr(0, text.find_first_of("-+"));
  const std::size_t first = numbers.find('.');
  const std::size_t second = first == std::string_view::npos ? first : numbers.find('.', first + 1);
  const bool good = second != std::string_view::npos && small_number(numbers.substr(0, first)) &&
                    small_number(numbers.substr(first + 1, second - first - 1)) &&
                    small_number(numbers.substr(second + 1));
  if (!good && !text.empty()) {
    fields.report(key, fmt::format("'{}' is not a version like \"1.0.0\"", text));
  }
}

std::optional<std::vector<std::byte>> unhex(std::string_view text) {
  if (text.size() % 2 != 0) {
    return std::nullopt;
  }
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned value = 0;
    const auto [stop, problem] = std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
    if (problem != std::errc{} || stop != text.data() + i + 2) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

class Binder {
 public:
  Description bind(const rapidjson::Value& top) {
    Fields fields(top, "", problems_);
    bind_head(fields);
    bind_schemas(fields);  // before channels and services, which refer to them
    bind_channels(fields);
    bind_services(fields);
    bind_capabilities(fields);
    out_.state_version = fields.number("state_version");
    fields.close();
    return std::move(out_);
  }

  [[nodiscard]] const Problems& problems() const noexcept { return problems_; }

 private:
  void bind_head(Fields& fields);
  void bind_schemas(Fields& fields);
  void bind_channels(Fields& fields);
  void bind_services(Fields& fields);
  void bind_capabilities(Fields& fields);

  void check_contract(Fields& fields, const std::string& contract) {
    if (!contract.empty() && !out_.schemas.contains(contract)) {
      fields.report("contract",
                    fmt::format("no schema '{}' is embedded{}", contract, known_schemas(contract)));
    }
  }

  // What the author may have meant; a file's name instead of its stem is the usual mistake.
  [[nodiscard]] std::string known_schemas(const std::string& wanted) const {
    if (out_.schemas.empty()) {
      return "; there is none in this file: build it with backplane_add_plugin()";
    }
    std::vector<std::string> names;
    for (const auto& [name, bytes] : out_.schemas) {
      names.push_back(name);
    }
    const std::string_view stem = std::string_view(wanted).substr(0, wanted.find('.'));
    return fmt::format("{}; embedded: {}", name::hint(stem, names), fmt::join(names, ", "));
  }

  Problems problems_{description_problems_max};
  Description out_;
};

void Binder::bind_head(Fields& fields) {
  out_.id = name_of(fields, "id", Need::Required);
  out_.version = fields.text("version", Need::Required, description_name_bytes_max);
  check_version(fields, "version", out_.version);
  out_.abi = major_minor_of(fields, "abi");
  out_.summary = fields.text("summary", Need::Optional, description_text_bytes_max);
  if (fields.member("status", Need::Optional) != nullptr) {
    out_.status = static_cast<Maturity>(fields.choice("status", Need::Optional, maturities));
  }
  out_.security_posture = name_of(fields, "security_posture", Need::Optional);
  if (const rapidjson::Value* config = fields.object("config")) {
    out_.config_schema = json_text(*config);
  }
}

void Binder::bind_schemas(Fields& fields) {
  const rapidjson::Value* schemas = fields.object("schemas");
  if (schemas == nullptr) {
    return;
  }
  for (const auto& member : schemas->GetObject()) {
    const std::string name(member.name.GetString(), member.name.GetStringLength());
    auto bytes =
        member.value.IsString()
            ? unhex(std::string_view(member.value.GetString(), member.value.GetStringLength()))
            : std::nullopt;
    if (!bytes || bytes->empty()) {
      problems_.add("/schemas/" + name, "must be a binary schema in hexadecimal digits");
      bytes.emplace();  // known by name, so that those who refer to it are not reported as well
    }
    out_.schemas.emplace(name, std::move(*bytes));
  }
}

void Binder::bind_channels(Fields& fields) {
  const rapidjson::Value* list = fields.array("channels", description_list_max);
  for (rapidjson::SizeType i = 0; list != nullptr && i < list->Size(); ++i) {
    Fields channel((*list)[i], fmt::format("/channels/{}", i), problems_);
    ChannelUse use;
    use.name = channel.text("name", Need::Required, description_name_bytes_max);
    if (!is_pattern(use.name)) {
      channel.report("name",
                     fmt::format("'{}' has characters outside of [A-Za-z0-9._-*]", use.name));
    }
    use.direction = static_cast<Direction>(channel.choice("direction", Need::Required, directions));
    use.kind = static_cast<ChannelKind>(channel.choice("kind", Need::Required, channel_kinds));
    use.type = name_of(channel, "type", Need::Required);
    use.contract = name_of(channel, "contract", Need::Optional);
    check_contract(channel, use.contract);
    const bool plain = use.type == "json" || use.type == "bytes" || use.type.empty();
    if (plain != use.contract.empty()) {
      channel.report("contract",
                     plain ? "belongs to types that are tables, not to json or bytes"
                           : fmt::format("is missing: which schema has the table '{}'?", use.type));
    }
    channel.close();
    out_.channels.push_back(std::move(use));
  }
}

void Binder::bind_services(Fields& fields) {
  const rapidjson::Value* value = fields.object("services");
  if (value == nullptr) {
    return;
  }
  Fields services(*value, "/services", problems_);
  const rapidjson::Value* provides = services.array("provides", description_list_max);
  for (rapidjson::SizeType i = 0; provides != nullptr && i < provides->Size(); ++i) {
    Fields item((*provides)[i], fmt::format("/services/provides/{}", i), problems_);
    ServiceProvided service;
    service.name = name_of(item, "name", Need::Required);
    service.version = major_minor_of(item, "version");
    service.contract = name_of(item, "contract", Need::Required);
    check_contract(item, service.contract);
    item.close();
    out_.provided.push_back(std::move(service));
  }
  const rapidjson::Value* needs = services.array("requires", description_list_max);
  for (rapidjson::SizeType i = 0; needs != nullptr && i < needs->Size(); ++i) {
    Fields item((*needs)[i], fmt::format("/services/requires/{}", i), problems_);
    ServiceRequired service;
    service.name = name_of(item, "name", Need::Required);
    service.version = major_minor_of(item, "version");
    service.optional = item.flag("optional");
    item.close();
    out_.required.push_back(std::move(service));
  }
  services.close();
}

void Binder::bind_capabilities(Fields& fields) {
  const rapidjson::Value* list = fields.array("capabilities", description_list_max);
  for (rapidjson::SizeType i = 0; list != nullptr && i < list->Size(); ++i) {
    const rapidjson::Value& item = (*list)[i];
    const std::string_view text = item.IsString()
                                      ? std::string_view(item.GetString(), item.GetStringLength())
                                      : std::string_view();
    // "channel.publish:ws.*": what, and for which names.
    const std::size_t colon = text.find(':');
    if (colon == 0 || colon == std::string_view::npos || colon + 1 == text.size()) {
      problems_.add(fmt::format("/capabilities/{}", i),
                    "must be a text like \"channel.publish:ws.*\"");
      continue;
    }
    out_.capabilities.emplace_back(text);
  }
}

}  // namespace

std::string_view maturity_name(Maturity maturity) noexcept {
  return maturities.at(static_cast<std::size_t>(maturity));
}

std::string_view direction_name(Direction direction) noexcept {
  return directions.at(static_cast<std::size_t>(direction));
}

std::string_view channel_kind_name(ChannelKind kind) noexcept {
  return channel_kinds.at(static_cast<std::size_t>(kind));
}

error::Result<Description> parse_description(std::string_view json) {
  const auto document = parse_json(json, description_depth_max);
  if (!document) {
    return std::unexpected(document.error());
  }
  Binder binder;
  Description description = binder.bind(*document);
  if (!binder.problems().none()) {
    return error::fail(BP_E_SCHEMA, binder.problems().text());
  }
  return description;
}

}  // namespace host::loader
