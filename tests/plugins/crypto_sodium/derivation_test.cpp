// tests/plugins/crypto_sodium/derivation_test.cpp - HKDF and PBKDF2 against published vectors.
#include "derivation.hpp"

#include <gtest/gtest.h>

#include "bytes.hpp"

namespace crypto_sodium {
namespace {

using testing::as_bytes;
using testing::hex;
using testing::unhex;

TEST(Hkdf, Rfc5869Case3) {
  // The first 32 of the 42 bytes; the second block is nothing we use.
  const auto key = hkdf_sha256(unhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), "");
  ASSERT_TRUE(key);
  EXPECT_EQ(hex(key->bytes()), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(Hkdf, Rfc5869Cases1And2) {
  const auto hkdf = [](const std::string& input, const std::string& salt, const std::string& info,
                       std::size_t size) {
    testing::Buffer out(size);
    hkdf_sha256_to(testing::unhex(input), testing::unhex(salt), testing::unhex(info), out);
    return testing::hex(out);
  };
  const auto counting = [](unsigned first, unsigned last) {
    testing::Buffer bytes;
    for (unsigned i = first; i <= last; ++i) {
      bytes.push_back(static_cast<std::uint8_t>(i));
    }
    return testing::hex(bytes);
  };
  EXPECT_EQ(
      hkdf(testing::hex(testing::Buffer(22, 0x0b)), counting(0, 12), counting(0xf0, 0xf9), 42),
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(
      hkdf(counting(0, 0x4f), counting(0x60, 0xaf), counting(0xb0, 0xff), 82),
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
      "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
}

TEST(Hkdf, AnotherPurposeIsAnotherKey) {
  const Secret master = testing::counting_key(0);
  EXPECT_NE(hex(hkdf_sha256(master.bytes(), "a").value().bytes()),
            hex(hkdf_sha256(master.bytes(), "b").value().bytes()));
}

TEST(Pbkdf2, Rfc7914OneIteration) {
  const auto key = pbkdf2_sha256(as_bytes("passwd"), as_bytes("salt"), 1, 64);
  ASSERT_TRUE(key);
  EXPECT_EQ(hex(key->bytes()),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
            "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783");
}

TEST(Pbkdf2, Rfc7914EightyThousandIterations) {
  const auto key = pbkdf2_sha256(as_bytes("Password"), as_bytes("NaCl"), 80'000, 64);
  ASSERT_TRUE(key);
  EXPECT_EQ(hex(key->bytes()),
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
            "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d");
}

TEST(Pbkdf2, AnEmptyPasswordIsStillDerived) {
  const auto key = pbkdf2_sha256({}, as_bytes("salt"), 1);
  ASSERT_TRUE(key);
  EXPECT_NE(hex(key->bytes()), std::string(64, '0'));
}

TEST(Pbkdf2, RefusesAbsurdCountsAndLengths) {
  EXPECT_EQ(pbkdf2_sha256(as_bytes("p"), as_bytes("salt"), 0).error().code(), BP_E_RANGE);
  EXPECT_EQ(
      pbkdf2_sha256(as_bytes("p"), as_bytes("salt"), pbkdf2_iterations_max + 1).error().code(),
      BP_E_RANGE);
  const testing::Buffer long_password(password_bytes_max + 1, 'p');
  EXPECT_EQ(pbkdf2_sha256(long_password, as_bytes("salt"), 1).error().code(), BP_E_TOO_LARGE);
}

}  // namespace
}  // namespace crypto_sodium
