// tests/plugins/crypto_sodium/plugin_test.cpp - the whole plugin as the host sees it.
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "backplane/contract/crypto_aead_contract.hpp"

#include "bytes.hpp"
#include "plugin_fixture.hpp"

namespace crypto_sodium {
namespace {

namespace contract = bp::crypto::aead;
using testing::created_key;
using testing::packed;
using testing::PluginFixture;
using testing::unpacked;

constexpr const char* service = "bp.crypto.aead";

enum Method : std::uint32_t {
  Encrypt = 1,
  Decrypt = 2,
  EncryptMany = 3,
  EncryptWithPassword = 5,
  DecryptWithPassword = 6,
  Describe = 7
};

std::string encrypt_request(const std::string& text,
                            contract::Algorithm algorithm = contract::Algorithm::Default) {
  contract::EncryptRequestT request;
  request.text = text;
  request.algorithm = algorithm;
  return packed<contract::EncryptRequest>(request);
}

std::string decrypt_request(const testing::Buffer& ciphertext) {
  contract::DecryptRequestT request;
  request.ciphertext = ciphertext;
  return packed<contract::DecryptRequest>(request);
}

std::string password_request() {
  contract::EncryptWithPasswordRequestT request;
  request.password = "correct horse";
  request.text = "text";
  return packed<contract::EncryptWithPasswordRequest>(request);
}

class PluginTest : public PluginFixture {
 protected:
  static testing::Buffer seal(bp::testing::fake_host& host, const std::string& text,
                              contract::Algorithm algorithm = contract::Algorithm::Default) {
    const auto answer = host.call_inline(service, Encrypt, encrypt_request(text, algorithm));
    EXPECT_EQ(answer.status, BP_OK) << answer.error;
    return unpacked<contract::EncryptReply>(answer.bytes).ciphertext;
  }

  static std::string open(bp::testing::fake_host& host, const testing::Buffer& ciphertext) {
    const auto answer = host.call_inline(service, Decrypt, decrypt_request(ciphertext));
    EXPECT_EQ(answer.status, BP_OK) << answer.error;
    return unpacked<contract::DecryptReply>(answer.bytes).text;
  }

  static std::uint64_t sealed_by(bp::testing::fake_host& host, std::size_t key) {
    const auto answer = host.call_inline(service, Describe, packed<contract::DescribeRequest>({}));
    return unpacked<contract::DescribeReply>(answer.bytes).keys.at(key)->sealed_messages;
  }
};

TEST_F(PluginTest, WhatOneRunSealedTheNextOpens) {
  testing::Buffer sealed;
  {
    const auto host = instance();
    ASSERT_TRUE(host->start());
    sealed = seal(*host, "hello");
    EXPECT_EQ(open(*host, sealed), "hello");
    EXPECT_EQ(host->log().at(0).level, std::uint32_t{BP_LOG_WARN});  // a key was made: back it up
    EXPECT_NE(host->log().at(0).text.find("master.key"), std::string::npos);
    ASSERT_TRUE(host->stop());
    EXPECT_EQ(host->open_leases(), 0U);
  }
  const auto host = instance();
  ASSERT_TRUE(host->start());
  EXPECT_EQ(open(*host, sealed), "hello");
}

TEST_F(PluginTest, TheSameMethodsAnswerThroughTheQueue) {
  const auto host = instance();
  ASSERT_TRUE(host->start());
  const auto call = host->call(service, Encrypt, encrypt_request("hello"));
  const auto answer = host->answer_to(call);
  ASSERT_TRUE(answer);
  EXPECT_EQ(open(*host, unpacked<contract::EncryptReply>(answer->bytes).ciphertext), "hello");
}

TEST_F(PluginTest, FailuresSayNothing) {
  const auto host = instance();
  ASSERT_TRUE(host->start());
  testing::Buffer sealed = seal(*host, "hello");
  sealed.back() ^= 1U;
  for (const testing::Buffer& bad : {sealed, testing::Buffer{}, testing::Buffer{1}}) {
    const auto answer = host->call_inline(service, Decrypt, decrypt_request(bad));
    EXPECT_EQ(answer.status, BP_E_DECRYPT);
    EXPECT_EQ(answer.error, "decryption failed");
    EXPECT_EQ(answer.bytes, "");
  }
  EXPECT_EQ(host->call_inline(service, Decrypt, "no table at all").status, BP_E_SCHEMA);
  EXPECT_TRUE(host->faults().empty());
}

TEST_F(PluginTest, AKeyThatOthersMayReadStopsTheStart) {
  folder.write("master.key", std::string(64, 'a'),
               std::filesystem::perms::owner_read | std::filesystem::perms::others_read);
  const auto host = instance();
  const auto started = host->start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), BP_E_PERMISSION);
  EXPECT_NE(started.error().text().find("chmod 600"), std::string::npos);
  EXPECT_EQ(host->call_inline(service, Describe, "").status, BP_E_NOT_FOUND);
}

