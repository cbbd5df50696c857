// plugins/transport_ws/json/json.cpp - the one translation unit that sees RapidJSON.
#include "json/json.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "limits.hpp"

namespace transport_ws::json {

namespace {

constexpr unsigned parse_flags = rapidjson::kParseIterativeFlag |
                                 rapidjson::kParseValidateEncodingFlag |
                                 rapidjson::kParseNumbersAsStringsFlag;

// Notes where each child of the outermost value begins and ends. The parser tells of a scalar
// behind its last character, and of the end of an array or object before the closing bracket.
class Splitter {
 public:
  Splitter(std::string_view text, rapidjson::MemoryStream& stream, Value& out)
      : text_(text), stream_(stream), out_(out) {}

  [[nodiscard]] bool too_deep() const noexcept { return too_deep_; }

  // NOLINTBEGIN(readability-identifier-naming): the names are RapidJSON's
  bool Null() { return scalar(Kind::Null); }

  bool Bool(bool /*value*/) { return scalar(Kind::Bool); }

  bool Int(int /*value*/) { return scalar(Kind::Number); }

  bool Uint(unsigned /*value*/) { return scalar(Kind::Number); }

  bool Int64(std::int64_t /*value*/) { return scalar(Kind::Number); }

  bool Uint64(std::uint64_t /*value*/) { return scalar(Kind::Number); }

  bool Double(double /*value*/) { return scalar(Kind::Number); }

  bool RawNumber(const char* /*text*/, rapidjson::SizeType /*length*/, bool /*copy*/) {
    return scalar(Kind::Number);
  }

  bool String(const char* /*text*/, rapidjson::SizeType /*length*/, bool /*copy*/) {
    return scalar(Kind::String);
  }

  bool StartObject() { return open(Kind::Object); }

  bool StartArray() { return open(Kind::Array); }

  bool EndObject(rapidjson::SizeType /*count*/) { return close(Kind::Object); }

  bool EndArray(rapidjson::SizeType /*count*/) { return close(Kind::Array); }

  bool Key(const char* text, rapidjson::SizeType length, bool /*copy*/) {
    if (depth_ == 1) {
      name_.assign(text, length);
      from_ = stream_.Tell();
    }
    return true;
  }

  // NOLINTEND(readability-identifier-naming)

 private:
  bool open(Kind kind) {
    if (depth_ == 0) {
      out_.kind = kind;
      from_ = stream_.Tell() + 1;
    }
    too_deep_ = ++depth_ > json_depth_max;
    return !too_deep_;
  }

  bool close(Kind kind) {
    if (--depth_ == 1) {
      add_child(kind, stream_.Tell() + 1);
    }
    return true;
  }

  bool scalar(Kind kind) {
    if (depth_ == 0) {
      out_.kind = kind;
    } else if (depth_ == 1) {
      add_child(kind, stream_.Tell());
    }
    return true;
  }

  void add_child(Kind kind, std::size_t end) {
    const std::size_t begin = std::min(text_.find_first_not_of(" \t\r\n:,", from_), end);
    out_.children.push_back({std::move(name_), text_.substr(begin, end - begin), kind});
    name_.clear();
    from_ = end;
  }

  std::string_view text_;
  rapidjson::MemoryStream& stream_;
  Value& out_;
  std::string name_;
  std::size_t from_ = 0;  // where the search for the next child begins
  std::size_t depth_ = 0;
  bool too_deep_ = false;
};

// Only keeps the depth in bounds.
class DepthGuard : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, DepthGuard> {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the names are RapidJSON's
  bool StartObject() { return ++depth_ <= json_depth_max; }

  bool StartArray() { return ++depth_ <= json_depth_max; }

  bool EndObject(rapidjson::SizeType /*count*/) { return --depth_, true; }

  bool EndArray(rapidjson::SizeType /*count*/) { return --depth_, true; }

  // NOLINTEND(readability-identifier-naming)

 private:
  std::size_t depth_ = 0;
};

bool has_twins(const std::vector<Child>& children) {
  std::vector<std::string_view> names;
  names.reserve(children.size());
  for (const Child& child : children) {
    names.emplace_back(child.name);
  }
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

}  // namespace

const Child* Value::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(children, name, &Child::name);
  return found == children.end() ? nullptr : &*found;
}

bp::result<Value> read(std::string_view text) {
  Value value;
  value.text = text;
  rapidjson::MemoryStream stream(text.data(), text.size());
  Splitter splitter(text, stream, value);
  rapidjson::Reader reader;
  const auto outcome = reader.Parse<parse_flags>(stream, splitter);
  if (splitter.too_deep()) {
    return bp::fail(BP_E_TOO_LARGE, fmt::format("nested deeper than {} levels", json_depth_max));
  }
  if (outcome.IsError()) {
    return bp::fail(BP_E_SCHEMA,
                    fmt::format("{} (at byte {})", rapidjson::GetParseError_En(outcome.Code()),
                                outcome.Offset()));
  }
  if (stream.Tell() < text.size()) {
    return bp::fail(BP_E_SCHEMA, fmt::format("a NUL character (at byte {})", stream.Tell()));
  }
  if (value.kind == Kind::Object && has_twins(value.children)) {
    return bp::fail(BP_E_SCHEMA, "a member occurs twice");
  }
  return value;
}

bool is_valid(std::string_view text) {
  DepthGuard guard;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  return !reader.Parse<parse_flags>(stream, guard).IsError() && stream.Tell() == text.size();
}

std::string unquoted(std::string_view text) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
  return document.IsString() ? std::string(document.GetString(), document.GetStringLength())
                             : std::string();
}

std::optional<std::uint64_t> to_uint(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() ? std::optional(value)
                                                                             : std::nullopt;
}

std::string quoted(std::string_view text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::UTF8<>,
                    rapidjson::CrtAllocator, rapidjson::kWriteValidateEncodingFlag>
      writer(buffer);
  if (!writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()))) {
    return R"j("(not UTF-8)")j";
  }
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace transport_ws::json
