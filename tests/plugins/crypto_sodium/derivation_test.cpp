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