TEST_F(PluginTest, AMissingKeyOrABadConfigurationStopsTheStart) {
  EXPECT_EQ(instance(R"({"key":{"file":"master.key"}})")->start().error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(instance(R"({"key":{}})")->start().error().code(), BP_E_CONFIG);
  EXPECT_EQ(instance("{}")->start().error().code(), BP_E_CONFIG);
}

TEST_F(PluginTest, AKeyThatWasLostStopsTheStartUntilItIsBack) {
  testing::Buffer sealed;
  {
    const auto host = instance();
    ASSERT_TRUE(host->start());
    sealed = seal(*host, "hello");
    ASSERT_TRUE(host->stop());
  }
  const std::string key = folder.file("master.key");
  std::filesystem::rename(key, folder.file("backup"));
  {
    const auto host = instance();
    const auto started = host->start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code(), BP_E_NOT_FOUND);
    EXPECT_NE(started.error().text().find("restore it from a backup"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(key));
  }
  std::filesystem::rename(folder.file("backup"), key);
  const auto host = instance();
  ASSERT_TRUE(host->start());
  EXPECT_EQ(open(*host, sealed), "hello");
}

TEST_F(PluginTest, NoKeyIsEverLogged) {
  const std::string key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  folder.write("master.key", key);
  const auto host = instance();
  ASSERT_TRUE(host->start());
  seal(*host, "hello", contract::Algorithm::Aes256Gcm);
  ASSERT_TRUE(host->stop());
  EXPECT_FALSE(host->log().empty());
  for (const bp::testing::log_line& line : host->log()) {
    EXPECT_EQ(line.text.find(key.substr(0, 8)), std::string::npos);
    for (const auto& [name, value] : line.pairs) {
      EXPECT_EQ(value.find(key.substr(0, 8)), std::string::npos) << name;
    }
  }
}

TEST_F(PluginTest, InlineMethodsTakeManyThreads) {
  const auto host = instance();
  ASSERT_TRUE(host->start());
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) {
          const std::string text = std::to_string(t) + ":" + std::to_string(i);
          const auto algorithm = static_cast<contract::Algorithm>(i % 3);
          wrong += open(*host, seal(*host, text, algorithm)) == text ? 0 : 1;
        }
      });
    }
  }
  host->pump();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(host->open_leases(), 0U);
}

TEST_F(PluginTest, ABatchIsAnsweredFromTheBlockingPool) {
  const auto host = instance();
  ASSERT_TRUE(host->start());
  host->set_jobs_at_once(false);
  contract::EncryptManyRequestT many;
  many.items.push_back(std::make_unique<contract::EncryptRequestT>());
  many.items.back()->text = "hello";
  const auto call = host->call(service, EncryptMany, packed<contract::EncryptManyRequest>(many));
  EXPECT_FALSE(host->answer_to(call));
  EXPECT_EQ(host->run_jobs(), 1U);
  const auto answer = host->answer_to(call);
  ASSERT_TRUE(answer);
  const auto reply = unpacked<contract::EncryptManyReply>(answer->bytes);
  EXPECT_EQ(open(*host, reply.items.at(0)->reply->ciphertext), "hello");
}

