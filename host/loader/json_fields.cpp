// host/loader/json_fields.cpp - a guarded parse, and typed access that reports instead of guessing.
#include "host/loader/json_fields.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace host::loader {

namespace {

constexpr unsigned parse_flags =
    rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;

// Looks at the text before a document is built of it: RapidJSON keeps duplicate keys and sets no
// limit to depth, and writing a very deep document recurses.
class Guard : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Guard> {
 public:
  explicit Guard(std::size_t depth_max) : depth_max_(depth_max) {}

  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  bool Key(const char* text, rapidjson::SizeType bytes, bool /*copy*/) {
    if (!keys_.back().emplace(text, bytes).second) {
      problem_ = fmt::format("the key '{}' appears twice", std::string_view(text, bytes));
    }
    return problem_.empty();
  }

  bool StartObject() { return enter(); }

  bool EndObject(rapidjson::SizeType /*members*/) { return leave(); }

  bool StartArray() { return enter(); }

  bool EndArray(rapidjson::SizeType /*items*/) { return leave(); }

 private:
  bool enter() {
    if (keys_.size() >= depth_max_) {
      problem_ = fmt::format("values are nested more than {} deep", depth_max_);
      return false;
    }
    keys_.emplace_back();
    return true;
  }

  bool leave() {
    keys_.pop_back();
    return true;
  }

  std::size_t depth_max_;
  std::vector<std::set<std::string, std::less<>>> keys_;
  std::string problem_;
};

}  // namespace

error::Result<rapidjson::Document> parse_json(std::string_view text, std::size_t depth_max) {
  Guard guard(depth_max);
  rapidjson::Reader reader;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> input(stream);
  if (const auto result = reader.Parse<parse_flags>(input, guard); result.IsError()) {
    const std::string why =
        guard.problem().empty() ? rapidjson::GetParseError_En(result.Code()) : guard.problem();
    return error::fail(BP_E_SCHEMA,
                       fmt::format("not valid JSON at byte {}: {}", result.Offset(), why));
  }
  rapidjson::Document document;
  document.Parse<parse_flags>(text.data(), text.size());
  if (document.HasParseError()) {
    return error::fail(BP_E_SCHEMA,
                       fmt::format("not valid JSON at byte {}: {}", document.GetErrorOffset(),
                                   rapidjson::GetParseError_En(document.GetParseError())));
  }
  return document;
}

std::string json_text(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

void Problems::add(std::string_view pointer, std::string_view text) {
  ++total_;
  if (kept_.size() < kept_max_) {
    kept_.push_back(fmt::format("{}: {}", pointer.empty() ? "(top)" : pointer, text));
  }
}

std::string Problems::text() const {
  std::string text =
      fmt::format("{} error{}: {}", total_, total_ == 1 ? "" : "s", fmt::join(kept_, "; "));
  if (total_ > kept_.size()) {
    text += fmt::format("; and {} more", total_ - kept_.size());
  }
  return text;
}

Fields::Fields(const rapidjson::Value& value, std::string pointer, Problems& problems)
    : object_(value.IsObject() ? &value : nullptr),
      pointer_(std::move(pointer)),
      problems_(problems) {
  if (object_ == nullptr) {
    problems_.add(pointer_, "must be an object");
  }
}

std::string Fields::at(std::string_view key) const {
  return fmt::format("{}/{}", pointer_, key);
}

const rapidjson::Value* Fields::member(std::string_view key, Need need) {
  known_.push_back(key);
  if (object_ == nullptr) {
    return nullptr;
  }
  const auto found = object_->FindMember(
      rapidjson::StringRef(key.data(), static_cast<rapidjson::SizeType>(key.size())));
  if (found == object_->MemberEnd()) {
    if (need == Need::Required) {
      report(key, "is missing");
    }
    return nullptr;
  }
  return &found->value;
}

std::string Fields::text(std::string_view key, Need need, std::size_t bytes_max) {
  const rapidjson::Value* value = member(key, need);
  if (value == nullptr) {
    return {};
  }
  if (!value->IsString()) {
    report(key, "must be a string");
    return {};
  }
  if (value->GetStringLength() > bytes_max) {
    report(key, fmt::format("is longer than {} bytes", bytes_max));
    return {};
  }
  if (need == Need::Required && value->GetStringLength() == 0) {
    report(key, "must not be empty");
  }
  return {value->GetString(), value->GetStringLength()};
}

bool Fields::flag(std::string_view key) {
  const rapidjson::Value* value = member(key, Need::Optional);
  if (value != nullptr && !value->IsBool()) {
    report(key, "must be true or false");
  }
  return value != nullptr && value->IsBool() && value->GetBool();
}

std::uint32_t Fields::number(std::string_view key) {
  const rapidjson::Value* value = member(key, Need::Optional);
  if (value != nullptr && !value->IsUint()) {
    report(key, "must be a whole number from 0 to 4294967295");
  }
  return value != nullptr && value->IsUint() ? value->GetUint() : 0;
}

const rapidjson::Value* Fields::array(std::string_view key, std::size_t items_max) {
  const rapidjson::Value* value = member(key, Need::Optional);
  if (value == nullptr) {
    return nullptr;
  }
  if (!value->IsArray()) {
    report(key, "must be an array");
    return nullptr;
  }
  if (value->Size() > items_max) {
    report(key, fmt::format("has more than {} items", items_max));
    return nullptr;
  }
  return value;
}

const rapidjson::Value* Fields::object(std::string_view key) {
  const rapidjson::Value* value = member(key, Need::Optional);
  if (value != nullptr && !value->IsObject()) {
    report(key, "must be an object");
    return nullptr;
  }
  return value;
}

std::size_t Fields::choice(std::string_view key, Need need,
                           std::span<const std::string_view> choices) {
  const rapidjson::Value* value = member(key, need);
  if (value == nullptr) {
    return 0;
  }
  const std::string_view text = value->IsString()
                                    ? std::string_view(value->GetString(), value->GetStringLength())
                                    : std::string_view();
  const auto found = std::ranges::find(choices, text);
  if (found == choices.end()) {
    report(key, fmt::format("must be one of {}", fmt::join(choices, ", ")));
    return 0;
  }
  return static_cast<std::size_t>(found - choices.begin());
}

void Fields::report(std::string_view key, std::string_view text) {
  problems_.add(at(key), text);
}

void Fields::close() {
  if (object_ == nullptr) {
    return;
  }
  for (const auto& member : object_->GetObject()) {
    const std::string_view name(member.name.GetString(), member.name.GetStringLength());
    if (std::ranges::find(known_, name) == known_.end()) {
      report(name, fmt::format("is not a known key (known: {})", fmt::join(known_, ", ")));
    }
  }
}

}  // namespace host::loader
