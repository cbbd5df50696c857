// host/wire/mapping.cpp - RFC 6901 pointers over RapidJSON documents.
#include "host/wire/mapping.hpp"

#include <algorithm>
#include <utility>

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "host/exchange/conversion.hpp"
#include "host/schema/base64.hpp"

namespace host::wire {

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

class Parsed final : public Document {
 public:
  rapidjson::Document json;
};

std::string text_of(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  value.Accept(writer);  // depth was capped when it was parsed
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace

error::Result<std::shared_ptr<const Document>> Document::parse(std::string_view json) {
  if (auto checked = exchange::check_json(json); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  auto parsed = std::make_shared<Parsed>();
  parsed->json.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (parsed->json.HasParseError()) {
    return error::fail(BP_E_INVALID, rapidjson::GetParseError_En(parsed->json.GetParseError()));
  }
  return parsed;
}

struct Mapping::Compiled {
  std::string field;
  std::string document;  // "" for the message
  rapidjson::Pointer pointer;
  std::string literal;  // JSON text; used when `is_literal`
  bool is_literal = false;
  bool bytes = false;  // the field is [ubyte]
  bool text = false;   // the field is a string
  bool typed = false;  // a string there is base64 already
};

Mapping::Mapping(const std::vector<manifest::Mapping>& map, const schema::Table* request,
                 bool message_is_typed) {
  for (const manifest::Mapping& one : map) {
    Compiled field;
    field.field = one.field;
    if (const schema::Field* known = request == nullptr ? nullptr : request->field(one.field);
        known != nullptr && !known->vector) {
      field.bytes = known->type.kind == schema::Kind::Bytes;
      field.text = known->type.kind == schema::Kind::String;
    }
    field.is_literal = one.source.kind == manifest::SourceKind::Literal;
    field.typed = one.source.kind == manifest::SourceKind::Step || message_is_typed;
    if (field.is_literal) {
      field.literal = manifest::compact(one.source.literal);
    } else {
      field.document = one.source.step;
      field.pointer = rapidjson::Pointer(one.source.pointer.data(), one.source.pointer.size());
    }
    fields_.push_back(std::move(field));
  }
}

Mapping::Mapping(Mapping&&) noexcept = default;
Mapping& Mapping::operator=(Mapping&&) noexcept = default;
Mapping::~Mapping() = default;

std::string Mapping::request(const Documents& documents) const {
  std::string out = "{";
  for (const Compiled& field : fields_) {
    std::string value;
    if (field.is_literal) {
      value = field.literal;
    } else {
      const auto document = documents.find(field.document);
      const rapidjson::Value* found =
          document == documents.end()
              ? nullptr
              : field.pointer.Get(static_cast<const Parsed&>(*document->second).json);
      if (found == nullptr) {
        continue;
      }
      value = text_of(*found);
      if (field.bytes && !(field.typed && found->IsString())) {
        std::string encoded = "\"";
        schema::append_base64(encoded,
                              {reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
        value = encoded + '"';
      } else if (field.text && !found->IsString()) {
        value = error::json_quoted(value);
      }
    }
    out += (out.size() > 1 ? "," : "") + error::json_quoted(field.field) + ":" + value;
  }
  return out + "}";
}

}  // namespace host::wire
