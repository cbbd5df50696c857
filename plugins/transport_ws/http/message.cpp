// plugins/transport_ws/http/message.cpp - the one translation unit that sees Beast; SHA-1 and
// base64 are OpenSSL's.

// Beast takes a last chunk "0" that comes alone, but asserts (basic_parser.ipp, parse_chunk_header,
// n >= 5) that it comes with a line break before it: in a debug build any client could end the
// process. Without the assertion it reads no byte that is not there.
#define BOOST_DISABLE_ASSERTS

#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace transport_ws::http {

namespace beast_http = boost::beast::http;

bool same_name(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t from = text.find_first_not_of(" \t");
  return from == std::string_view::npos
             ? std::string_view()
             : text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

namespace {

constexpr std::string_view protocol_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t key_bytes = 16;

std::string base64(std::span<const unsigned char> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

// 16 bytes in base64: 22 digits and "==".
bool is_key(std::string_view key) noexcept {
  constexpr std::size_t digits = 22;
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return key.size() == digits + 2 && key.ends_with("==") &&
         key.substr(0, digits).find_first_not_of(alphabet) == std::string_view::npos;
}

bool has_token(std::string_view list, std::string_view wanted) {
  const beast_http::token_list tokens{list};
  return std::ranges::any_of(
      tokens, [&](auto token) { return same_name({token.data(), token.size()}, wanted); });
}

template <typename Fields>
std::vector<Field> copy_fields(const Fields& from) {
  std::vector<Field> fields;
  for (const auto& field : from) {
    const auto name = field.name_string();
    const auto value = field.value();
    fields.push_back(
        {std::string(name.data(), name.size()), std::string(value.data(), value.size())});
  }
  return fields;
}

Refusal refusal_of(const boost::system::error_code& failure) {
  if (failure == beast_http::error::header_limit || failure == beast_http::error::buffer_overflow) {
    return {431, "the header is larger than the limit"};
  }
  if (failure == beast_http::error::body_limit) {
    return {413, "the body is larger than the limit"};
  }
  return {400, "not a valid HTTP message: " + failure.message()};
}

// Beast wants what it did not take shown again together with what follows.
template <typename Parser>
std::expected<bool, Refusal> feed_parser(Parser& parser, std::string& pending,
                                         std::string_view bytes) {
  pending.append(bytes);
  while (!parser.is_done() && !pending.empty()) {
    boost::system::error_code failure;
    const std::size_t taken =
        parser.put(boost::asio::const_buffer(pending.data(), pending.size()), failure);
    pending.erase(0, taken);
    if (failure == beast_http::error::need_more) {
      return false;
    }
    if (failure) {
      return std::unexpected(refusal_of(failure));
    }
  }
  return parser.is_done();
}

// What proxies and servers could read in two ways (RFC 9112 sections 3.2 and 6.3): a second request
// could hide behind such a one.
std::optional<Refusal> ambiguity_of(const beast_http::fields& fields) {
  const auto count = [&](beast_http::field name) {
    return static_cast<std::size_t>(fields.count(name));
  };
  if (count(beast_http::field::host) > 1) {
    return Refusal{400, "there is more than one Host field"};
  }
  if (count(beast_http::field::origin) > 1) {
    return Refusal{400, "there is more than one Origin field"};
  }
  const std::size_t encodings = count(beast_http::field::transfer_encoding);
  if (encodings > 0 && count(beast_http::field::content_length) > 0) {
    return Refusal{400, "Content-Length and Transfer-Encoding exclude each other"};
  }
  const auto encoding = fields[beast_http::field::transfer_encoding];
  if (encodings > 1 ||
      (encodings == 1 && !same_name({encoding.data(), encoding.size()}, "chunked"))) {
    return Refusal{400, "the only Transfer-Encoding that is understood is chunked"};
  }
  return std::nullopt;
}

bool understands_expectations(const beast_http::fields& fields) {
  const auto range = fields.equal_range(beast_http::field::expect);
  return std::all_of(range.first, range.second, [](const auto& field) {
    const auto value = field.value();
    return same_name(trimmed({value.data(), value.size()}), "100-continue");
  });
}

std::string_view reason_phrase(unsigned status) noexcept {
  const auto reason = beast_http::obsolete_reason(beast_http::int_to_status(status));
  return {reason.data(), reason.size()};
}

}  // namespace

std::string_view Request::field(std::string_view name) const noexcept {
  const auto found =
      std::ranges::find_if(fields, [&](const Field& f) { return same_name(f.name, name); });
  return found == fields.end() ? std::string_view() : std::string_view(found->value);
}

bool Request::has(std::string_view name) const noexcept {
  return std::ranges::any_of(fields, [&](const Field& f) { return same_name(f.name, name); });
}

std::vector<std::string_view> Request::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field& each : fields) {
    if (same_name(each.name, name)) {
      values.emplace_back(each.value);
    }
  }
  return values;
}

