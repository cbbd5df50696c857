// tests/plugins/transport_ws/auth/digest_test.cpp - known answers.
#include "auth/digest.hpp"

#include <string>

#include <gtest/gtest.h>

#include "../tls/paper.hpp"
#include "tokens.hpp"

namespace transport_ws::auth {
namespace {

TEST(Digest, HasKnownAnswers) {
  EXPECT_EQ(sha256("abc"),
            *digest_of_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  // RFC 4231, test case 2.
  EXPECT_EQ(hmac_sha256("Jefe", "what do ya want for nothing?"),
            *digest_of_hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  EXPECT_TRUE(same(sha256("a"), sha256("a")));
  EXPECT_FALSE(same(sha256("a"), sha256("b")));
}

TEST(Digest, ReadsHexAndBase64url) {
  EXPECT_FALSE(digest_of_hex("abc"));
  EXPECT_FALSE(digest_of_hex(std::string(64, 'g')));
  EXPECT_FALSE(digest_of_hex(std::string(66, 'a')));
  EXPECT_EQ(from_base64url("-_8"), "\xfb\xff");
  EXPECT_EQ(from_base64url(""), "");
  for (const auto* wrong : {"a", "ab=", "ab+/", "a b c", "ab\n"}) {
    EXPECT_FALSE(from_base64url(wrong)) << wrong;
  }
}

TEST(Digest, VerifiesEd25519) {
  const tls::Folder folder;
  const SigningKey key;
  const auto read = read_ed25519(folder.write("key.pem", key.public_pem()));
  ASSERT_TRUE(read) << read.error().text();
  const std::string signature = key.sign("text");
  EXPECT_TRUE(verify_ed25519(*read, "text", signature));
  EXPECT_FALSE(verify_ed25519(*read, "texT", signature));
  EXPECT_FALSE(verify_ed25519(*read, "text", signature.substr(1)));
  EXPECT_FALSE(verify_ed25519(*read, "text", ""));
}

TEST(Digest, RefusesOtherKeysByName) {
  const tls::Folder folder;
  for (const std::string& content : {std::string("garbage"), tls::pem_of([](BIO* into) {
                                       EVP_PKEY* other = EVP_EC_gen("P-256");
                                       PEM_write_bio_PUBKEY(into, other);
                                       EVP_PKEY_free(other);
                                     })}) {
    const auto refused = read_ed25519(folder.write("key.pem", content));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message().find("key.pem' holds no Ed25519 public key"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace transport_ws::auth
