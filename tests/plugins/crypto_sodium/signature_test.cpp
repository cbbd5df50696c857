// tests/plugins/crypto_sodium/signature_test.cpp - Ed25519 against RFC 8032, and with named keys.
#include "signature.hpp"

#include <sodium.h>

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "requests.hpp"

namespace crypto_sodium {
namespace {

using testing::as_bytes;
using testing::Buffer;
using testing::hex;
using testing::Request;
using testing::unhex;

struct Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032, section 7.1.
constexpr std::array<Vector, 3> published{{
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
}};

TEST(Ed25519, SignsAndVerifiesPublishedVectors) {
  for (const Vector& vector : published) {
    const Buffer secret = unhex(std::string(vector.seed) + vector.public_key);
    const Buffer message = unhex(vector.message);
    Buffer signature(signature_bytes);
    sign_ed25519(secret, message, signature);
    EXPECT_EQ(hex(signature), vector.signature);
    EXPECT_TRUE(verify_ed25519(unhex(vector.public_key), message, signature));
    for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
      signature[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      ASSERT_FALSE(verify_ed25519(unhex(vector.public_key), message, signature)) << bit;
      signature[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    }
  }
}

class SignServiceTest : public ::testing::Test {
 protected:
  SignServiceTest() {
    EXPECT_TRUE(keys.add_primary(testing::counting_key(0)));
    keys.commit(keys.prepare(stored).value());
  }

  [[nodiscard]] bp::result<sign_contract::SignReplyT> sign(const std::string& text,
                                                           const std::string& key = "s") const {
    sign_contract::SignRequestT request;
    request.key = key;
    request.text = text;
    return service.sign(*Request<sign_contract::SignRequest>(request));
  }

  [[nodiscard]] bp::result<sign_contract::VerifyReplyT> verify(
      const std::string& text, const Buffer& signature, const Buffer& public_key = {}) const {
    sign_contract::VerifyRequestT request;
    (public_key.empty() ? request.key : request.text) = "s";
    request.public_key = public_key;
    request.text = text;
    request.signature = signature;
    return service.verify(*Request<sign_contract::VerifyRequest>(request));
  }

  StoredKeyset stored = testing::stored("s", Purpose::Ed25519, 2, 1);
  Keyset keys;
  SignService service{keys};
};

TEST_F(SignServiceTest, EveryVersionThatOpensVerifies) {
  const auto signed_by_first = sign("hello");
  ASSERT_TRUE(signed_by_first);
  stored.rings[0].primary = 2;
  keys.commit(keys.prepare(stored).value());
  const auto signed_by_second = sign("hello");
  ASSERT_TRUE(signed_by_second);
  EXPECT_NE(signed_by_first->key_id, signed_by_second->key_id);
  EXPECT_EQ(verify("hello", signed_by_first->signature)->key_id, signed_by_first->key_id);
  EXPECT_TRUE(verify("hello", signed_by_second->signature)->valid);
  EXPECT_FALSE(verify("hallo", signed_by_first->signature)->valid);
  EXPECT_FALSE(verify("hello", {})->valid);
  EXPECT_TRUE(verify("hello", signed_by_first->signature, signed_by_first->public_key)->valid);
  EXPECT_FALSE(verify("hello", signed_by_first->signature, signed_by_second->public_key)->valid);

  stored.rings[0].versions[0].state = KeyState::Disabled;
  keys.commit(keys.prepare(stored).value());
  EXPECT_FALSE(verify("hello", signed_by_first->signature)->valid);
  sign_contract::PublicKeysRequestT request;
  request.key = "s";
  const auto told = service.public_keys(*Request<sign_contract::PublicKeysRequest>(request));
  ASSERT_EQ(told->keys.size(), 1U);
  EXPECT_EQ(told->keys[0]->public_key, signed_by_second->public_key);
  EXPECT_TRUE(told->keys[0]->primary);
}

TEST_F(SignServiceTest, SaysWhyNot) {
  EXPECT_EQ(sign("a", "t").error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(sign("a", "").error().code(), BP_E_UNSUPPORTED);
  sign_contract::VerifyRequestT both;
  both.key = "s";
  both.public_key = {1};
  EXPECT_EQ(service.verify(*Request<sign_contract::VerifyRequest>(both)).error().code(),
            BP_E_INVALID);
}

}  // namespace
}  // namespace crypto_sodium
