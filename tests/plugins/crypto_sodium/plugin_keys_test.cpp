// tests/plugins/crypto_sodium/plugin_keys_test.cpp - named keys through the host: changes, audit,
// and that no key byte is anywhere it should not be.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sodium.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "backplane/contract/crypto_aead_generated.h"
#include "backplane/contract/crypto_keys_generated.h"

#include "aead.hpp"
#include "bytes.hpp"
#include "keyset_file.hpp"
#include "plugin_fixture.hpp"

namespace crypto_sodium {
namespace {

namespace aead = bp::crypto::aead;
namespace keys = bp::crypto::keys;
using testing::unpacked;

constexpr const char* aead_service = "bp.crypto.aead";
constexpr const char* keys_service = "bp.crypto.keys";
constexpr std::uint32_t encrypt = 1;
constexpr std::uint32_t decrypt = 2;
constexpr std::uint32_t rewrap_many = 9;

enum Method : std::uint32_t {
  Create = 1,
  Rotate = 2,
  Disable = 4,
  Destroy = 5,
  Describe = 7,
  DataKey = 8,
  OpenDataKey = 9
};

class PluginKeysTest : public testing::PluginFixture {
 protected:
  static testing::Buffer seal(bp::testing::fake_host& host, const std::string& key = {},
                              aead::Algorithm algorithm = aead::Algorithm::Default) {
    aead::EncryptRequestT request;
    request.text = "hello";
    request.key = key;
    request.algorithm = algorithm;
    return ask<aead::EncryptReply, aead::EncryptRequest>(host, aead_service, encrypt, request)
        .ciphertext;
  }

  static std::string open(bp::testing::fake_host& host, const testing::Buffer& sealed) {
    aead::DecryptRequestT request;
    request.ciphertext = sealed;
    return ask<aead::DecryptReply, aead::DecryptRequest>(host, aead_service, decrypt, request).text;
  }

  static bp_status why_not(bp::testing::fake_host& host, const testing::Buffer& sealed) {
    aead::DecryptRequestT request;
    request.ciphertext = sealed;
    return fail<aead::DecryptRequest>(host, aead_service, decrypt, request);
  }

  static void create(bp::testing::fake_host& host, const std::string& name,
                     keys::Algorithm algorithm = keys::Algorithm::Messages) {
    keys::CreateRequestT request;
    request.name = name;
    request.algorithm = algorithm;
    ask<keys::KeyReply, keys::CreateRequest>(host, keys_service, Create, request, "app");
  }

  static void rotate(bp::testing::fake_host& host, const std::string& name) {
    keys::RotateRequestT request;
    request.name = name;
    ask<keys::KeyReply, keys::RotateRequest>(host, keys_service, Rotate, request, "app");
  }

