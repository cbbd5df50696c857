// tests/plugins/crypto_sodium/aead_service_test.cpp - requests of the contract and their replies.
#include "aead_service.hpp"

#include <string>

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "requests.hpp"

namespace crypto_sodium {
namespace {

using testing::as_text;
using testing::Buffer;
using testing::Request;

class AeadServiceTest : public ::testing::Test {
 protected:
  AeadServiceTest() { EXPECT_TRUE(keys.add_primary(testing::counting_key(0))); }

  [[nodiscard]] bp::result<contract::EncryptReplyT> encrypt(
      const contract::EncryptRequestT& request) const {
    return service.encrypt(*Request<contract::EncryptRequest>(request));
  }

  [[nodiscard]] bp::result<contract::DecryptReplyT> decrypt(
      const contract::DecryptRequestT& request) const {
    return service.decrypt(*Request<contract::DecryptRequest>(request));
  }

  static contract::EncryptRequestT text_request(const std::string& text) {
    contract::EncryptRequestT request;
    request.text = text;
    return request;
  }

  static contract::DecryptRequestT open_request(const Buffer& ciphertext) {
    contract::DecryptRequestT request;
    request.ciphertext = ciphertext;
    return request;
  }

  Keyset keys;
  AeadService service{keys, Algorithm::XChaCha20Poly1305};
};

TEST_F(AeadServiceTest, TextGoesInAndComesOut) {
  const auto sealed = encrypt(text_request("Grüße"));
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->algorithm, contract::Algorithm::XChaCha20Poly1305);
  EXPECT_EQ(sealed->key_id, 0x6CC8552EU);
  const auto opened = decrypt(open_request(sealed->ciphertext));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->text, "Grüße");
  EXPECT_EQ(as_text(opened->plaintext), "Grüße");
  EXPECT_EQ(opened->key_id, sealed->key_id);
}

TEST_F(AeadServiceTest, BytesThatAreNoTextComeAsBytesOnly) {
  contract::EncryptRequestT request;
  request.plaintext = {0xFF, 0xFE, 0x00};
  const auto opened = decrypt(open_request(encrypt(request).value().ciphertext));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->plaintext, request.plaintext);
  EXPECT_EQ(opened->text, "");
}

TEST_F(AeadServiceTest, TextIsLeftOutOnRequest) {
  auto request = open_request(encrypt(text_request("text")).value().ciphertext);
  request.omit_text = true;
  const auto opened = decrypt(request);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->text, "");
  EXPECT_EQ(as_text(opened->plaintext), "text");
}

TEST_F(AeadServiceTest, NothingIsTheEmptyMessage) {
  const auto sealed = encrypt({});
  ASSERT_TRUE(sealed);
  EXPECT_TRUE(decrypt(open_request(sealed->ciphertext)).value().plaintext.empty());
}

TEST_F(AeadServiceTest, AssociatedTextAndDataAreTheSame) {
  auto request = text_request("text");
  request.associated_text = "row 7";
  auto open = open_request(encrypt(request).value().ciphertext);
  EXPECT_EQ(decrypt(open).error().code(), BP_E_DECRYPT);
  open.associated_data = {'r', 'o', 'w', ' ', '7'};
  EXPECT_TRUE(decrypt(open));
}

TEST_F(AeadServiceTest, ChoosesAlgorithmAndForm) {
  auto request = text_request("text");
  request.algorithm = contract::Algorithm::Aes256Gcm;
  EXPECT_EQ(encrypt(request).value().key_id, 0xDE11F0F0U);
  request.algorithm = contract::Algorithm::Default;
  request.raw = true;
  const auto raw = encrypt(request);
  ASSERT_TRUE(raw);
  EXPECT_EQ(raw->ciphertext.size(), 12U + 4 + 16);
  auto open = open_request(raw->ciphertext);
  open.raw = true;
  EXPECT_EQ(decrypt(open).value().text, "text");
}

TEST_F(AeadServiceTest, RefusesContradictions) {
  auto both = text_request("text");
  both.plaintext = {1};
  EXPECT_EQ(encrypt(both).error().code(), BP_E_INVALID);
  auto both_associated = text_request("text");
  both_associated.associated_data = {1};
  both_associated.associated_text = "1";
  EXPECT_EQ(encrypt(both_associated).error().code(), BP_E_INVALID);
  auto unknown = text_request("text");
  unknown.algorithm = static_cast<contract::Algorithm>(9);
  EXPECT_EQ(encrypt(unknown).error().code(), BP_E_INVALID);
  auto raw_xchacha = text_request("text");
  raw_xchacha.raw = true;
  raw_xchacha.algorithm = contract::Algorithm::XChaCha20Poly1305;
  EXPECT_EQ(encrypt(raw_xchacha).error().code(), BP_E_UNSUPPORTED);
}

