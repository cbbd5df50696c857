// tests/plugins/crypto_sodium/key_source_test.cpp - keys from files, variables and passphrases.
#include "key_source.hpp"

#include <cstdlib>
#include <filesystem>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "temporary_folder.hpp"

namespace crypto_sodium {
namespace {

namespace fs = std::filesystem;
using testing::hex;
using testing::TemporaryFolder;

const std::string key_hex = "fbfeff030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const std::string key_base64 = "+/7/AwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const std::string key_base64url = "-_7_AwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

KeySource file_source(std::string path, bool create = false) {
  KeySource source;
  source.name = std::move(path);
  source.create = create;
  return source;
}

KeySource passphrase_source(const TemporaryFolder& folder) {
  KeySource source = file_source(folder.file("passphrase"), true);
  source.kind = SourceKind::PassphraseFile;
  source.salt_file = folder.file("salt");
  source.iterations = 2;
  source.iterations_min = 1;
  return source;
}

/// One variable of the environment, for one test.
class Variable {
 public:
  explicit Variable(const std::string& value) { ::setenv(name, value.c_str(), 1); }

  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

  ~Variable() { ::unsetenv(name); }

  static constexpr const char* name = "CRYPTO_SODIUM_TEST_KEY";
};

TEST(KeySource, ReadsEveryForm) {
  const TemporaryFolder folder;
  const testing::Buffer raw = testing::unhex(key_hex);
  for (const std::string& content : {std::string(raw.begin(), raw.end()), key_hex, key_hex + "\n",
                                     key_base64, key_base64 + "\r\n", key_base64url}) {
    const auto loaded = load_key(file_source(folder.write("key", content)));
    ASSERT_TRUE(loaded) << loaded.error().text();
    EXPECT_EQ(hex(loaded->key.bytes()), key_hex);
    EXPECT_EQ(loaded->note, "");
  }
}

TEST(KeySource, RefusesWhatIsNoKeyWithoutShowingIt) {
  const TemporaryFolder folder;
  for (const std::string& content :
       {std::string(), std::string(31, 'k'), std::string(33, 'k'), key_hex.substr(1) + "x",
        std::string(64, 'q'), std::string(44, '?'), key_base64.substr(0, 42) + "\n\n",
        std::string(100, 'k')}) {
    const auto loaded = load_key(file_source(folder.write("key", content)));
    ASSERT_FALSE(loaded) << content;
    EXPECT_EQ(loaded.error().code(), BP_E_INVALID);
    EXPECT_NE(loaded.error().text().find(folder.file("key")), std::string::npos);
    if (content.size() > 4) {
      EXPECT_EQ(loaded.error().text().find(content.substr(0, content.size() / 2)),
                std::string::npos);
    }
  }
}

TEST(KeySource, CreatesAMissingKeyOnlyWhenTold) {
  const TemporaryFolder folder;
  const std::string path = folder.file("key");
  const auto refused = load_key(file_source(path));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), BP_E_NOT_FOUND);
  EXPECT_NE(refused.error().message().find("'create'"), std::string::npos);
  EXPECT_FALSE(fs::exists(path));

  const auto created = load_key(file_source(path, true));
  ASSERT_TRUE(created);
  EXPECT_NE(created->note.find(path), std::string::npos);
  EXPECT_EQ(created->note.find(hex(created->key.bytes())), std::string::npos);
  const auto again = load_key(file_source(path, true));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->note, "");
  EXPECT_EQ(hex(again->key.bytes()), hex(created->key.bytes()));
}

TEST(KeySource, ConcurrentFirstStartsAgreeOnOneKey) {
  const TemporaryFolder folder;
  constexpr std::size_t starts = 6;
  std::vector<std::string> keys(starts);
  std::atomic<int> notes{0};
  {
    std::latch together(starts);
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < starts; ++t) {
      threads.emplace_back([&, t] {
        together.arrive_and_wait();
        const auto loaded = load_key(file_source(folder.file("key"), true)).value();
        keys[t] = hex(loaded.key.bytes());
        notes += loaded.note.empty() ? 0 : 1;
      });
    }
  }
  EXPECT_EQ(notes, 1);
  for (const std::string& key : keys) {
    EXPECT_EQ(key, keys[0]);
  }
}

TEST(KeySource, RefusesAKeyThatOthersMayRead) {
  const TemporaryFolder folder;
  const std::string path = folder.write(
      "key", key_hex, fs::perms::owner_read | fs::perms::owner_write | fs::perms::others_read);
  const auto loaded = load_key(file_source(path, true));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), BP_E_PERMISSION);
  EXPECT_NE(loaded.error().message().find("chmod 600"), std::string::npos);
}

TEST(KeySource, ReadsAVariable) {
  KeySource source = file_source(Variable::name);
  source.kind = SourceKind::Env;
  EXPECT_EQ(load_key(source).error().code(), BP_E_NOT_FOUND);
  {
    const Variable variable(key_base64);
    EXPECT_EQ(hex(load_key(source).value().key.bytes()), key_hex);
  }
  const Variable raw_text(std::string(32, 'k'));  // 32 letters are a mistake, not a key
  const auto refused = load_key(source);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), BP_E_INVALID);
  EXPECT_NE(refused.error().text().find(Variable::name), std::string::npos);
}

