// plugins/metrics_prometheus/reply.cpp - writes the few words of FlatBuffers around a body.
//
// [root][vtable][table][content_type][content_encoding] ... [length of the body][body][NUL]
#include "reply.hpp"

#include <array>
#include <cstring>
#include <utility>

namespace metrics_prometheus {

namespace {

constexpr std::uint32_t vtable_at = 4;
constexpr std::uint32_t table_at = 24;  // `next`, 24 bytes into it, lies on a multiple of 8
constexpr std::uint32_t texts_at = 56;
constexpr std::uint32_t body_at = Reply::head_bytes;
constexpr std::uint32_t length_bytes = 4;
constexpr std::size_t alignment = 8;

// Where the fields lie in the table; in the order of their declaration.
enum : std::uint16_t { text_in = 4, type_in = 8, encoding_in = 12, bytes_in = 16, next_in = 24 };

constexpr std::uint16_t table_bytes = 32;

template <typename Word>
void put(std::byte* to, std::size_t at, Word word) {
  std::memcpy(to + at, &word, sizeof word);
}

// A string, and the offset to it from the field. Where the next one may begin.
std::uint32_t put_text(std::byte* to, std::uint32_t at, std::uint32_t field,
                       std::string_view text) {
  put(to, field, at - field);
  put(to, at, static_cast<std::uint32_t>(text.size()));
  std::memcpy(to + at + length_bytes, text.data(), text.size());
  return (at + length_bytes + static_cast<std::uint32_t>(text.size()) + length_bytes) / 4 * 4;
}

}  // namespace

bp::result<Reply> Reply::make(const bp::call& on, std::size_t body_bytes) {
  // A NUL behind a text, and the whole rounded up to what a table's reader expects.
  auto memory = on.alloc(body_at + body_bytes + alignment);
  if (!memory) {
    return std::unexpected(std::move(memory).error());
  }
  return Reply(std::move(*memory));
}

Room Reply::room() noexcept {
  char* const begin = reinterpret_cast<char*>(memory_.data());
  return {begin + body_at, begin + memory_.size() - alignment};
}

bp::buffer Reply::finish(const Room& filled, const Head& head) && {
  std::byte* const to = memory_.data();
  const bool packed = !head.content_encoding.empty();
  std::memset(to, 0, body_at);
  put(to, 0, table_at);
  const std::array<std::uint16_t, 7> vtable{14,
                                            table_bytes,
                                            packed ? std::uint16_t{0} : std::uint16_t{text_in},
                                            type_in,
                                            packed ? std::uint16_t{encoding_in} : std::uint16_t{0},
                                            packed ? std::uint16_t{bytes_in} : std::uint16_t{0},
                                            next_in};
  put(to, vtable_at, vtable);
  put(to, table_at, static_cast<std::int32_t>(table_at - vtable_at));
  put(to, table_at + next_in, head.next);
  std::uint32_t at = put_text(to, texts_at, table_at + type_in, head.content_type);
  if (packed) {
    at = put_text(to, at, table_at + encoding_in, head.content_encoding);
  }
  const std::uint32_t field = table_at + (packed ? bytes_in : text_in);
  const auto size =
      static_cast<std::size_t>(filled.at - reinterpret_cast<const char*>(to)) - body_at;
  put(to, field, body_at - length_bytes - field);
  put(to, body_at - length_bytes, static_cast<std::uint32_t>(size));
  to[body_at + size] = std::byte{0};
  memory_.resize((body_at + size + alignment) / alignment * alignment);
  return std::move(memory_);
}

}  // namespace metrics_prometheus
