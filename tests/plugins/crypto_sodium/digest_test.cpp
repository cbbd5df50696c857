// tests/plugins/crypto_sodium/digest_test.cpp - hashes against published vectors; random bytes.
#include "digest.hpp"

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "requests.hpp"

namespace crypto_sodium {
namespace {

using hash_contract::Algorithm;
using testing::as_bytes;
using testing::Request;

std::string digest(Algorithm algorithm, std::string_view text, std::size_t bytes = 0) {
  return testing::hex(digest_of(algorithm, as_bytes(text), bytes).value());
}

TEST(Digest, AgreesWithThePublishedVectors) {
  // FIPS 180-4's "abc", RFC 7693 appendix A.
  EXPECT_EQ(digest(Algorithm::Sha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest(Algorithm::Sha256, ""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(
      digest(Algorithm::Sha512, "abc"),
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c2"
      "3a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_EQ(
      digest(Algorithm::Blake2b, "abc", 64),
      "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5d"
      "e4533cc9518d38aa8dbf1925ab92386edd4009923");
  EXPECT_EQ(digest(Algorithm::Blake2b, "abc").size(), 64U);
}

TEST(Digest, RefusesLengthsThatAreNotOffered) {
  EXPECT_EQ(digest_of(Algorithm::Sha256, {}, 16).error().code(), BP_E_RANGE);
  EXPECT_EQ(digest_of(Algorithm::Blake2b, {}, 15).error().code(), BP_E_RANGE);
  EXPECT_EQ(digest_of(Algorithm::Blake2b, {}, 65).error().code(), BP_E_RANGE);
  EXPECT_EQ(digest_of(static_cast<Algorithm>(9), {}, 0).error().code(), BP_E_INVALID);
}

TEST(Digest, AnswersInBytesAndInHex) {
  hash_contract::HashRequestT request;
  request.text = "abc";
  const auto reply = hash_message(*Request<hash_contract::HashRequest>(request));
  ASSERT_TRUE(reply);
  EXPECT_EQ(testing::hex(reply->digest), reply->hex);
  EXPECT_EQ(reply->hex.substr(0, 8), "ba7816bf");
}

TEST(RandomBytes, AreAsManyAsAskedForAndNeverTheSame) {
  const auto ask = [](std::uint32_t count) {
    random_contract::BytesRequestT request;
    request.count = count;
    return random_bytes(*Request<random_contract::BytesRequest>(request));
  };
  EXPECT_EQ(ask(65'536).value().bytes.size(), 65'536U);
  EXPECT_NE(ask(16).value().bytes, ask(16).value().bytes);
  EXPECT_EQ(ask(0).error().code(), BP_E_RANGE);
  EXPECT_EQ(ask(65'537).error().code(), BP_E_RANGE);
}

}  // namespace
}  // namespace crypto_sodium