struct RequestReader::Parser {
  beast_http::request_parser<beast_http::string_body> http;
  std::string pending;
  bool header_checked = false;
  bool invited = false;
};

RequestReader::RequestReader(std::uint32_t header_bytes_max, std::uint64_t body_bytes_max)
    : parser_(std::make_unique<Parser>()) {
  parser_->http.header_limit(header_bytes_max);
  parser_->http.body_limit(body_bytes_max);
  parser_->http.eager(true);
}

RequestReader::~RequestReader() = default;

std::expected<bool, Refusal> RequestReader::feed(std::string_view bytes) {
  const auto complete = feed_parser(parser_->http, parser_->pending, bytes);
  if (complete && parser_->http.is_header_done() && !std::exchange(parser_->header_checked, true)) {
    const auto& message = parser_->http.get();
    if (auto ambiguity = ambiguity_of(message)) {
      return std::unexpected(std::move(*ambiguity));
    }
    if (message.version() >= 11 && message.count(beast_http::field::host) != 1) {
      return std::unexpected(Refusal{400, "a request of HTTP/1.1 has one Host field"});
    }
    if (message.version() >= 11 && !understands_expectations(message)) {
      return std::unexpected(Refusal{417, "the only expectation that can be met is 100-continue"});
    }
  }
  return complete;
}

bool RequestReader::must_invite() {
  const auto& message = parser_->http.get();
  const bool waits = parser_->header_checked && !parser_->http.is_done() &&
                     message.version() >= 11 && message.count(beast_http::field::expect) > 0;
  // Who has begun to send the body does not wait.
  const bool begun = !message.body().empty() || !parser_->pending.empty();
  return waits && !begun && !std::exchange(parser_->invited, true);
}

Request RequestReader::take() {
  const auto& message = parser_->http.get();
  const auto method = message.method_string();
  const auto target = message.target();
  return {std::string(method.data(), method.size()), std::string(target.data(), target.size()),
          copy_fields(message), message.body(), message.version()};
}

std::optional<std::string_view> RequestReader::peek(std::string_view name) const {
  const auto& message = parser_->http.get();
  const auto found = message.find({name.data(), name.size()});
  if (found == message.end()) {
    return std::nullopt;
  }
  return std::string_view(found->value().data(), found->value().size());
}

std::string RequestReader::rest() {
  return std::exchange(parser_->pending, {});
}

struct ResponseReader::Parser {
  beast_http::response_parser<beast_http::empty_body> http;
  std::string pending;
};

ResponseReader::ResponseReader(std::uint32_t header_bytes_max)
    : parser_(std::make_unique<Parser>()) {
  parser_->http.header_limit(header_bytes_max);
  parser_->http.skip(true);  // only the header counts here
}

ResponseReader::~ResponseReader() = default;

std::expected<bool, Refusal> ResponseReader::feed(std::string_view bytes) {
  return feed_parser(parser_->http, parser_->pending, bytes);
}

Response ResponseReader::take() {
  const auto& message = parser_->http.get();
  return {message.result_int(), {}, {}, copy_fields(message)};
}

std::string ResponseReader::rest() {
  return std::exchange(parser_->pending, {});
}

std::string to_text(const Response& response, Delivery how, const std::vector<Field>& further) {
  std::string text =
      fmt::format("HTTP/1.1 {} {}\r\nServer: backplane\r\nConnection: {}\r\n", response.status,
                  reason_phrase(response.status), how.keep_alive ? "keep-alive" : "close");
  if (response.status != 204) {  // RFC 9110 section 8.6
    text += fmt::format("Content-Length: {}\r\n", response.body.size());
  }
  if (!response.body.empty()) {
    text += fmt::format("Content-Type: {}\r\n", response.content_type);
  }
  for (const std::vector<Field>* fields : {&response.fields, &further}) {
    for (const Field& field : *fields) {
      text += fmt::format("{}: {}\r\n", field.name, field.value);
    }
  }
  return text.append("\r\n").append(how.head ? std::string_view() : response.body);
}

