// tests/plugins/crypto_sodium/password_key_test.cpp - policy, layout, tampering.
#include "password_key.hpp"

#include <gtest/gtest.h>

#include "bytes.hpp"

namespace crypto_sodium {
namespace {

using testing::as_bytes;
using testing::as_text;
using testing::Buffer;

constexpr PasswordPolicy quick{.iterations = 3, .iterations_min = 1};

Buffer seal(std::string_view password, std::string_view text, std::string_view associated = "") {
  return seal_with_password(as_bytes(password), as_bytes(text), as_bytes(associated),
                            Framing::Keyed, quick)
      .value();
}

void expect_decryption_failed(const bp::result<PasswordOpened>& opened) {
  ASSERT_FALSE(opened);
  ASSERT_EQ(opened.error().code(), BP_E_DECRYPT);
  ASSERT_EQ(opened.error().text(), "decryption failed");
}

TEST(PasswordKey, OpensWhatItSealed) {
  const Buffer sealed = seal("correct horse", "hello", "context");
  EXPECT_EQ(sealed.size(), 8U + 16 + 12 + 5 + 16);
  EXPECT_EQ(testing::hex(Bytes(sealed).first(8)), "4250503100000003");
  const auto opened =
      open_with_password(as_bytes("correct horse"), sealed, as_bytes("context"), Framing::Keyed);
  ASSERT_TRUE(opened);
  EXPECT_EQ(as_text(opened->plaintext), "hello");
  EXPECT_EQ(opened->iterations, 3U);
}

TEST(PasswordKey, TheRealCountWorksInBothForms) {
  for (const Framing framing : {Framing::Keyed, Framing::Raw}) {
    const Buffer sealed = seal_with_password(as_bytes("pw"), as_bytes("text"), {}, framing).value();
    const auto opened = open_with_password(as_bytes("pw"), sealed, {}, framing);
    ASSERT_TRUE(opened);
    EXPECT_EQ(as_text(opened->plaintext), "text");
    EXPECT_EQ(opened->iterations, 600'000U);
  }
}

TEST(PasswordKey, EveryFlippedByteFailsAlike) {
  Buffer sealed = seal("pw", "text", "context");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    sealed[i] ^= 0x80U;
    expect_decryption_failed(
        open_with_password(as_bytes("pw"), sealed, as_bytes("context"), Framing::Keyed));
    sealed[i] ^= 0x80U;
  }
  expect_decryption_failed(
      open_with_password(as_bytes("pw"), sealed, as_bytes("contexT"), Framing::Keyed));
  expect_decryption_failed(
      open_with_password(as_bytes("pW"), sealed, as_bytes("context"), Framing::Keyed));
}

TEST(PasswordKey, EveryTruncationFailsAlike) {
  const Buffer sealed = seal("pw", "text");
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    expect_decryption_failed(
        open_with_password(as_bytes("pw"), Bytes(sealed).first(size), {}, Framing::Keyed));
  }
}

TEST(PasswordKey, AnAbsurdCountInTheHeaderCostsNothing) {
  Buffer sealed = seal("pw", "text");
  for (std::size_t i = 4; i < 8; ++i) {
    sealed[i] = 0xFF;
  }
  expect_decryption_failed(open_with_password(as_bytes("pw"), sealed, {}, Framing::Keyed));
}

TEST(PasswordKey, ANewRecordNeedsAStrongCountAndAPassword) {
  const auto weak = seal_with_password(as_bytes("pw"), {}, {}, Framing::Keyed,
                                       PasswordPolicy{.iterations = 599'999});
  ASSERT_FALSE(weak);
  EXPECT_EQ(weak.error().code(), BP_E_RANGE);
  EXPECT_NE(weak.error().message().find("600000"), std::string::npos);
  EXPECT_EQ(seal_with_password({}, {}, {}, Framing::Keyed, quick).error().code(), BP_E_INVALID);
  EXPECT_EQ(seal_with_password(as_bytes("pw"), {}, {}, Framing::Raw,
                               PasswordPolicy{.iterations = 600'001})
                .error()
                .code(),
            BP_E_RANGE);
}

TEST(PasswordKey, LongPasswordsAreRefusedOrDoNotOpen) {
  const Buffer password(password_bytes_max + 1, 'p');
  EXPECT_EQ(seal_with_password(password, {}, {}, Framing::Keyed, quick).error().code(),
            BP_E_TOO_LARGE);
  expect_decryption_failed(open_with_password(password, seal("pw", "text"), {}, Framing::Keyed));
}

TEST(PasswordKey, SameInputsNeverGiveTheSameBytes) {
  EXPECT_NE(seal("pw", "text"), seal("pw", "text"));
}

}  // namespace
}  // namespace crypto_sodium
