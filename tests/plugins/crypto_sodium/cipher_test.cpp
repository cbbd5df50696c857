// tests/plugins/crypto_sodium/cipher_test.cpp - both algorithms against published vectors.
#include "cipher.hpp"

#include <algorithm>
#include <sodium.h>
#include <string>

#include <gtest/gtest.h>

#include "bytes.hpp"

namespace crypto_sodium {
namespace {

using testing::Buffer;
using testing::hex;
using testing::unhex;

struct Vector {
  const char* name;
  Algorithm algorithm;
  std::string key, nonce, associated_data, plaintext, ciphertext, tag;
};

const std::string gcm_key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
const std::string gcm_text =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b5"
    "25"
    "b16aedf5aa0de657ba637b391aafd255";
const std::string gcm_sealed =
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b10568288"
    "38"
    "c5f61e6393ba7a0abcc9f662898015ad";

std::vector<Vector> published() {
  const std::string zeros(64, '0');
  return {
      // McGrew and Viega's GCM test cases 13 to 16, which SP 800-38D refers to.
      {"gcm13", Algorithm::Aes256Gcm, zeros, zeros.substr(0, 24), "", "", "",
       "530f8afbc74536b9a963b4f1c4cb738b"},
      {"gcm14", Algorithm::Aes256Gcm, zeros, zeros.substr(0, 24), "", zeros.substr(0, 32),
       "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
      {"gcm15", Algorithm::Aes256Gcm, gcm_key, "cafebabefacedbaddecaf888", "", gcm_text, gcm_sealed,
       "b094dac5d93471bdec1a502270e3cc6c"},
      {"gcm16", Algorithm::Aes256Gcm, gcm_key, "cafebabefacedbaddecaf888",
       "feedfacedeadbeeffeedfacedeadbeefabaddad2", gcm_text.substr(0, 120),
       gcm_sealed.substr(0, 120), "76fc6ece0f4e1768cddf8853bb2d551b"},
      // draft-irtf-cfrg-xchacha-03, appendix A.3.1.
      {"xchacha", Algorithm::XChaCha20Poly1305,
       "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
       "404142434445464748494a4b4c4d4e4f5051525354555657", "50515253c0c1c2c3c4c5c6c7",
       hex(testing::as_bytes("Ladies and Gentlemen of the class of '99: If I could offer you only "
                             "one tip for the future, sunscreen would be it.")),
       "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4ed"
       "a"
       "7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383"
       "5"
       "65d3fff921f9664c97637da9768812f615c68b13b52e",
       "c0875924c1c7987947deafd8780acf49"},
  };
}

Cipher cipher_of(Algorithm algorithm, const std::string& key_hex) {
  return Cipher::open(algorithm, Secret::copy_of(unhex(key_hex)).value()).value();
}

TEST(Cipher, SealsAndOpensPublishedVectors) {
  for (const Vector& vector : published()) {
    SCOPED_TRACE(vector.name);
    const Cipher cipher = cipher_of(vector.algorithm, vector.key);
    const Buffer plaintext = unhex(vector.plaintext);
    const Buffer associated_data = unhex(vector.associated_data);
    Buffer sealed(plaintext.size() + tag_bytes);
    ASSERT_TRUE(cipher.seal(unhex(vector.nonce), plaintext, associated_data, sealed));
    EXPECT_EQ(hex(sealed), vector.ciphertext + vector.tag);

    Buffer opened(plaintext.size());
    ASSERT_TRUE(cipher.open(unhex(vector.nonce), sealed, associated_data, opened));
    EXPECT_EQ(opened, plaintext);
  }
}

TEST(Cipher, RefusesEveryFlippedBitAndShowsNothing) {
  for (const Vector& vector : published()) {
    SCOPED_TRACE(vector.name);
    const Cipher cipher = cipher_of(vector.algorithm, vector.key);
    Buffer sealed = unhex(vector.ciphertext + vector.tag);
    Buffer opened(sealed.size() - tag_bytes);
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
      sealed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      const auto result =
          cipher.open(unhex(vector.nonce), sealed, unhex(vector.associated_data), opened);
      ASSERT_FALSE(result) << "bit " << bit;
      ASSERT_EQ(result.error().code(), BP_E_DECRYPT);
      ASSERT_TRUE(std::ranges::all_of(opened, [](auto byte) { return byte == 0; }));
      sealed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    }
  }
}

TEST(Cipher, BothLibrariesGiveTheSameXChaCha) {
  const Secret key = testing::counting_key(7);
  const Cipher cipher =
      Cipher::open(Algorithm::XChaCha20Poly1305, Secret::copy_of(key.bytes()).value()).value();
  const Buffer nonce(nonce_bytes(Algorithm::XChaCha20Poly1305), 0x5A);
  const Buffer associated_data(33, 0xA5);
  constexpr std::size_t from = xchacha_openssl_from_bytes;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, from - 1, from, from + 1, std::size_t{65'537}}) {
    SCOPED_TRACE(size);
    const Buffer plaintext(size, 0x42);
    Buffer ours(size + tag_bytes);
    Buffer theirs(size + tag_bytes);
    ASSERT_TRUE(cipher.seal(nonce, plaintext, associated_data, ours));
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        theirs.data(), nullptr, plaintext.data(), plaintext.size(), associated_data.data(),
        associated_data.size(), nullptr, nonce.data(), key.bytes().data());
    EXPECT_EQ(ours, theirs);
    Buffer opened(size);
    EXPECT_TRUE(cipher.open(nonce, ours, associated_data, opened));
    EXPECT_EQ(opened, plaintext);
  }
}

TEST(Cipher, BothLibrariesGiveTheSameAes) {
  const std::string key = std::string(64, '7');
  const Cipher cipher = cipher_of(Algorithm::Aes256Gcm, key);
  // Not before a key was made: until then libsodium has not looked at the processor.
  if (crypto_aead_aes256gcm_is_available() == 0) {
    GTEST_SKIP() << "this processor has no AES instructions, so only OpenSSL is used";
  }
  const Buffer nonce(nonce_bytes(Algorithm::Aes256Gcm), 5);
  const Buffer associated_data(16, 9);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{64}, gcm_openssl_from_bytes - 1,
        gcm_openssl_from_bytes, gcm_openssl_from_bytes + 1, std::size_t{65'537}}) {
    const Buffer plaintext(size, 3);
    Buffer ours(size + tag_bytes);
    Buffer theirs(size + tag_bytes);
    ASSERT_TRUE(cipher.seal(nonce, plaintext, associated_data, ours));
    crypto_aead_aes256gcm_encrypt(theirs.data(), nullptr, plaintext.data(), size,
                                  associated_data.data(), associated_data.size(), nullptr,
                                  nonce.data(), unhex(key).data());
    EXPECT_EQ(ours, theirs) << size;
    Buffer opened(size);
    EXPECT_TRUE(cipher.open(nonce, theirs, associated_data, opened));
    EXPECT_EQ(opened, plaintext);
  }
}

TEST(Cipher, AReusedContextForgetsTheLastMessage) {
  for (const Algorithm algorithm : {Algorithm::Aes256Gcm, Algorithm::XChaCha20Poly1305}) {
    SCOPED_TRACE(name(algorithm));
    const Cipher cipher = cipher_of(algorithm, gcm_key);
    const Buffer nonce(nonce_bytes(algorithm), 1);
    const Buffer plaintext(5'000, 0x42);
    Buffer first(plaintext.size() + tag_bytes);
    Buffer second(first.size());
    Buffer opened(plaintext.size());
    ASSERT_TRUE(cipher.seal(nonce, plaintext, testing::as_bytes("a"), first));
    EXPECT_FALSE(cipher.open(nonce, first, testing::as_bytes("b"), opened));
    ASSERT_TRUE(cipher.seal(nonce, plaintext, testing::as_bytes("a"), second));
    EXPECT_EQ(first, second);
  }
}

}  // namespace
}  // namespace crypto_sodium