bool wants_keep_alive(const Request& request) {
  const std::string_view connection = request.field("Connection");
  return request.version == 11 && !has_token(connection, "close");
}

std::string chunked_head(const Response& response, unsigned version) {
  std::string text = fmt::format(
      "HTTP/1.1 {} {}\r\nServer: backplane\r\nConnection: close\r\nContent-Type: {}\r\n",
      response.status, reason_phrase(response.status), response.content_type);
  if (version >= 11) {
    text += "Transfer-Encoding: chunked\r\n";
  }
  for (const Field& field : response.fields) {
    text += fmt::format("{}: {}\r\n", field.name, field.value);
  }
  return text.append("\r\n");
}

std::string chunk(std::string_view bytes, unsigned version) {
  if (version < 11) {
    return std::string(bytes);
  }
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

bool is_upgrade(const Request& request) noexcept {
  return request.has("Upgrade");
}

std::expected<std::string, Refusal> accept_upgrade(const Request& request,
                                                   const std::vector<Field>& fields) {
  const auto refuse = [](unsigned status, std::string reason) {
    return std::unexpected(Refusal{status, std::move(reason)});
  };
  if (request.method != "GET" || request.version != 11) {
    return refuse(400, "a WebSocket handshake is a GET of HTTP/1.1");
  }
  if (!request.has("Host")) {
    return refuse(400, "the Host field is missing");
  }
  if (!has_token(request.field("Upgrade"), "websocket") ||
      !has_token(request.field("Connection"), "upgrade")) {
    return refuse(400,
                  "a WebSocket handshake needs 'Upgrade: websocket' and 'Connection: Upgrade'");
  }
  if (request.all("Sec-WebSocket-Version") != std::vector<std::string_view>{"13"}) {
    return refuse(426, "only Sec-WebSocket-Version 13 is spoken here");
  }
  const std::string_view key = request.field("Sec-WebSocket-Key");
  if (!is_key(key)) {
    return refuse(400, "Sec-WebSocket-Key is missing or is not 16 bytes in base64");
  }
  std::string text = fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: {}\r\n",
      accept_value(key));
  for (const Field& field : fields) {
    text += fmt::format("{}: {}\r\n", field.name, field.value);
  }
  return text + "\r\n";
}

std::string random_key() {
  std::array<unsigned char, key_bytes> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  return base64(bytes);
}

std::string upgrade_request(std::string_view host, std::string_view target, std::string_view key,
                            const std::vector<Field>& fields) {
  std::string text = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n",
      target, host, key);
  for (const Field& field : fields) {
    text += fmt::format("{}: {}\r\n", field.name, field.value);
  }
  return text + "\r\n";
}

std::expected<void, Refusal> check_upgraded(const Response& response, std::string_view key) {
  const auto value = [&](std::string_view name) {
    const auto found = std::ranges::find_if(
        response.fields, [&](const Field& f) { return same_name(f.name, name); });
    return found == response.fields.end() ? std::string_view() : std::string_view(found->value);
  };
  if (response.status != 101) {
    return std::unexpected(
        Refusal{response.status, fmt::format("the server answered {} {} instead of 101",
                                             response.status, reason_phrase(response.status))});
  }
  if (!has_token(value("Upgrade"), "websocket") || !has_token(value("Connection"), "upgrade") ||
      value("Sec-WebSocket-Accept") != accept_value(key)) {
    return std::unexpected(
        Refusal{response.status, "the server's answer is no WebSocket handshake"});
  }
  if (!value("Sec-WebSocket-Extensions").empty()) {
    return std::unexpected(
        Refusal{response.status, "the server chose an extension that was not offered"});
  }
  return {};
}

std::string accept_value(std::string_view key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  const std::string text = std::string(key).append(protocol_guid);
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha1(), nullptr);
  return base64(std::span(digest).first(length));
}

}  // namespace transport_ws::http
