// tests/fuzz/http.cpp - any bytes, in any pieces, as an HTTP request and as the answer to a
// handshake.
//
// What must hold for every input: pieces give what the whole gave, unless the header meets its
// limit; a refusal has a status of its kind and words without line breaks; nothing but a complete
// handshake is upgraded; an answer to anything is one well-formed HTTP message.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "http/origin.hpp"

namespace {

using namespace transport_ws;  // NOLINT(google-build-using-namespace): a program of one file

constexpr std::uint32_t header_bytes_small = 1'024;
constexpr std::uint32_t header_bytes_large = 128 * 1'024;  // above every input
constexpr std::uint64_t body_bytes_max = 256;

void expect(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
  }
}

// When a refusal comes is not the same for all pieces: an error may be seen before the header ends.
struct Outcome {
  bool complete = false;
  std::string rest;
};

// Cut after 1 to 16 bytes, as `cuts` says; 0: not at all.
template <typename Reader>
Outcome read(Reader& reader, std::string_view bytes, std::uint32_t cuts) {
  Outcome outcome;
  std::uint32_t random = cuts;
  while (!bytes.empty()) {
    random = random * 1'664'525U + 1'013'904'223U;
    const std::size_t piece =
        cuts == 0 ? bytes.size() : std::min<std::size_t>(1 + (random >> 28U), bytes.size());
    const auto complete = reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(piece);
    if (!complete) {
      const unsigned status = complete.error().status;
      expect(status >= 400 && status < 500, "a refusal is the client's fault");
      expect(complete.error().reason.find_first_of("\r\n") == std::string::npos,
             "a reason is one line");
      return outcome;
    }
    if (*complete) {
      outcome.complete = true;
      outcome.rest = reader.rest() + std::string(bytes);
      return outcome;
    }
  }
  return outcome;
}

bool same(const http::Request& a, const http::Request& b) {
  return a.method == b.method && a.target == b.target && a.body == b.body &&
         a.version == b.version &&
         std::ranges::equal(a.fields, b.fields, [](const http::Field& x, const http::Field& y) {
           return x.name == y.name && x.value == y.value;
         });
}

void check_upgrade(const http::Request& request) {
  static const http::OriginPolicy pages({"https://*.example.org", "null"}, /*loopback=*/true);
  (void)pages.allows(request.field("Origin"));
  const auto accepted = http::accept_upgrade(request);
  if (accepted) {
    expect(request.method == "GET" && request.version == 11 && http::is_upgrade(request),
           "only a whole handshake is upgraded");
    expect(accepted->ends_with("\r\n\r\n"), "an answer has an end");
  }
}

void check_request(std::string_view bytes, std::uint32_t cuts) {
  http::RequestReader whole(header_bytes_large, body_bytes_max);
  http::RequestReader pieces(header_bytes_large, body_bytes_max);
  http::RequestReader limited(header_bytes_small, body_bytes_max);
  (void)read(limited, bytes, cuts);
  const Outcome first = read(whole, bytes, 0);
  const Outcome second = read(pieces, bytes, cuts);
  expect(first.complete == second.complete, "pieces are complete when the whole is");
  if (!first.complete) {
    return;
  }
  const http::Request request = whole.take();
  expect(same(request, pieces.take()), "pieces give what the whole gave");
  expect(request.body.size() <= body_bytes_max, "the body is within its limit");
  expect(!(request.has("Content-Length") && request.has("Transfer-Encoding")),
         "one way to tell the length");
  check_upgrade(request);
}

void check_answer(std::string_view bytes, std::uint32_t cuts) {
  http::ResponseReader whole(header_bytes_large);
  http::ResponseReader pieces(header_bytes_large);
  const Outcome first = read(whole, bytes, 0);
  const Outcome second = read(pieces, bytes, cuts);
  expect(first.complete == second.complete, "pieces of an answer are complete when the whole is");
  if (first.complete) {
    (void)http::check_upgraded(whole.take(), "dGhlIHNhbXBsZSBub25jZQ==");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t choices = 3;
  if (size < choices) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + choices, size - choices);
  const std::uint32_t cuts = 1U + data[1] * 256U + data[2];
  (data[0] & 1U) != 0 ? check_request(bytes, cuts) : check_answer(bytes, cuts);
  return 0;
}
