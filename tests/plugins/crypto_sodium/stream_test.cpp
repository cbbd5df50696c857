// tests/plugins/crypto_sodium/stream_test.cpp - chunks know their place; nothing is lost or added.
#include "stream.hpp"

#include <rapidcheck.h>

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "requests.hpp"

namespace crypto_sodium {
namespace {

using testing::Buffer;
using testing::Request;

class StreamTest : public ::testing::Test {
 protected:
  StreamTest() { EXPECT_TRUE(keys.add_primary(testing::counting_key(0))); }

  static Buffer content(std::size_t size) {
    Buffer bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
      bytes[i] = static_cast<std::uint8_t>((i * 7) ^ (i >> 8U));
    }
    return bytes;
  }

  [[nodiscard]] Buffer seal(const Buffer& plaintext, const Buffer& associated = {}) const {
    stream_contract::SealRequestT request;
    request.plaintext = plaintext;
    request.associated_data = associated;
    return service.seal(*Request<stream_contract::SealRequest>(request)).value().stream;
  }

  [[nodiscard]] bp::result<stream_contract::OpenReplyT> open(const Buffer& stream,
                                                             const Buffer& associated = {}) const {
    stream_contract::OpenRequestT request;
    request.stream = stream;
    request.associated_data = associated;
    return service.open(*Request<stream_contract::OpenRequest>(request));
  }

  [[nodiscard]] bp::result<stream_contract::OpenChunkReplyT> open_chunk(
      const Buffer& stream, std::uint64_t offset) const {
    const auto at = locate(stream.size(), offset).value();
    stream_contract::OpenChunkRequestT request;
    request.header.assign(stream.begin(), stream.begin() + stream_header_bytes);
    request.index = at.index;
    request.last = at.last;
    const auto begin = stream.begin() + static_cast<long>(at.chunk_offset);
    request.chunk.assign(begin, begin + static_cast<long>(at.chunk_bytes));
    return service.open_chunk(*Request<stream_contract::OpenChunkRequest>(request));
  }

  static bp::result<stream_contract::LocateReplyT> locate(std::uint64_t bytes,
                                                          std::uint64_t offset) {
    stream_contract::LocateRequestT request;
    request.stream_bytes = bytes;
    request.offset = offset;
    return StreamService::locate(*Request<stream_contract::LocateRequest>(request));
  }

  static void expect_refused(const bp::result<stream_contract::OpenReplyT>& opened) {
    ASSERT_FALSE(opened);
    ASSERT_EQ(opened.error().code(), BP_E_DECRYPT);
    ASSERT_EQ(opened.error().text(), "decryption failed");
  }

  Keyset keys;
  StreamService service{keys};
};

constexpr std::size_t chunk = chunk_plaintext_bytes;

TEST_F(StreamTest, OpensWhatItSealed) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, chunk - 1, chunk, chunk + 1, 2 * chunk, (3 * chunk) + 77}) {
    const Buffer plaintext = content(size);
    const Buffer stream = seal(plaintext, {1, 2});
    const std::size_t chunks = std::max<std::size_t>((size + chunk - 1) / chunk, 1);
    EXPECT_EQ(stream.size(), 21 + size + (chunks * 45)) << size;
    const auto opened = open(stream, {1, 2});
    ASSERT_TRUE(opened) << size;
    EXPECT_EQ(opened->plaintext, plaintext);
    expect_refused(open(stream, {1, 3}));
  }
}

