// tests/plugins/crypto_sodium/payload_test.cpp - fields of requests, and keys by name.
#include "payload.hpp"

#include <gtest/gtest.h>

#include "aead.hpp"
#include "bytes.hpp"

namespace crypto_sodium {
namespace {

class PayloadTest : public ::testing::Test {
 protected:
  const flatbuffers::String* text(const std::string& from) {
    const auto offset = builder.CreateString(from);
    return flatbuffers::GetTemporaryPointer(builder, offset);
  }

  const ByteVector* bytes(const testing::Buffer& from) {
    const auto offset = builder.CreateVector(from);
    return flatbuffers::GetTemporaryPointer(builder, offset);
  }

  flatbuffers::FlatBufferBuilder builder{plaintext_bytes_max + 4096};
};

TEST_F(PayloadTest, BytesOrTextOrNeither) {
  EXPECT_EQ(testing::as_text(message_of(nullptr, text("a")).value()), "a");
  EXPECT_EQ(message_of(bytes({1, 2}), nullptr).value().size(), 2U);
  EXPECT_TRUE(message_of(nullptr, nullptr).value().empty());
  EXPECT_EQ(text_of(nullptr), "");
}

TEST_F(PayloadTest, NotBothAndNotTooMuch) {
  const auto* one = text("a");
  flatbuffers::FlatBufferBuilder other;
  const auto offset = other.CreateVector(testing::Buffer{1});
  EXPECT_EQ(message_of(flatbuffers::GetTemporaryPointer(other, offset), one).error().code(),
            BP_E_INVALID);
  EXPECT_EQ(message_of(bytes(testing::Buffer(plaintext_bytes_max + 1)), nullptr).error().code(),
            BP_E_TOO_LARGE);
}

TEST_F(PayloadTest, KeysAreForOnePurpose) {
  Keyset keys;
  ASSERT_TRUE(keys.add_primary(testing::counting_key(0)));
  keys.commit(keys.prepare(testing::stored("mac", Purpose::HmacSha256, 1, 1)).value());
  EXPECT_EQ(message_ring_of(keys, nullptr).value(), &keys.default_ring());
  EXPECT_EQ(message_ring_of(keys, text("mac")).error().code(), BP_E_UNSUPPORTED);
  EXPECT_EQ(ring_of(keys, text("mac"), Purpose::HmacSha256).value()->name(), "mac");
  const auto wrong = ring_of(keys, nullptr, Purpose::HmacSha256);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message(),
            "the default key is for messages, not for HMAC-SHA256; name another");
  EXPECT_EQ(ring_of(keys, text("cam"), Purpose::HmacSha256).error().code(), BP_E_NOT_FOUND);
  EXPECT_NE(sealing_key(*keys.find("mac"), Algorithm::HmacSha256).value(), nullptr);
  EXPECT_EQ(sealing_key(*keys.find("mac"), Algorithm::Ed25519).error().code(), BP_E_UNAVAILABLE);
}

}  // namespace
}  // namespace crypto_sodium