TEST(KeySource, APassphraseKeepsItsKeyAcrossStarts) {
  const TemporaryFolder folder;
  folder.write("passphrase", "correct horse\n");
  const KeySource source = passphrase_source(folder);
  const auto first = load_key(source);
  ASSERT_TRUE(first) << first.error().text();
  EXPECT_NE(first->note.find("salt"), std::string::npos);
  const auto second = load_key(source);
  ASSERT_TRUE(second);
  EXPECT_EQ(hex(first->key.bytes()), hex(second->key.bytes()));

  const Variable variable("correct horse");
  KeySource from_variable = source;
  from_variable.kind = SourceKind::PassphraseEnv;
  from_variable.name = Variable::name;
  EXPECT_EQ(hex(load_key(from_variable).value().key.bytes()), hex(first->key.bytes()));
}

TEST(KeySource, AKnownSaltGivesTheKnownKey) {
  const TemporaryFolder folder;
  folder.write("passphrase", "passwd");
  folder.write("salt", "pbkdf2-hmac-sha256 2 000102030405060708090a0b0c0d0e0f\n");
  const auto loaded = load_key(passphrase_source(folder));
  ASSERT_TRUE(loaded) << loaded.error().text();
  // Python: hashlib.pbkdf2_hmac("sha256", b"passwd", bytes(range(16)), 2).hex()
  EXPECT_EQ(hex(loaded->key.bytes()),
            "8dae71f9102fde73e91bfc3dc51f39ca797d7c153a816abf19d019edee0109bc");
}

TEST(KeySource, ANewSaltNeedsAStrongCount) {
  const TemporaryFolder folder;
  folder.write("passphrase", "correct horse");
  KeySource source = passphrase_source(folder);
  source.iterations_min = pbkdf2_iterations_min;
  EXPECT_EQ(load_key(source).error().code(), BP_E_RANGE);
  EXPECT_FALSE(fs::exists(source.salt_file));
  source.create = false;
  EXPECT_EQ(load_key(source).error().code(), BP_E_NOT_FOUND);
}

TEST(KeySource, AnOldWeakSaltStillWorksAndIsReported) {
  const TemporaryFolder folder;
  folder.write("passphrase", "correct horse");
  folder.write("salt", "pbkdf2-hmac-sha256 5 000102030405060708090a0b0c0d0e0f");
  KeySource source = passphrase_source(folder);
  source.iterations_min = pbkdf2_iterations_min;
  const auto loaded = load_key(source);
  ASSERT_TRUE(loaded);
  EXPECT_NE(loaded->note.find("fewer"), std::string::npos);
}

TEST(KeySource, RefusesADamagedSaltOrAnEmptyPassphrase) {
  const TemporaryFolder folder;
  folder.write("passphrase", "correct horse");
  for (const char* salt :
       {"", "pbkdf2-hmac-sha256", "pbkdf2-hmac-sha256 2", "pbkdf2-hmac-sha256 0 00",
        "pbkdf2-hmac-sha256 2x 000102030405060708090a0b0c0d0e0f",
        "pbkdf2-hmac-sha256 4000000000 000102030405060708090a0b0c0d0e0f",
        "argon2id 2 000102030405060708090a0b0c0d0e0f",
        "pbkdf2-hmac-sha256 2 000102030405060708090a0b0c0d0e"}) {
    folder.write("salt", salt);
    const auto loaded = load_key(passphrase_source(folder));
    ASSERT_FALSE(loaded) << salt;
    EXPECT_EQ(loaded.error().code(), BP_E_INVALID);
  }
  folder.write("passphrase", "\n");
  EXPECT_EQ(load_key(passphrase_source(folder)).error().code(), BP_E_INVALID);
  KeySource without_salt = passphrase_source(folder);
  without_salt.salt_file.clear();
  EXPECT_EQ(load_key(without_salt).error().code(), BP_E_CONFIG);
}

TEST(KeySourceCredential, SystemdKeepsTheKey) {
  const testing::TemporaryFolder folder;
  const KeySource source{.kind = SourceKind::Credential, .name = "kek"};
  ::unsetenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe)
  const auto without = load_key(source);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code(), BP_E_NOT_FOUND);
  EXPECT_NE(without.error().text().find("LoadCredential=kek"), std::string::npos);

  ::setenv("CREDENTIALS_DIRECTORY", folder.file("").c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(load_key(source).error().code(), BP_E_NOT_FOUND);
  // systemd lets the unit's user read by an access control list, whose mask shows as the group's.
  using std::filesystem::perms;
  folder.write("kek", std::string(64, 'a'), perms::owner_read | perms::group_read);
  EXPECT_TRUE(load_key(source));
  folder.write("open", std::string(64, 'a'), perms::owner_read | perms::others_read);
  const auto readable = load_key({.kind = SourceKind::Credential, .name = "open"});
  ASSERT_FALSE(readable);
  EXPECT_EQ(readable.error().code(), BP_E_PERMISSION);
  EXPECT_EQ(load_key({.kind = SourceKind::Credential, .name = "../kek"}).error().code(),
            BP_E_CONFIG);
  ::unsetenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace
}  // namespace crypto_sodium