  static std::string content(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

/// A key as it might leak: raw, in hex, in base64; pieces of it are enough.
std::vector<std::string> traces_of(Bytes key) {
  std::vector<std::string> traces;
  std::string base64(sodium_base64_ENCODED_LEN(key.size(), sodium_base64_VARIANT_ORIGINAL), 0);
  sodium_bin2base64(base64.data(), base64.size(), key.data(), key.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  std::string upper = testing::hex(key);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  for (std::string whole : {testing::as_text(key), testing::hex(key), upper, base64}) {
    for (std::size_t at = 0; at + 8 <= whole.size(); at += 4) {
      traces.push_back(whole.substr(at, 8));
    }
  }
  return traces;
}

TEST_F(PluginKeysTest, AKeyIsRotatedAndEverythingRewrappedWhileItIsInUse) {
  const auto host = instance();
  ASSERT_TRUE(host->start());
  std::vector<testing::Buffer> table;  // what somebody stored
  for (int i = 0; i < 5; ++i) {
    table.push_back(seal(*host));
  }
  rotate(*host, "");
  for (const testing::Buffer& row : table) {
    EXPECT_EQ(open(*host, row), "hello");  // nothing stands still
  }
  aead::RewrapManyRequestT batch;
  for (const testing::Buffer& row : table) {
    batch.items.push_back(std::make_unique<aead::RewrapRequestT>());
    batch.items.back()->ciphertext = row;
  }
  const auto rewrapped =
      ask<aead::RewrapManyReply, aead::RewrapManyRequest>(*host, aead_service, rewrap_many, batch);
  for (std::size_t i = 0; i < table.size(); ++i) {
    EXPECT_TRUE(rewrapped.items.at(i)->reply->changed);
    EXPECT_EQ(open(*host, rewrapped.items[i]->reply->ciphertext), "hello");
  }
  ASSERT_TRUE(host->stop());

  const auto next = instance();
  ASSERT_TRUE(next->start());
  EXPECT_EQ(open(*next, rewrapped.items[0]->reply->ciphertext), "hello");
  EXPECT_EQ(open(*next, table[0]), "hello");
  EXPECT_NE(seal(*next), seal(*next));
}

TEST_F(PluginKeysTest, ALostOrOldKeysetStopsTheStart) {
  const auto keyset = folder.file("keyset");
  const auto old = folder.file("old");
  testing::Buffer sealed;
  {
    const auto host = instance();
    ASSERT_TRUE(host->start());
    create(*host, "mail");
    std::filesystem::copy_file(keyset, old);
    rotate(*host, "mail");
    sealed = seal(*host, "mail");
    ASSERT_TRUE(host->stop());
  }
  std::filesystem::rename(keyset, folder.file("newest"));
  EXPECT_FALSE(instance()->start());
  std::filesystem::rename(old, keyset);
  EXPECT_FALSE(instance()->start());
  std::filesystem::rename(folder.file("newest"), keyset);
  const auto host = instance();
  ASSERT_TRUE(host->start());
  EXPECT_EQ(open(*host, sealed), "hello");
}

TEST_F(PluginKeysTest, UnknownDisabledAndDestroyedFailAlike) {
  const auto host = instance();
  ASSERT_TRUE(host->start());
  create(*host, "mail");
  const testing::Buffer sealed = seal(*host, "mail");
  rotate(*host, "mail");
  std::set<std::pair<bp_status, std::string>> answers;
  const auto note = [&](testing::Buffer bytes) {
    aead::DecryptRequestT request;
    request.ciphertext = std::move(bytes);
    const auto answer =
        host->call_inline(aead_service, decrypt, testing::packed<aead::DecryptRequest>(request));
    answers.emplace(answer.status, answer.error);
  };
  testing::Buffer flipped = sealed;
  flipped.back() ^= 1U;
  note(flipped);
  testing::Buffer unknown = sealed;
  unknown[2] ^= 1U;
  note(unknown);
  note({1, 2, 3});
  keys::DisableRequestT disable;
  disable.name = "mail";
  disable.version = 1;
  ask<keys::KeyReply, keys::DisableRequest>(*host, keys_service, Disable, disable);
  note(sealed);
  keys::DestroyRequestT destroy;
  destroy.name = "mail";
  destroy.version = 1;
  ask<keys::KeyReply, keys::DestroyRequest>(*host, keys_service, Destroy, destroy);
  note(sealed);
  EXPECT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers.begin()->first, BP_E_DECRYPT);
}

TEST_F(PluginKeysTest, TheAuditNamesTheCallerAndHoldsBackTheReasonFromHim) {
  const auto host = instance();
  host->set_listeners("crypto.audit", 1);
  ASSERT_TRUE(host->start());
  create(*host, "mail");
  keys::RotateRequestT missing;
  missing.name = "male";
  EXPECT_EQ(fail<keys::RotateRequest>(*host, keys_service, Rotate, missing), BP_E_NOT_FOUND);
  EXPECT_EQ(why_not(*host, testing::Buffer(64, 1)), BP_E_DECRYPT);
  host->pump();
  const auto records = host->sent("crypto.audit");
  ASSERT_EQ(records.size(), 4U);
  EXPECT_NE(records[0].find(R"("what":"keys.load")"), std::string::npos);
  EXPECT_NE(records[1].find(R"("what":"keys.create","who":"app","key":"mail","version":1)"),
            std::string::npos)
      << records[1];
  EXPECT_NE(
      records[2].find(R"("who":"","key":"male","version":0,"key_id":0,"outcome":"E_NOT_FOUND")"),
      std::string::npos)
      << records[2];
  EXPECT_NE(records[3].find(R"("detail":"unknown key")"), std::string::npos);
}

TEST_F(PluginKeysTest, WithoutListenersNothingIsSent) {
  const auto host = instance();
  host->set_listeners("crypto.audit", 0);
  ASSERT_TRUE(host->start());
  create(*host, "mail");
  EXPECT_TRUE(host->sent("crypto.audit").empty());
}

TEST_F(PluginKeysTest, AnAesKeyIsRotatedBeforeItsBudgetIsSpent) {
  testing::Buffer before;
  {
    const auto host = instance();
    ASSERT_TRUE(host->start());
    before = seal(*host, {}, aead::Algorithm::Aes256Gcm);
    ASSERT_TRUE(host->stop());
  }
  const std::uint32_t id = named_key(before);
  folder.write("nonces",
               std::to_string(id) + " " + std::to_string(gcm_messages_rotate_from) + "\n");
  const auto host = instance();
  ASSERT_TRUE(host->start());
  EXPECT_EQ(named_key(seal(*host, {}, aead::Algorithm::Aes256Gcm)), id);  // there is still room
  host->pump();
  const auto after = seal(*host, {}, aead::Algorithm::Aes256Gcm);
  EXPECT_NE(named_key(after), id);
  EXPECT_EQ(open(*host, before), "hello");
  ASSERT_TRUE(host->stop());
  const auto next = instance();
  ASSERT_TRUE(next->start());
  EXPECT_EQ(open(*next, after), "hello");
  EXPECT_EQ(named_key(seal(*next, {}, aead::Algorithm::Aes256Gcm)), named_key(after));
}

TEST_F(PluginKeysTest, NoByteOfAKeyIsInLogsAuditOrFiles) {
  const Secret configured = testing::counting_key(0x41);
  folder.write("master.key", testing::as_text(configured.bytes()));
  const auto host = instance();
  host->set_listeners("crypto.audit", 1);
  ASSERT_TRUE(host->start());
  create(*host, "mail");
  create(*host, "sign", keys::Algorithm::Ed25519);
  rotate(*host, "");
  seal(*host, "mail", aead::Algorithm::Aes256Gcm);
  EXPECT_EQ(why_not(*host, testing::Buffer(64, 1)), BP_E_DECRYPT);
  keys::DataKeyRequestT request;
  request.name = "mail";
  const auto data_key =
      ask<keys::DataKeyReply, keys::DataKeyRequest>(*host, keys_service, DataKey, request);
  const auto described = host->answer_to(host->call(
      keys_service, Describe, testing::packed<keys::DescribeRequest>(keys::DescribeRequestT())));
  host->pump();
  ASSERT_TRUE(host->stop());

  std::string everywhere = described.value().bytes;
  for (const bp::testing::log_line& line : host->log()) {
    everywhere += line.text + "\n";
    for (const auto& [name, value] : line.pairs) {
      everywhere += name + "=" + value + "\n";
    }
  }
  for (const std::string& record : host->sent("crypto.audit")) {
    everywhere += record + "\n";
  }
  for (const char* file : {"keyset", "nonces", "key_id", "key_generation"}) {
    ASSERT_TRUE(std::filesystem::exists(folder.file(file))) << file;
    everywhere += content(folder.file(file));
  }
  std::vector<SealingKey> sealing;
  sealing.push_back(SealingKey::of(configured).value());
  const StoredKeyset stored = KeysetFile(folder.file("keyset")).read(sealing).value();
  std::vector<std::string> traces = traces_of(configured.bytes());
  std::size_t masters = 0;
  for (const StoredRing& ring : stored.rings) {
    for (const StoredVersion& version : ring.versions) {
      ++masters;
      for (std::string& trace : traces_of(version.master->bytes())) {
        traces.push_back(std::move(trace));
      }
    }
  }
  for (std::string& trace : traces_of(data_key.plaintext)) {
    traces.push_back(std::move(trace));
  }
  EXPECT_EQ(masters, 3U);
  for (const std::string& trace : traces) {
    EXPECT_EQ(everywhere.find(trace), std::string::npos);
  }
}

}  // namespace
}  // namespace crypto_sodium
