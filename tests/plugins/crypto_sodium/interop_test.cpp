// tests/plugins/crypto_sodium/interop_test.cpp - Node opens what we seal, and we what Node seals.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "aead.hpp"
#include "bytes.hpp"
#include "password_key.hpp"

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

}  // namespace
}  // namespace crypto_sodium
