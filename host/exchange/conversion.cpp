// host/exchange/conversion.cpp - dispatch on the declared type; JSON syntax by RapidJSON's
// iterative parser.
#include "host/exchange/conversion.hpp"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "backplane/abi/channel.h"
#include "backplane/ext/json.h"

#include "host/schema/base64.hpp"
#include "host/schema/json_tree.hpp"

namespace host::exchange {

namespace {

// The keys of one object: a few are compared, many are hashed.
class Keys {
 public:
  // False: the key was there already.
  bool add(std::string_view key) {
    if (std::ranges::find(few_, key) != few_.end()) {
      return false;
    }
    if (few_.size() < compared_max) {
      few_.emplace_back(key);
      return true;
    }
    return many_.emplace(key).second;
  }

 private:
  static constexpr std::size_t compared_max = 16;

  std::vector<std::string> few_;
  std::unordered_set<std::string> many_;
};

// Counts nesting and refuses an object that names a key twice: readers differ in which they take.
struct Guard : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Guard> {
  unsigned depth = 0;
  std::vector<Keys> objects;  // the open ones
  std::optional<std::string> doubled;

  bool StartObject() {
    objects.emplace_back();
    return ++depth <= BP_JSON_DEPTH_MAX;
  }

  bool Key(const char* text, rapidjson::SizeType bytes, bool /*copy*/) {
    if (!objects.back().add({text, bytes})) {
      doubled = std::string(text, std::min<std::size_t>(bytes, BP_NAME_BYTES_MAX));
    }
    return !doubled;
  }

  bool EndObject(rapidjson::SizeType /*members*/) {
    objects.pop_back();
    return depth-- > 0;
  }

  bool StartArray() { return ++depth <= BP_JSON_DEPTH_MAX; }

  bool EndArray(rapidjson::SizeType /*elements*/) { return depth-- > 0; }
};

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

error::Result<message::Message> copied(message::Pool& pool, std::span<const std::byte> bytes) {
  if (bytes.size() > message::block_bytes_max) {
    return error::fail(BP_E_TOO_LARGE, "a message of " + std::to_string(bytes.size()) +
                                           " bytes is above the limit of " +
                                           std::to_string(message::block_bytes_max));
  }
  message::Message message = message::copy_of(pool, bytes);
  if (!message.block) {
    return error::fail(BP_E_NO_MEMORY, "the message pool is exhausted");
  }
  return message;
}

error::Result<message::Message> from_base64_json(message::Pool& pool, std::string_view json) {
  const auto wrong = [] {
    return error::fail(BP_E_SCHEMA,
                       "a payload of type 'bytes' is a base64 string (RFC 4648 section 4) in JSON");
  };
  auto tree = schema::JsonTree::parse(json);
  if (!tree) {
    return std::unexpected(std::move(tree).error());
  }
  if (tree->root().kind != schema::JsonKind::String) {
    return wrong();
  }
  const auto size = schema::base64_decoded_bytes(tree->root().text);
  if (!size) {
    return wrong();
  }
  std::vector<std::uint8_t> decoded(*size);
  if (!schema::decode_base64(tree->root().text, decoded)) {
    return wrong();
  }
  return copied(pool, std::as_bytes(std::span(decoded)));
}

}  // namespace

error::Result<void> check_json(std::string_view text) {
  rapidjson::MemoryStream memory(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(memory);
  rapidjson::Reader reader;
  Guard guard;
  reader.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(stream,
                                                                                       guard);
  if (guard.doubled) {
    return error::fail(BP_E_INVALID, "not JSON with one meaning: the key " +
                                         error::json_quoted(*guard.doubled) +
                                         " is given twice in one object, again at byte " +
                                         std::to_string(reader.GetErrorOffset()));
  }
  if (reader.HasParseError()) {
    const bool deep = reader.GetParseErrorCode() == rapidjson::kParseErrorTermination;
    return error::fail(
        BP_E_INVALID,
        "not JSON at byte " + std::to_string(reader.GetErrorOffset()) + ": " +
            (deep ? "nested deeper than " + std::to_string(BP_JSON_DEPTH_MAX)
                  : std::string(rapidjson::GetParseError_En(reader.GetParseErrorCode()))));
  }
  return {};
}

error::Result<message::Message> from_json(message::Pool& pool, const PayloadType& type,
                                          std::string_view json) {
  if (json.size() > message::block_bytes_max) {
    return error::fail(BP_E_TOO_LARGE, "JSON of " + std::to_string(json.size()) +
                                           " bytes is above the limit of " +
                                           std::to_string(message::block_bytes_max));
  }
  if (type.name == "json") {
    if (auto checked = check_json(json); !checked) {
      return std::unexpected(std::move(checked).error());
    }
    return copied(pool, bytes_of(json));
  }
  if (type.name == "bytes") {
    return from_base64_json(pool, json);
  }
  if (type.schema == nullptr) {
    return error::fail(BP_E_UNSUPPORTED,
                       "type '" + std::string(type.name) +
                           "' has no embedded schema, so it cannot be converted from JSON");
  }
  auto binary = type.schema->to_binary(type.name, json);
  if (!binary) {
    return std::unexpected(std::move(binary).error());
  }
  return copied(pool, *binary);
}

error::Result<std::string> to_json(const PayloadType& type, std::span<const std::byte> payload) {
  if (type.name == "json") {
    return std::string(reinterpret_cast<const char*>(payload.data()), payload.size());
  }
  if (type.name == "bytes") {
    std::string json = "\"";
    schema::append_base64(json,
                          {reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()});
    return json + '"';
  }
  if (type.schema == nullptr) {
    return error::fail(BP_E_UNSUPPORTED,
                       "type '" + std::string(type.name) +
                           "' has no embedded schema, so it cannot be shown as JSON");
  }
  return type.schema->to_json(type.name, payload);
}

}  // namespace host::exchange