TEST_F(AeadServiceTest, EachItemOfABatchStandsForItself) {
  contract::EncryptManyRequestT many;
  for (const char* text : {"a", "b", "c"}) {
    many.items.push_back(std::make_unique<contract::EncryptRequestT>(text_request(text)));
  }
  many.items[1]->plaintext = {1};  // and text: a contradiction
  const auto sealed = service.encrypt_many(*Request<contract::EncryptManyRequest>(many)).value();
  ASSERT_EQ(sealed.items.size(), 3U);
  EXPECT_EQ(sealed.items[1]->code, BP_E_INVALID);
  EXPECT_FALSE(sealed.items[1]->message.empty());
  EXPECT_EQ(sealed.items[1]->reply, nullptr);

  contract::DecryptManyRequestT back;
  for (const std::size_t i : {0U, 2U}) {
    back.items.push_back(std::make_unique<contract::DecryptRequestT>(
        open_request(sealed.items[i]->reply->ciphertext)));
  }
  back.items[0]->ciphertext.back() ^= 1U;
  const auto opened = service.decrypt_many(*Request<contract::DecryptManyRequest>(back)).value();
  EXPECT_EQ(opened.items[0]->code, BP_E_DECRYPT);
  EXPECT_EQ(opened.items[0]->message, "decryption failed");
  EXPECT_EQ(opened.items[1]->code, BP_OK);
  EXPECT_EQ(opened.items[1]->reply->text, "c");
}

TEST_F(AeadServiceTest, BatchesAreBounded) {
  contract::EncryptManyRequestT many;
  for (std::size_t i = 0; i < batch_items_max + 1; ++i) {
    many.items.push_back(std::make_unique<contract::EncryptRequestT>());
  }
  EXPECT_EQ(service.encrypt_many(*Request<contract::EncryptManyRequest>(many)).error().code(),
            BP_E_TOO_LARGE);
  many.items.resize(2);
  many.items[0]->plaintext.resize(plaintext_bytes_max);
  many.items[1]->plaintext.resize(1);
  EXPECT_EQ(service.encrypt_many(*Request<contract::EncryptManyRequest>(many)).error().code(),
            BP_E_TOO_LARGE);
  EXPECT_TRUE(
      service.encrypt_many(*Request<contract::EncryptManyRequest>({})).value().items.empty());
  EXPECT_TRUE(
      service.decrypt_many(*Request<contract::DecryptManyRequest>({})).value().items.empty());
}

TEST_F(AeadServiceTest, PasswordsGoThereAndBack) {
  contract::EncryptWithPasswordRequestT seal;
  seal.password = "correct horse";
  seal.text = "text";
  EXPECT_EQ(seal.iterations, 600'000U);  // the contract's default is the policy's minimum
  seal.iterations = 5;
  const Request<contract::EncryptWithPasswordRequest> packed(seal);
  EXPECT_EQ(AeadService::encrypt_with_password(*packed).error().code(), BP_E_RANGE);
  const auto sealed = AeadService::encrypt_with_password(*packed, 1);
  ASSERT_TRUE(sealed);

  contract::DecryptWithPasswordRequestT open;
  open.password = "correct horse";
  open.ciphertext = sealed->ciphertext;
  const auto opened =
      AeadService::decrypt_with_password(*Request<contract::DecryptWithPasswordRequest>(open));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->text, "text");
  EXPECT_EQ(opened->iterations, 5U);
  EXPECT_TRUE(opened->needs_reseal);
  open.password = "";
  EXPECT_EQ(AeadService::decrypt_with_password(*Request<contract::DecryptWithPasswordRequest>(open))
                .error()
                .code(),
            BP_E_DECRYPT);
}

TEST_F(AeadServiceTest, DescribesKeysWithoutShowingThem) {
  ASSERT_TRUE(keys.add_former(testing::counting_key(1), KeyState::Disabled));
  ASSERT_TRUE(encrypt(text_request("text")));
  const contract::DescribeReplyT reply = service.describe();
  EXPECT_EQ(reply.default_algorithm, contract::Algorithm::XChaCha20Poly1305);
  ASSERT_EQ(reply.keys.size(), 6U);
  EXPECT_TRUE(reply.keys[0]->primary);
  EXPECT_EQ(reply.keys[0]->sealed_messages, 1U);
  EXPECT_EQ(reply.keys[0]->sealed_messages_max, 0U);
  EXPECT_EQ(reply.keys[1]->sealed_messages_max, std::uint64_t{1} << 31U);
  EXPECT_TRUE(reply.keys[2]->raw);
  EXPECT_EQ(reply.keys[3]->state, contract::KeyState::Disabled);
  EXPECT_FALSE(reply.keys[3]->primary);
}

