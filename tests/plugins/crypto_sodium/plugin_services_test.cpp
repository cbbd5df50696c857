// tests/plugins/crypto_sodium/plugin_services_test.cpp - the smaller services through the host, and
// a rush of password hashes that nobody else notices.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "backplane/contract/crypto_aead_generated.h"
#include "backplane/contract/crypto_hash_generated.h"
#include "backplane/contract/crypto_kdf_generated.h"
#include "backplane/contract/crypto_keys_generated.h"
#include "backplane/contract/crypto_mac_generated.h"
#include "backplane/contract/crypto_password_generated.h"
#include "backplane/contract/crypto_random_generated.h"
#include "backplane/contract/crypto_sign_generated.h"
#include "backplane/contract/crypto_stream_generated.h"

#include "bytes.hpp"
#include "plugin_fixture.hpp"

namespace crypto_sodium {
namespace {

namespace keys = bp::crypto::keys;
using testing::packed;
using testing::unpacked;

constexpr const char* cheap_config =
    R"({"key":{"file":"master.key","create":true},"argon2":{"memory_kib":8192,"passes":1}})";

class PluginServicesTest : public testing::PluginFixture {
 protected:
  PluginServicesTest() : host(instance(cheap_config)) { EXPECT_TRUE(host->start()); }

  void create(const std::string& name, keys::Algorithm algorithm) {
    keys::CreateRequestT request;
    request.name = name;
    request.algorithm = algorithm;
    ask<keys::KeyReply, keys::CreateRequest>(*host, "bp.crypto.keys", 1, request);
  }

