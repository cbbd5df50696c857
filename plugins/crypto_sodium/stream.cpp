// plugins/crypto_sodium/stream.cpp - binds each chunk to its stream, its place and the end.
#include "stream.hpp"

#include <algorithm>
#include <array>
#include <sodium.h>
#include <string>
#include <string_view>

#include "payload.hpp"

namespace crypto_sodium {
namespace {

constexpr std::string_view label = "bp.crypto.stream/1";  // part of the format

/// What a chunk authenticates besides its content.
std::vector<std::uint8_t> bound(const ChunkPlace& place) {
  std::array<std::uint8_t, sizeof(place.index) + 1> numbers{};
  for (std::size_t i = 0; i < sizeof(place.index); ++i) {
    numbers.at(i) = static_cast<std::uint8_t>(place.index >> (56U - (8U * i)));
  }
  numbers.back() = place.last ? 1 : 0;
  std::vector<std::uint8_t> bytes(label.size() + place.header.size() + numbers.size() +
                                  place.associated_data.size());
  auto at = std::ranges::copy(label, bytes.begin()).out;
  at = std::ranges::copy(place.header, at).out;
  at = std::ranges::copy(numbers, at).out;
  std::ranges::copy(place.associated_data, at);
  return bytes;
}

/// All chunks are full but the last, which is empty only where there is no other.
bool has_place(const ChunkPlace& place, std::size_t plaintext_bytes) noexcept {
  if (!place.last) {
    return plaintext_bytes == chunk_plaintext_bytes;
  }
  return plaintext_bytes <= chunk_plaintext_bytes && (plaintext_bytes > 0 || place.index == 0);
}

bp::result<void> check_associated_data(Bytes associated_data) {
  if (associated_data.size() > stream_associated_data_bytes_max) {
    return bp::fail(BP_E_TOO_LARGE, "associated data of a stream has at most " +
                                        std::to_string(stream_associated_data_bytes_max) +
                                        " bytes");
  }
  return {};
}

std::size_t chunks_of(std::size_t plaintext_bytes) noexcept {
  return std::max<std::size_t>(
      (plaintext_bytes + chunk_plaintext_bytes - 1) / chunk_plaintext_bytes, 1);
}

}  // namespace

bp::result<std::vector<std::uint8_t>> StreamService::header_of(
    const flatbuffers::String* key) const {
  const auto ring = message_ring_of(keys_, key);
  BP_TRY(ring);
  const Key* with = (*ring)->sealing(Algorithm::XChaCha20Poly1305, Framing::Stream);
  if (with == nullptr) {
    return bp::fail(BP_E_UNSUPPORTED,
                    name_of(**ring) + " seals no streams; they need XChaCha20-Poly1305");
  }
  std::vector<std::uint8_t> header(stream_header_bytes);
  write_prefix(header, with->facts().id);
  randombytes_buf(&header[key_prefix_bytes], stream_id_bytes);
  return header;
}

bp::result<void> StreamService::seal_to(const ChunkPlace& place, Bytes plaintext,
                                        WritableBytes out) const {
  BP_TRY(check_associated_data(place.associated_data));
  if (place.header.size() != stream_header_bytes || named_key(place.header) == 0) {
    return bp::fail(BP_E_INVALID, "this is no header of a stream; Begin makes one");
  }
  if (!has_place(place, plaintext.size())) {
    return bp::fail(BP_E_INVALID,
                    "a chunk has " + std::to_string(chunk_plaintext_bytes) +
                        " bytes, the last 1 to as many (none when it is the only one); this one "
                        "has " +
                        std::to_string(plaintext.size()));
  }
  const Key* key = aead_.key_of(Framing::Stream, place.header);
  if (key == nullptr) {
    return bp::fail(BP_E_UNAVAILABLE,
                    "the key of this stream is not enabled here; begin another stream");
  }
  return aead_.seal_with(*key, plaintext, bound(place), out);
}

bp::result<std::vector<std::uint8_t>> StreamService::open_from(const ChunkPlace& place,
                                                               Bytes chunk) const {
  BP_TRY(check_associated_data(place.associated_data));
  if (place.header.size() != stream_header_bytes || chunk.size() < chunk_overhead_bytes ||
      !has_place(place, chunk.size() - chunk_overhead_bytes) ||
      !std::ranges::equal(place.header.first(key_prefix_bytes), chunk.first(key_prefix_bytes))) {
    return decryption_failed();
  }
  auto opened = aead_.open(Framing::Stream, chunk, bound(place));
  BP_TRY(opened);
  return std::move(opened->plaintext);
}

bp::result<stream_contract::BeginReplyT> StreamService::begin(
    const stream_contract::BeginRequest& request) const {
  auto header = header_of(request.key());
  BP_TRY(header);
  stream_contract::BeginReplyT reply;
  reply.header = std::move(*header);
  return reply;
}

bp::result<stream_contract::SealChunkReplyT> StreamService::seal_chunk(
    const stream_contract::SealChunkRequest& request) const {
  const Bytes plaintext = bytes_of(request.plaintext());
  stream_contract::SealChunkReplyT reply;
  reply.chunk.resize(std::min(plaintext.size(), chunk_plaintext_bytes) + chunk_overhead_bytes);
  BP_TRY(seal_to({bytes_of(request.header()), request.index(), request.last(),
                  bytes_of(request.associated_data())},
                 plaintext, reply.chunk));
  return reply;
}

bp::result<stream_contract::OpenChunkReplyT> StreamService::open_chunk(
    const stream_contract::OpenChunkRequest& request) const {
  auto plaintext = open_from({bytes_of(request.header()), request.index(), request.last(),
                              bytes_of(request.associated_data())},
                             bytes_of(request.chunk()));
  BP_TRY(plaintext);
  stream_contract::OpenChunkReplyT reply;
  reply.plaintext = std::move(*plaintext);
  return reply;
}

bp::result<stream_contract::SealReplyT> StreamService::seal(
    const stream_contract::SealRequest& request) const {
  const Bytes plaintext = bytes_of(request.plaintext());
  BP_TRY(check_sizes(plaintext.size(), 0));
  const auto header = header_of(request.key());
  BP_TRY(header);
  const std::size_t chunks = chunks_of(plaintext.size());
  stream_contract::SealReplyT reply;
  reply.stream.resize(stream_header_bytes + plaintext.size() + (chunks * chunk_overhead_bytes));
  std::ranges::copy(*header, reply.stream.begin());
  WritableBytes out = WritableBytes(reply.stream).subspan(stream_header_bytes);
  for (std::size_t i = 0; i < chunks; ++i) {
    const Bytes rest = plaintext.subspan(i * chunk_plaintext_bytes);
    const Bytes part = rest.first(std::min(rest.size(), chunk_plaintext_bytes));
    BP_TRY(seal_to({*header, i, i + 1 == chunks, bytes_of(request.associated_data())}, part,
                   out.first(part.size() + chunk_overhead_bytes)));
    out = out.subspan(part.size() + chunk_overhead_bytes);
  }
  return reply;
}

bp::result<stream_contract::OpenReplyT> StreamService::open(
    const stream_contract::OpenRequest& request) const {
  const Bytes stream = bytes_of(request.stream());
  const std::size_t chunks_max = chunks_of(plaintext_bytes_max);
  if (stream.size() > stream_header_bytes + (chunks_max * chunk_bytes_max)) {
    return bp::fail(BP_E_TOO_LARGE, "a whole stream is above the limit of " +
                                        std::to_string(plaintext_bytes_max) +
                                        " bytes; open it chunk by chunk");
  }
  if (stream.size() <= stream_header_bytes) {
    return decryption_failed();
  }
  const Bytes header = stream.first(stream_header_bytes);
  Bytes rest = stream.subspan(stream_header_bytes);
  stream_contract::OpenReplyT reply;
  reply.plaintext.reserve(rest.size());
  for (std::uint64_t index = 0; !rest.empty(); ++index) {
    const Bytes chunk = rest.first(std::min(rest.size(), chunk_bytes_max));
    rest = rest.subspan(chunk.size());
    auto part =
        open_from({header, index, rest.empty(), bytes_of(request.associated_data())}, chunk);
    if (!part) {
      wipe(reply.plaintext);
      return std::unexpected(std::move(part).error());
    }
    reply.plaintext.insert(reply.plaintext.end(), part->begin(), part->end());
    wipe(*part);
  }
  return reply;
}

bp::result<stream_contract::LocateReplyT> StreamService::locate(
    const stream_contract::LocateRequest& request) {
  const std::uint64_t sealed = request.stream_bytes() < stream_header_bytes
                                   ? 0
                                   : request.stream_bytes() - stream_header_bytes;
  const std::uint64_t chunks = (sealed + chunk_bytes_max - 1) / chunk_bytes_max;
  const std::uint64_t last_bytes = chunks == 0 ? 0 : sealed - ((chunks - 1) * chunk_bytes_max);
  if (last_bytes < chunk_overhead_bytes + (chunks > 1 ? 1 : 0)) {
    return bp::fail(BP_E_INVALID, "no stream has " + std::to_string(request.stream_bytes()) +
                                      " bytes; it was cut, or it is something else");
  }
  stream_contract::LocateReplyT reply;
  reply.plaintext_bytes = sealed - (chunks * chunk_overhead_bytes);
  if (request.offset() >= reply.plaintext_bytes) {
    return bp::fail(BP_E_RANGE, "offset " + std::to_string(request.offset()) +
                                    " is behind the end at " +
                                    std::to_string(reply.plaintext_bytes));
  }
  reply.index = request.offset() / chunk_plaintext_bytes;
  reply.last = reply.index + 1 == chunks;
  reply.chunk_offset = stream_header_bytes + (reply.index * chunk_bytes_max);
  reply.chunk_bytes = reply.last ? last_bytes : chunk_bytes_max;
  reply.skip = request.offset() % chunk_plaintext_bytes;
  return reply;
}

}  // namespace crypto_sodium
