// tests/plugins/crypto_sodium/interop_test.cpp - Node, OpenSSL and we open each other's work.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sodium.h>
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "aead.hpp"
#include "bytes.hpp"
#include "digest.hpp"
#include "mac.hpp"
#include "password_key.hpp"
#include "signature.hpp"
#include "temporary_folder.hpp"

namespace crypto_sodium {
namespace {

using testing::as_bytes;
using testing::as_text;
using testing::Buffer;
using testing::hex;
using testing::unhex;

/// What a command prints, without the last newline; empty when it fails.
std::string output_of(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"),
                                                             &::pclose);
  std::string output;
  std::array<char, 4096> chunk{};
  while (pipe && std::fgets(chunk.data(), chunk.size(), pipe.get()) != nullptr) {
    output += chunk.data();
  }
  return output.substr(0, output.find_last_not_of("\r\n") + 1);
}

class Interop : public ::testing::Test {
 protected:
  void SetUp() override {
    if (output_of("node --version 2>/dev/null").empty()) {
      GTEST_SKIP() << "node is not installed: apt-get install nodejs";
    }
    ASSERT_TRUE(keys.add_primary(testing::counting_key(0)));
  }

  /// Empty: node refused.
  static std::string node(const std::string& verb, Bytes first, Bytes second, Bytes third) {
    // An empty argument would vanish from the command line, so each is quoted.
    return output_of("node '" INTEROP_SCRIPT "' " + verb + " '" + hex(first) + "' '" + hex(second) +
                     "' '" + hex(third) + "' 2>/dev/null");
  }

  Keyset keys;
  Aead aead{keys};
  Secret master = testing::counting_key(0);
  const Bytes plaintext = as_bytes("Grüße from here");
  const Bytes associated = as_bytes("context");
};

TEST_F(Interop, NodeOpensOurs) {
  for (const auto& [framing, verb] :
       {std::pair(Framing::Raw, "rawOpen"), std::pair(Framing::Keyed, "keyedOpen")}) {
    auto sealed = aead.seal(Algorithm::Aes256Gcm, framing, plaintext, associated).value().bytes;
    EXPECT_EQ(node(verb, master.bytes(), sealed, associated), hex(plaintext)) << verb;
    sealed.back() ^= 1U;
    EXPECT_EQ(node(verb, master.bytes(), sealed, associated), "") << verb;
  }
}

TEST_F(Interop, WeOpenNodes) {
  for (const auto& [framing, verb] :
       {std::pair(Framing::Raw, "rawSeal"), std::pair(Framing::Keyed, "keyedSeal")}) {
    const Buffer sealed = unhex(node(verb, master.bytes(), plaintext, associated));
    const auto opened = aead.open(framing, sealed, associated);
    ASSERT_TRUE(opened) << verb;
    EXPECT_EQ(as_text(opened->plaintext), as_text(plaintext)) << verb;
  }
}

TEST_F(Interop, PasswordsWorkBothWays) {
  const Bytes password = as_bytes("correct horse");
  const Buffer ours = seal_with_password(password, plaintext, associated, Framing::Keyed).value();
  EXPECT_EQ(node("passwordOpen", password, ours, associated), hex(plaintext));

  const Buffer theirs = unhex(node("passwordSeal", password, plaintext, associated));
  const auto opened = open_with_password(password, theirs, associated, Framing::Keyed);
  ASSERT_TRUE(opened);
  EXPECT_EQ(as_text(opened->plaintext), as_text(plaintext));
}

TEST(OpensslInterop, KdfAgrees) {
  // OpenSSL's command line cannot do GCM, but it can check the derivation.
  const std::string theirs = output_of(
      "openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt pass:passwd -kdfopt "
      "salt:saltsaltsaltsalt "
      "-kdfopt iter:600000 PBKDF2 2>/dev/null | tr -d ':' | tr 'A-F' 'a-f'");
  if (theirs.empty()) {
    GTEST_SKIP() << "the openssl command is not installed: apt-get install openssl";
  }
  const auto ours = pbkdf2_sha256(as_bytes("passwd"), as_bytes("saltsaltsaltsalt"), 600'000);
  EXPECT_EQ(hex(ours.value().bytes()), theirs);
}

/// A file for a command line.
std::string quoted(const std::string& path) {
  return "'" + path + "'";
}

bool has_openssl() {
  return !output_of("openssl version 2>/dev/null").empty();
}

/// RFC 8410: what stands in front of the 32 bytes in a file of OpenSSL.
const Buffer private_key_head = unhex("302e020100300506032b657004220420");
const Buffer public_key_head = unhex("302a300506032b6570032100");

class OpensslFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_openssl()) {
      GTEST_SKIP() << "the openssl command is not installed: apt-get install openssl";
    }
  }

  /// Quoted for a command line.
  [[nodiscard]] std::string file(std::string_view name, Buffer head, Bytes rest = {}) const {
    head.insert(head.end(), rest.begin(), rest.end());
    return quoted(folder.write(name, as_text(head)));
  }

  testing::TemporaryFolder folder;
};