  std::unique_ptr<bp::testing::fake_host> host;
};

TEST_F(PluginServicesTest, SignaturesAndTags) {
  namespace sign = bp::crypto::sign;
  namespace mac = bp::crypto::mac;
  create("s", keys::Algorithm::Ed25519);
  create("m", keys::Algorithm::HmacSha256);
  sign::SignRequestT message;
  message.key = "s";
  message.text = "hello";
  const auto signature =
      ask<sign::SignReply, sign::SignRequest>(*host, "bp.crypto.sign", 1, message);
  sign::VerifyRequestT signed_message;
  signed_message.key = "s";
  signed_message.text = "hello";
  signed_message.signature = signature.signature;
  EXPECT_TRUE(
      (ask<sign::VerifyReply, sign::VerifyRequest>(*host, "bp.crypto.sign", 2, signed_message)
           .valid));
  sign::PublicKeysRequestT whose;
  whose.key = "s";
  EXPECT_EQ((ask<sign::PublicKeysReply, sign::PublicKeysRequest>(*host, "bp.crypto.sign", 3, whose)
                 .keys.at(0)
                 ->public_key),
            signature.public_key);

  mac::ComputeRequestT tagged;
  tagged.key = "m";
  tagged.text = "hello";
  const auto tag = ask<mac::ComputeReply, mac::ComputeRequest>(*host, "bp.crypto.mac", 1, tagged);
  mac::VerifyRequestT checked;
  checked.key = "m";
  checked.text = "hello";
  checked.tag = tag.tag;
  EXPECT_TRUE(
      (ask<mac::VerifyReply, mac::VerifyRequest>(*host, "bp.crypto.mac", 2, checked).valid));
}

TEST_F(PluginServicesTest, HashesRandomBytesAndDerivations) {
  namespace hash = bp::crypto::hash;
  namespace random = bp::crypto::random;
  namespace kdf = bp::crypto::kdf;
  hash::HashRequestT abc;
  abc.text = "abc";
  EXPECT_EQ(
      (ask<hash::HashReply, hash::HashRequest>(*host, "bp.crypto.hash", 1, abc).hex.substr(0, 8)),
      "ba7816bf");
  random::BytesRequestT some;
  some.count = 5;
  EXPECT_EQ(
      (ask<random::BytesReply, random::BytesRequest>(*host, "bp.crypto.random", 1, some).bytes)
          .size(),
      5U);
  create("k", keys::Algorithm::HkdfSha256);
  kdf::DeriveRequestT derive;
  derive.key = "k";
  derive.context = "box";
  EXPECT_EQ(
      (ask<kdf::DeriveReply, kdf::DeriveRequest>(*host, "bp.crypto.kdf", 1, derive).output).size(),
      32U);
  kdf::HkdfRequestT hkdf;
  hkdf.input = {1};
  EXPECT_EQ((ask<kdf::HkdfReply, kdf::HkdfRequest>(*host, "bp.crypto.kdf", 2, hkdf).output).size(),
            32U);
  kdf::Pbkdf2RequestT weak;
  weak.password = "passwd";
  weak.salt = testing::Buffer(16, 1);
  weak.iterations = 599'999;
  EXPECT_EQ((fail<kdf::Pbkdf2Request>(*host, "bp.crypto.kdf", 3, weak)), BP_E_RANGE);
}

TEST_F(PluginServicesTest, Streams) {
  namespace stream = bp::crypto::stream;
  stream::SealRequestT whole;
  whole.plaintext = testing::Buffer(70'000, 7);
  const auto sealed =
      ask<stream::SealReply, stream::SealRequest>(*host, "bp.crypto.stream", 4, whole);
  stream::OpenRequestT back;
  back.stream = sealed.stream;
  EXPECT_EQ(
      (ask<stream::OpenReply, stream::OpenRequest>(*host, "bp.crypto.stream", 5, back).plaintext),
      whole.plaintext);
  back.stream.pop_back();
  EXPECT_EQ((fail<stream::OpenRequest>(*host, "bp.crypto.stream", 5, back)), BP_E_DECRYPT);
  stream::LocateRequestT where;
  where.stream_bytes = sealed.stream.size();
  where.offset = 65'536;
  EXPECT_TRUE(
      (ask<stream::LocateReply, stream::LocateRequest>(*host, "bp.crypto.stream", 6, where).last));
}

TEST_F(PluginServicesTest, AHundredPasswordsAtOnceAreBoundedAndNobodyElseWaits) {
  namespace password = bp::crypto::password;
  namespace aead = bp::crypto::aead;
  host->set_jobs_at_once(false);
  password::HashRequestT request;
  request.password = "correct horse";
  std::vector<bp_call> calls;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(host->call("bp.crypto.password", 1, packed<password::HashRequest>(request)));
  }
  std::size_t busy = 0;
  for (const bp_call call : calls) {
    const auto answer = host->answer_to(call);
    busy += answer && answer->status == BP_E_BUSY ? 1U : 0U;
  }
  EXPECT_EQ(busy, 82U);  // 2 work, 16 wait
  aead::EncryptRequestT hello;
  hello.text = "hello";
  EXPECT_EQ(host->call_inline("bp.crypto.aead", 1, packed<aead::EncryptRequest>(hello)).status,
            BP_OK);
  EXPECT_EQ(host->run_jobs(), 18U);
  std::size_t hashed = 0;
  for (const bp_call call : calls) {
    const auto answer = host->answer_to(call);
    ASSERT_TRUE(answer);
    if (answer->status == BP_OK) {
      ++hashed;
      EXPECT_TRUE(unpacked<password::HashReply>(answer->bytes).hash.starts_with("$argon2id$"));
    }
  }
  EXPECT_EQ(hashed, 18U);
}

TEST_F(PluginServicesTest, APasswordIsVerified) {
  namespace password = bp::crypto::password;
  password::HashRequestT request;
  request.password = "correct horse";
  password::VerifyRequestT verify;
  verify.password = "correct horse";
  verify.hash =
      ask<password::HashReply, password::HashRequest>(*host, "bp.crypto.password", 1, request).hash;
  EXPECT_TRUE(
      (ask<password::VerifyReply, password::VerifyRequest>(*host, "bp.crypto.password", 2, verify)
           .valid));
  password::NeedsRehashRequestT rehash;
  rehash.hash = verify.hash;
  EXPECT_FALSE((ask<password::NeedsRehashReply, password::NeedsRehashRequest>(
                    *host, "bp.crypto.password", 3, rehash)
                    .needs_rehash));
}

TEST(PluginConfig, ArgonsCostIsBounded) {
  const testing::TemporaryFolder folder;
  for (const char* argon2 : {R"({"memory_kib":1024})", R"({"memory_kib":2000000})",
                             R"({"passes":0})", R"({"passes":17})"}) {
    bp::testing::fake_host host(
        bp_plugin_v1, std::string(R"({"key":{"file":"k","create":true},"argon2":)") + argon2 + "}");
    host.set_property("instance.data_dir", folder.file(""));
    const auto started = host.start();
    ASSERT_FALSE(started) << argon2;
    EXPECT_EQ(started.error().code(), BP_E_RANGE);
  }
}

}  // namespace
}  // namespace crypto_sodium