TEST_F(PluginTest, PasswordWorkIsBoundedAndNothingElseWaitsForIt) {
  const auto host = instance();
  ASSERT_TRUE(host->start());
  host->set_jobs_at_once(false);
  std::vector<bp_call> calls;
  for (int i = 0; i < 20; ++i) {
    calls.push_back(host->call(service, EncryptWithPassword, password_request()));
  }
  std::size_t busy = 0;
  for (const bp_call call : calls) {
    const auto answer = host->answer_to(call);
    busy += answer && answer->status == BP_E_BUSY ? 1U : 0U;
  }
  EXPECT_EQ(busy, 2U);  // 2 work, 16 wait
  EXPECT_EQ(open(*host, seal(*host, "hello")), "hello");
  ASSERT_TRUE(host->begin(BP_EV_STOP) != 0);
  host->run_jobs();  // STOP waits for the two that are being served
  host->pump();
  for (const bp_call call : calls) {
    EXPECT_TRUE(host->answer_to(call));
  }
}

TEST_F(PluginTest, AStopWaitsOnlyForPasswordWorkThatIsBeingDone) {
  const auto host = instance();
  ASSERT_TRUE(host->start());
  host->set_jobs_at_once(false);
  std::vector<bp_call> calls;
  for (int i = 0; i < 5; ++i) {
    calls.push_back(host->call(service, EncryptWithPassword, password_request()));
  }
  const bp_op op = host->begin(BP_EV_QUIESCE);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto answer = host->answer_to(calls[i]);
    ASSERT_EQ(answer.has_value(), i >= 2) << i;
    EXPECT_EQ(answer ? answer->status : BP_E_UNAVAILABLE, BP_E_UNAVAILABLE);
  }
  EXPECT_FALSE(host->finished(op));
  EXPECT_EQ(host->run_jobs(), 2U);
  EXPECT_EQ(host->answer_to(calls[0]).value().status, BP_OK);
  EXPECT_TRUE(host->finished(op));
  EXPECT_TRUE(host->stop());
}

TEST_F(PluginTest, PasswordsGoThereAndBack) {
  const auto host = instance();
  ASSERT_TRUE(host->start());
  const auto sealed = host->answer_to(host->call(service, EncryptWithPassword, password_request()));
  ASSERT_TRUE(sealed);
  contract::DecryptWithPasswordRequestT request;
  request.password = "correct horse";
  request.ciphertext = unpacked<contract::EncryptWithPasswordReply>(sealed->bytes).ciphertext;
  const auto opened = host->answer_to(host->call(
      service, DecryptWithPassword, packed<contract::DecryptWithPasswordRequest>(request)));
  ASSERT_TRUE(opened);
  EXPECT_EQ(unpacked<contract::DecryptWithPasswordReply>(opened->bytes).text, "text");
}

TEST_F(PluginTest, UsedNoncesOutliveACrashAndAStop) {
  constexpr std::size_t aes = 1;
  {
    const auto host = instance();
    ASSERT_TRUE(host->start());
    seal(*host, "hello", contract::Algorithm::Aes256Gcm);
    host->pump();  // the first message has the count written, ahead of time
    EXPECT_EQ(sealed_by(*host, aes), 1U);
  }  // no STOP: a crash
  const auto after_crash = instance();
  ASSERT_TRUE(after_crash->start());
  const std::uint64_t count = sealed_by(*after_crash, aes);
  EXPECT_GE(count, 1U);
  EXPECT_LE(count, 1U << 17U);
  ASSERT_TRUE(after_crash->stop());

  const auto after_stop = instance();
  ASSERT_TRUE(after_stop->start());
  EXPECT_EQ(sealed_by(*after_stop, aes), count);
}

}  // namespace
}  // namespace crypto_sodium
