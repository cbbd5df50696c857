// tests/plugins/crypto_sodium/keys_service_test.cpp - requests about keys and their replies.
#include "keys_service.hpp"

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "requests.hpp"
#include "temporary_folder.hpp"

namespace crypto_sodium {
namespace {

using testing::Request;

class KeysServiceTest : public ::testing::Test {
 protected:
  KeysServiceTest() {
    EXPECT_TRUE(keys.add_primary(testing::counting_key(0)));
    std::vector<SealingKey> sealing;
    sealing.push_back(SealingKey::of(testing::counting_key(0)).value());
    EXPECT_TRUE(store.open(std::move(sealing)));
  }

  bp::result<keys_contract::KeyReplyT> create(
      const std::string& name,
      keys_contract::Algorithm algorithm = keys_contract::Algorithm::Messages) {
    keys_contract::CreateRequestT request;
    request.name = name;
    request.algorithm = algorithm;
    return service.create(*Request<keys_contract::CreateRequest>(request), 7);
  }

  bp::result<keys_contract::DataKeyReplyT> data_key(const std::string& context) {
    keys_contract::DataKeyRequestT request;
    request.name = "mail";
    request.context = context;
    return service.data_key(*Request<keys_contract::DataKeyRequest>(request));
  }

  bp::result<keys_contract::OpenDataKeyReplyT> open(const testing::Buffer& wrapped,
                                                    const std::string& context) {
    keys_contract::OpenDataKeyRequestT request;
    request.wrapped = wrapped;
    request.context = context;
    return service.open_data_key(*Request<keys_contract::OpenDataKeyRequest>(request));
  }

  testing::TemporaryFolder folder;
  Keyset keys;
  KeyStore store{KeysetFile(folder.file("keyset")), GenerationRecord(folder.file("key_generation")),
                 keys};
  KeysService service{store, keys, Algorithm::XChaCha20Poly1305};
};

TEST_F(KeysServiceTest, CreatesRotatesAndTells) {
  const auto made = create("mail", keys_contract::Algorithm::Ed25519);
  ASSERT_TRUE(made);
  ASSERT_EQ(made->key->versions.size(), 1U);
  EXPECT_EQ(made->key->versions[0]->public_key.size(), 32U);
  EXPECT_EQ(made->key->versions[0]->created_s, 7);
  keys_contract::RotateRequestT rotate;
  rotate.name = "mail";
  const auto rotated = service.rotate(*Request<keys_contract::RotateRequest>(rotate), 8);
  ASSERT_TRUE(rotated);
  ASSERT_EQ(rotated->key->versions.size(), 2U);
  EXPECT_FALSE(rotated->key->versions[0]->primary);
  EXPECT_TRUE(rotated->key->versions[1]->primary);
  EXPECT_EQ(rotated->key->algorithm, keys_contract::Algorithm::Ed25519);

  const auto told =
      service.describe(*Request<keys_contract::DescribeRequest>(keys_contract::DescribeRequestT()));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->generation, 2U);
  ASSERT_EQ(told->keys.size(), 2U);
  EXPECT_EQ(told->keys[0]->name, "");
  EXPECT_EQ(told->keys[0]->versions[0]->version, 0U);
  EXPECT_EQ(told->keys[1]->name, "mail");
  keys_contract::DescribeRequestT other;
  other.name = "male";
  EXPECT_EQ(service.describe(*Request<keys_contract::DescribeRequest>(other)).error().code(),
            BP_E_NOT_FOUND);
}

TEST_F(KeysServiceTest, RefusesAnUnknownAlgorithm) {
  EXPECT_EQ(create("mail", static_cast<keys_contract::Algorithm>(99)).error().code(), BP_E_INVALID);
}

TEST_F(KeysServiceTest, DataKeysComeBackWithTheirContextOnly) {
  ASSERT_TRUE(create("mail"));
  const auto made = data_key("box 7");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->plaintext.size(), key_bytes);
  EXPECT_NE(data_key("box 7")->plaintext, made->plaintext);
  EXPECT_EQ(open(made->wrapped, "box 7").value().plaintext, made->plaintext);
  EXPECT_EQ(open(made->wrapped, "box 8").error().code(), BP_E_DECRYPT);
  // Not a message: who may decrypt may not therefore unwrap.
  EXPECT_FALSE(Aead(keys).open(Framing::Keyed, made->wrapped, testing::as_bytes("box 7")));

  keys_contract::DataKeyRequestT request;
  request.name = "mail";
  request.omit_plaintext = true;
  EXPECT_TRUE(
      service.data_key(*Request<keys_contract::DataKeyRequest>(request))->plaintext.empty());
}

TEST_F(KeysServiceTest, DataKeysNeedAKeyThatSeals) {
  ASSERT_TRUE(create("mail", keys_contract::Algorithm::HmacSha256));
  EXPECT_EQ(data_key("").error().code(), BP_E_UNSUPPORTED);
}

}  // namespace
}  // namespace crypto_sodium