TEST_F(StreamTest, EveryFlippedBitIsNoticed) {
  const Buffer plaintext = content(40);
  Buffer stream = seal(plaintext);
  for (std::size_t bit = 0; bit < stream.size() * 8; ++bit) {
    stream[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    expect_refused(open(stream));
    stream[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
}

TEST_F(StreamTest, EveryCutAndEveryAdditionIsNoticed) {
  Buffer small = seal(content(40));
  for (std::size_t size = 0; size < small.size(); ++size) {
    expect_refused(open(Buffer(small.begin(), small.begin() + static_cast<long>(size))));
  }
  const Buffer stream = seal(content((2 * chunk) + 5));
  // Also where chunks end: what is left is whole chunks, but no last one.
  for (const std::size_t chunks : {0U, 1U, 2U}) {
    const std::size_t size = stream_header_bytes + (chunks * chunk_bytes_max);
    expect_refused(open(Buffer(stream.begin(), stream.begin() + static_cast<long>(size))));
  }
  Buffer longer = stream;
  longer.push_back(0);
  expect_refused(open(longer));
  const Buffer other = seal(content(5));
  longer = seal(content(chunk));
  longer.insert(longer.end(), other.begin() + stream_header_bytes, other.end());
  expect_refused(open(longer));
}

TEST_F(StreamTest, ChunksThatChangedTheirPlaceAreNoticed) {
  const Buffer stream = seal(content(3 * chunk));
  const auto at = [&](std::size_t i) {
    return static_cast<long>(stream_header_bytes + (i * chunk_bytes_max));
  };
  Buffer swapped = stream;
  std::swap_ranges(swapped.begin() + at(0), swapped.begin() + at(1), swapped.begin() + at(1));
  expect_refused(open(swapped));
  Buffer repeated = stream;
  std::copy(stream.begin() + at(0), stream.begin() + at(1), repeated.begin() + at(1));
  expect_refused(open(repeated));
  Buffer dropped = stream;
  dropped.erase(dropped.begin() + at(1), dropped.begin() + at(2));
  expect_refused(open(dropped));
  Buffer foreign = seal(content(3 * chunk));
  std::copy(stream.begin() + at(1), stream.begin() + at(2), foreign.begin() + at(1));
  expect_refused(open(foreign));
}

TEST_F(StreamTest, AnyByteIsFoundWithoutReadingTheRest) {
  const Buffer plaintext = content((3 * chunk) + 77);
  const Buffer stream = seal(plaintext);
  for (const std::size_t offset :
       {std::size_t{0}, chunk - 1, chunk, (2 * chunk) + 5, plaintext.size() - 1}) {
    const auto at = locate(stream.size(), offset);
    ASSERT_TRUE(at);
    EXPECT_EQ(at->plaintext_bytes, plaintext.size());
    const auto opened = open_chunk(stream, offset);
    ASSERT_TRUE(opened) << offset;
    EXPECT_EQ(opened->plaintext.at(at->skip), plaintext[offset]);
  }
  // A chunk at the end of a cut stream is not the last one.
  const Buffer cut(stream.begin(), stream.begin() + stream_header_bytes + (2 * chunk_bytes_max));
  EXPECT_EQ(open_chunk(cut, chunk).error().code(), BP_E_DECRYPT);
  EXPECT_TRUE(open_chunk(cut, 0));
}

TEST_F(StreamTest, LengthsThatNoStreamHasAreRefused) {
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{20}, std::uint64_t{21},
                                    std::uint64_t{65}, std::uint64_t{21 + chunk_bytes_max + 45}}) {
    EXPECT_EQ(locate(bytes, 0).error().code(), BP_E_INVALID) << bytes;
  }
  EXPECT_EQ(locate(21 + 45, 0).error().code(), BP_E_RANGE);  // empty
  EXPECT_EQ(locate(21 + 45 + 1, 1).error().code(), BP_E_RANGE);
  EXPECT_TRUE(rc::check([&](std::uint64_t bytes, std::uint64_t offset) {
    const auto at = locate(bytes, offset);
    if (at) {
      RC_ASSERT(at->chunk_offset + at->chunk_bytes <= bytes);
      RC_ASSERT(at->skip + chunk_overhead_bytes < at->chunk_bytes);
    }
  }));
}

TEST_F(StreamTest, ChunkByChunkGivesTheSameStream) {
  stream_contract::BeginRequestT begin;
  const auto header = service.begin(*Request<stream_contract::BeginRequest>(begin));
  ASSERT_TRUE(header);
  Buffer stream = header->header;
  const Buffer plaintext = content(chunk + 9);
  // A rotation meanwhile: the stream goes on with its own key.
  keys.commit(keys.prepare(testing::stored("", Purpose::Messages, 1, 1)).value());
  for (std::uint64_t i = 0; i < 2; ++i) {
    stream_contract::SealChunkRequestT request;
    request.header = header->header;
    request.index = i;
    request.last = i == 1;
    const auto from = plaintext.begin() + static_cast<long>(i * chunk);
    request.plaintext.assign(from, i == 1 ? plaintext.end() : from + chunk);
    const auto sealed = service.seal_chunk(*Request<stream_contract::SealChunkRequest>(request));
    ASSERT_TRUE(sealed) << sealed.error().text();
    stream.insert(stream.end(), sealed->chunk.begin(), sealed->chunk.end());
  }
  EXPECT_EQ(open(stream).value().plaintext, plaintext);
}

TEST_F(StreamTest, SaysWhyAChunkCannotBeSealed) {
  stream_contract::SealChunkRequestT request;
  const auto code = [&] {
    const auto sealed = service.seal_chunk(*Request<stream_contract::SealChunkRequest>(request));
    return sealed ? BP_OK : sealed.error().code();
  };
  request.last = true;
  EXPECT_EQ(code(), BP_E_INVALID);  // no header
  request.header =
      service.begin(*Request<stream_contract::BeginRequest>(stream_contract::BeginRequestT()))
          ->header;
  EXPECT_EQ(code(), BP_OK);  // an empty stream
  request.index = 1;
  EXPECT_EQ(code(), BP_E_INVALID);  // an empty chunk behind others
  request.plaintext = {1};
  request.last = false;
  EXPECT_EQ(code(), BP_E_INVALID);  // short, but not the last
  request.plaintext.resize(chunk + 1);
  EXPECT_EQ(code(), BP_E_INVALID);
  request.plaintext.resize(chunk);
  request.header[2] ^= 1U;
  EXPECT_EQ(code(), BP_E_UNAVAILABLE);  // a key that is not here
  request.associated_data.resize(stream_associated_data_bytes_max + 1);
  EXPECT_EQ(code(), BP_E_TOO_LARGE);
  keys.commit(keys.prepare(testing::stored("aes", Purpose::Aes256Gcm, 1, 1)).value());
  stream_contract::BeginRequestT begin;
  begin.key = "aes";
  EXPECT_EQ(service.begin(*Request<stream_contract::BeginRequest>(begin)).error().code(),
            BP_E_UNSUPPORTED);
}

TEST_F(StreamTest, AMessageIsNoChunkAndAChunkNoMessage) {
  const Buffer stream = seal(content(9));
  const Buffer sealed_chunk(stream.begin() + stream_header_bytes, stream.end());
  EXPECT_FALSE(Aead(keys).open(Framing::Keyed, sealed_chunk, {}));
}

}  // namespace
}  // namespace crypto_sodium
