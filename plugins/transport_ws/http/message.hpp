// plugins/transport_ws/http/message.hpp - HTTP/1.1 messages and the WebSocket handshake, on bytes
// that somebody else reads and writes.
//
// The only door to Beast's parser: no stream, no socket in here. Errors: a Refusal carries the HTTP
// status that the other side must be sent. Thread: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace transport_ws::http {

struct Field {
  std::string name;
  std::string value;
};

/// Names of fields: the same in any case of their letters.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;

/// Without the spaces and tabs at both ends (OWS of RFC 9110 section 5.6.3).
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

struct Request {
  std::string method;
  std::string target;
  std::vector<Field> fields;
  std::string body;
  unsigned version = 11;  // 10 or 11

  /// The first field of that name (any case); empty where there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
  [[nodiscard]] bool has(std::string_view name) const noexcept;
  /// The values of every field of that name, in order.
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<Field> fields;
};

struct Refusal {
  unsigned status;
  std::string reason;
};

/// Reads one request. Bytes behind it are kept in rest().
class RequestReader {
 public:
  RequestReader(std::uint32_t header_bytes_max, std::uint64_t body_bytes_max);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// True: the request is complete; take it once. What is wrong with its header is told before its
  /// body has come.
  [[nodiscard]] std::expected<bool, Refusal> feed(std::string_view bytes);
  /// True, once: the client waits for "100 Continue" before it sends the body (RFC 9110 section
  /// 10.1.1). After a feed() that was not complete.
  [[nodiscard]] bool must_invite();
  [[nodiscard]] Request take();
  /// The first field of that name, as far as the request was read; none: there is none. Valid as
  /// long as the reader.
  [[nodiscard]] std::optional<std::string_view> peek(std::string_view name) const;
  [[nodiscard]] std::string rest();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

/// What must_invite() asks for.
inline constexpr std::string_view invitation = "HTTP/1.1 100 Continue\r\n\r\n";

/// Reads the header of one response (the answer to an upgrade). Bytes behind it are kept in rest().
class ResponseReader {
 public:
  explicit ResponseReader(std::uint32_t header_bytes_max);
  ~ResponseReader();
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;

  [[nodiscard]] std::expected<bool, Refusal> feed(std::string_view bytes);
  [[nodiscard]] Response take();
  [[nodiscard]] std::string rest();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

/// How an answer goes out.
struct Delivery {
  bool keep_alive = false;  // else the connection ends behind it
  bool head = false;        // the body is measured, not sent
};

/// `further`: fields behind those of the response.
[[nodiscard]] std::string to_text(const Response& response, Delivery how = {},
                                  const std::vector<Field>& further = {});

/// May a further request come on the connection (RFC 9112 section 9.3)?
[[nodiscard]] bool wants_keep_alive(const Request& request);

/// The head of a response whose body comes in chunks (RFC 9112 section 7.1), to a client of
/// HTTP/1.1; one of HTTP/1.0 is given the bytes as they are, and the connection's end.
[[nodiscard]] std::string chunked_head(const Response& response, unsigned version);

/// One chunk; an empty one is the end.
[[nodiscard]] std::string chunk(std::string_view bytes, unsigned version);

[[nodiscard]] bool is_upgrade(const Request& request) noexcept;

/// Server: the 101 answer, with these further fields, to a valid WebSocket handshake (RFC 6455
/// section 4.2).
[[nodiscard]] std::expected<std::string, Refusal> accept_upgrade(
    const Request& request, const std::vector<Field>& fields = {});

/// Client: a fresh Sec-WebSocket-Key, the request, and the check of its answer.
[[nodiscard]] std::string random_key();
[[nodiscard]] std::string upgrade_request(std::string_view host, std::string_view target,
                                          std::string_view key, const std::vector<Field>& fields);
[[nodiscard]] std::expected<void, Refusal> check_upgraded(const Response& response,
                                                          std::string_view key);

/// base64(SHA-1(key + the protocol's GUID)).
[[nodiscard]] std::string accept_value(std::string_view key);

}  // namespace transport_ws::http