TEST_F(OpensslFiles, Ed25519WorksBothWays) {
  const Buffer secret = unhex(
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const Bytes seed = Bytes(secret).first(32);
  const Bytes public_key = Bytes(secret).last(32);
  const Buffer message = {'h', 'e', 'l', 'l', 'o'};
  Buffer ours(signature_bytes);
  sign_ed25519(secret, message, ours);
  const std::string rest = " -rawin -in " + file("message", message) + " -keyform DER ";
  EXPECT_EQ(output_of("openssl pkeyutl -verify -pubin -inkey " +
                      file("public", public_key_head, public_key) + rest + "-sigfile " +
                      file("signature", ours) + " 2>/dev/null"),
            "Signature Verified Successfully");
  const Buffer theirs =
      unhex(output_of("openssl pkeyutl -sign -inkey " + file("private", private_key_head, seed) +
                      rest + "2>/dev/null | od -An -v -tx1 | tr -d ' \\n'"));
  EXPECT_EQ(hex(theirs), hex(ours));
  EXPECT_TRUE(verify_ed25519(public_key, message, theirs));
}

TEST_F(OpensslFiles, HmacHkdfAndHashesAgree) {
  const Buffer message = {'h', 'e', 'l', 'l', 'o'};
  const std::string in = file("message", message);
  const std::string lower = " 2>/dev/null | tr -d ':' | tr 'A-F' 'a-f'";
  EXPECT_EQ(output_of("openssl mac -digest SHA256 -macopt hexkey:" + hex(Buffer(32, 7)) + " -in " +
                      in + " HMAC" + lower),
            hex(hmac_sha256(Buffer(32, 7), message)));
  Buffer derived(42);
  hkdf_sha256_to(Buffer(32, 7), Buffer(16, 8), as_bytes("context"), derived);
  EXPECT_EQ(output_of("openssl kdf -keylen 42 -kdfopt digest:SHA256 -kdfopt hexkey:" +
                      hex(Buffer(32, 7)) + " -kdfopt hexsalt:" + hex(Buffer(16, 8)) +
                      " -kdfopt info:context HKDF" + lower),
            hex(derived));
  for (const auto& [name, algorithm] :
       {std::pair("sha256", hash_contract::Algorithm::Sha256),
        std::pair("sha512", hash_contract::Algorithm::Sha512),
        std::pair("blake2b512", hash_contract::Algorithm::Blake2b)}) {
    const std::size_t bytes = algorithm == hash_contract::Algorithm::Blake2b ? 64 : 0;
    EXPECT_EQ(output_of(std::string("openssl dgst -r -") + name + " " + in +
                        " 2>/dev/null | cut -d' ' -f1"),
              hex(digest_of(algorithm, message, bytes).value()));
  }
}

// OpenSSL's command line cannot do GCM; its library can. This is the program of our README.
int open_gcm(const unsigned char key[32], const unsigned char* sealed, int size,
             unsigned char* text) {
  if (size < 12 + 16) {
    return -1;
  }
  int length = 0;
  int rest = 0;
  const int n = size - 12 - 16;
  EVP_CIPHER_CTX* cx = EVP_CIPHER_CTX_new();
  Buffer tag(sealed + 12 + n, sealed + size);
  const bool ok = EVP_DecryptInit_ex(cx, EVP_aes_256_gcm(), nullptr, key, sealed) == 1 &&
                  EVP_DecryptUpdate(cx, text, &length, sealed + 12, n) == 1 &&
                  EVP_CIPHER_CTX_ctrl(cx, EVP_CTRL_GCM_SET_TAG, 16, tag.data()) == 1 &&
                  EVP_DecryptFinal_ex(cx, text + length, &rest) == 1;
  EVP_CIPHER_CTX_free(cx);
  return ok ? n : -1;
}

Buffer seal_gcm(const unsigned char key[32], Bytes text) {
  Buffer sealed(12 + text.size() + 16, 9);  // a nonce of nines
  int length = 0;
  EVP_CIPHER_CTX* cx = EVP_CIPHER_CTX_new();
  const bool ok = EVP_EncryptInit_ex(cx, EVP_aes_256_gcm(), nullptr, key, sealed.data()) == 1 &&
                  EVP_EncryptUpdate(cx, &sealed[12], &length, text.data(),
                                    static_cast<int>(text.size())) == 1 &&
                  EVP_EncryptFinal_ex(cx, &sealed[12 + text.size()], &length) == 1 &&
                  EVP_CIPHER_CTX_ctrl(cx, EVP_CTRL_GCM_GET_TAG, 16, &sealed[12 + text.size()]) == 1;
  EVP_CIPHER_CTX_free(cx);
  return ok ? sealed : Buffer();
}

TEST(OpensslInterop, TheLibrarysOwnGcmWorksBothWays) {
  Keyset keys;
  ASSERT_TRUE(keys.add_primary(testing::counting_key(0)));
  const Aead aead(keys);
  const Secret master = testing::counting_key(0);
  const Bytes text = as_bytes("Grüße from here");
  const auto ours = aead.seal(Algorithm::Aes256Gcm, Framing::Raw, text, {}).value();
  Buffer opened(text.size());
  ASSERT_EQ(open_gcm(master.bytes().data(), ours.bytes.data(), static_cast<int>(ours.bytes.size()),
                     opened.data()),
            static_cast<int>(text.size()));
  EXPECT_EQ(as_text(opened), as_text(text));
  const Buffer theirs = seal_gcm(master.bytes().data(), text);
  EXPECT_EQ(as_text(aead.open(Framing::Raw, theirs, {}).value().plaintext), as_text(text));
}

TEST(Argon2Interop, AnImplementationThatPassesRfc9106AgreesWithUs) {
  const std::string script =
      "from cryptography.hazmat.primitives.kdf.argon2 import Argon2id as A;"
      "print(A(salt=b'\\x02'*16,length=32,iterations=3,lanes=4,memory_cost=32,ad=b'\\x04'*12,"
      "secret=b'\\x03'*8).derive(b'\\x01'*32).hex());"
      "print(A(salt=b'somesaltsomesalt',length=32,iterations=1,lanes=1,memory_cost=8192)"
      ".derive(b'password').hex())";
  const std::string theirs = output_of("python3 -c \"" + script + "\" 2>/dev/null");
  if (theirs.empty()) {
    GTEST_SKIP() << "python3 has no cryptography >= 44: pip install cryptography";
  }
  // RFC 9106, section 5.3, and then the same code with what libsodium offers.
  ASSERT_EQ(theirs.substr(0, 64),
            "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
  Buffer ours(32);
  const std::string salt = "somesaltsomesalt";
  ASSERT_EQ(crypto_pwhash_argon2id(ours.data(), ours.size(), "password", 8, as_bytes(salt).data(),
                                   1, 8192UL * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13),
            0);
  EXPECT_EQ(theirs.substr(65), hex(ours));
}

}  // namespace
}  // namespace crypto_sodium