TEST_F(AeadServiceTest, ANamedKeySealsWithItsOwnAlgorithm) {
  keys.commit(keys.prepare(testing::stored("mail", Purpose::Aes256Gcm, 1, 1)).value());
  auto request = text_request("text");
  request.key = "mail";
  const auto sealed = encrypt(request);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->algorithm, contract::Algorithm::Aes256Gcm);
  EXPECT_EQ(decrypt(open_request(sealed->ciphertext)).value().text, "text");

  request.algorithm = contract::Algorithm::XChaCha20Poly1305;
  EXPECT_EQ(encrypt(request).error().code(), BP_E_UNSUPPORTED);
  request.key = "male";
  EXPECT_EQ(encrypt(request).error().code(), BP_E_NOT_FOUND);
  keys.commit(keys.prepare(testing::stored("sign", Purpose::Ed25519, 1, 1)).value());
  request.key = "sign";
  EXPECT_EQ(encrypt(request).error().code(), BP_E_UNSUPPORTED);
}

TEST_F(AeadServiceTest, RewrapsUnderThePresentVersion) {
  auto request = text_request("text");
  request.associated_text = "place";
  contract::RewrapRequestT again;
  again.ciphertext = encrypt(request).value().ciphertext;
  again.associated_text = "place";
  const auto rewrap = [&] { return service.rewrap(*Request<contract::RewrapRequest>(again)); };

  const auto same = rewrap();
  ASSERT_TRUE(same);
  EXPECT_FALSE(same->changed);
  EXPECT_EQ(same->ciphertext, again.ciphertext);

  keys.commit(keys.prepare(testing::stored("", Purpose::Messages, 1, 1)).value());
  const auto newer = rewrap();
  ASSERT_TRUE(newer);
  EXPECT_TRUE(newer->changed);
  EXPECT_NE(newer->key_id, same->key_id);
  auto open = open_request(newer->ciphertext);
  open.associated_text = "place";
  EXPECT_EQ(decrypt(open).value().text, "text");

  contract::RewrapManyRequestT many;
  for (int i = 0; i < 2; ++i) {
    many.items.push_back(std::make_unique<contract::RewrapRequestT>(again));
  }
  many.items[0]->associated_text = "elsewhere";
  const auto each = service.rewrap_many(*Request<contract::RewrapManyRequest>(many)).value();
  EXPECT_EQ(each.items[0]->code, BP_E_DECRYPT);
  EXPECT_EQ(each.items[1]->reply->key_id, newer->key_id);
}

TEST_F(AeadServiceTest, PackedRepliesReadAsAllOthers) {
  const auto alloc = [](std::size_t size) { return bp::result<Buffer>(Buffer(size, 0xAA)); };
  for (const std::size_t size : {0U, 1U, 2U, 3U, 4U, 63U, 64U, 65U, 5000U}) {
    contract::EncryptRequestT request;
    request.plaintext = Buffer(size, 7);
    request.algorithm =
        size % 2 == 0 ? contract::Algorithm::Aes256Gcm : contract::Algorithm::XChaCha20Poly1305;
    const Request<contract::EncryptRequest> packed(request);
    const Key* key = nullptr;
    const auto sealed = service.encrypt_packed(*packed, alloc, key);
    ASSERT_TRUE(sealed);
    flatbuffers::Verifier verifier(sealed->data(), sealed->size());
    ASSERT_TRUE(verifier.VerifyBuffer<contract::EncryptReply>(nullptr)) << size;
    contract::EncryptReplyT reply;
    flatbuffers::GetRoot<contract::EncryptReply>(sealed->data())->UnPackTo(&reply);
    EXPECT_EQ(reply.algorithm, request.algorithm);
    EXPECT_EQ(reply.key_id, key->facts().id);

    contract::DecryptRequestT open = open_request(reply.ciphertext);
    EXPECT_EQ(decrypt(open).value().plaintext, request.plaintext);
    open.omit_text = true;
    const Request<contract::DecryptRequest> packed_open(open);
    ASSERT_TRUE(AeadService::packs(*packed_open));
    const auto opened = service.decrypt_packed(*packed_open, alloc);
    ASSERT_TRUE(opened);
    flatbuffers::Verifier other(opened->data(), opened->size());
    ASSERT_TRUE(other.VerifyBuffer<contract::DecryptReply>(nullptr)) << size;
    contract::DecryptReplyT told;
    flatbuffers::GetRoot<contract::DecryptReply>(opened->data())->UnPackTo(&told);
    EXPECT_EQ(told.plaintext, request.plaintext);
    EXPECT_EQ(told.key_id, reply.key_id);
    EXPECT_EQ(told.algorithm, request.algorithm);

    for (const std::size_t cut : {std::size_t{0}, std::size_t{4}, reply.ciphertext.size() - 1}) {
      auto damaged = open;
      damaged.ciphertext.resize(cut);
      const Request<contract::DecryptRequest> packed_damaged(damaged);
      EXPECT_EQ(service.decrypt_packed(*packed_damaged, alloc).error().text(), "decryption failed");
    }
  }
}

}  // namespace
}  // namespace crypto_sodium
