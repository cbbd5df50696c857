// tests/plugins/crypto_sodium/settings_test.cpp - configurations, from JSON to keys.
#include "settings.hpp"

#include <string>

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "temporary_folder.hpp"

namespace crypto_sodium {
namespace {

Settings read(const std::string& json) {
  return bp::config_from_json<Settings>(json).value();
}

TEST(Settings, TheSmallestOneHasDefaults) {
  const Settings settings = read(R"({"key":{"file":"master.key"}})");
  EXPECT_EQ(settings.key.source.file, "master.key");
  EXPECT_FALSE(settings.key.create);
  EXPECT_EQ(settings.key.iterations, 600'000U);
  EXPECT_EQ(settings.algorithm, Algorithm::XChaCha20Poly1305);
  EXPECT_TRUE(settings.former_keys.empty());
}

TEST(Settings, EveryKeyIsRead) {
  const Settings settings = read(R"({
    "key": {"passphrase_env": "P", "salt_file": "salt", "create": true, "iterations": 700000},
    "former_keys": [{"env": "OLD"}, {"file": "/older.key", "state": "disabled"}],
    "algorithm": "aes-256-gcm"})");
  EXPECT_EQ(settings.algorithm, Algorithm::Aes256Gcm);
  EXPECT_EQ(settings.key.iterations, 700'000U);
  ASSERT_EQ(settings.former_keys.size(), 2U);
  EXPECT_EQ(settings.former_keys[0].state, KeyState::Enabled);
  EXPECT_EQ(settings.former_keys[1].state, KeyState::Disabled);
  const KeySource key = source_of(settings.key.source, "/data").value();
  EXPECT_EQ(key.kind, SourceKind::PassphraseEnv);
  EXPECT_EQ(key.name, "P");
  EXPECT_EQ(key.salt_file, "/data/salt");
  EXPECT_EQ(source_of(settings.former_keys[1].source, "/data").value().name, "/older.key");
}

TEST(Settings, MistakesAreNamed) {
  for (const char* json : {R"({})", R"({"key":{"file":"k","craete":true}})",
                           R"({"key":{"file":"k"},"algorithm":"des"})",
                           R"({"key":{"file":"k"},"former_keys":[{"file":"o","create":true}]})"}) {
    const auto settings = bp::config_from_json<Settings>(json);
    ASSERT_FALSE(settings) << json;
    EXPECT_EQ(settings.error().code(), BP_E_CONFIG);
  }
}

TEST(Settings, AKeyHasExactlyOneSource) {
  for (const char* json :
       {R"({"key":{}})", R"({"key":{"file":"a","env":"B"}})", R"({"key":{"salt_file":"a"}})"}) {
    const auto loaded = load_keys(read(json), "/nowhere");
    ASSERT_FALSE(loaded) << json;
    EXPECT_EQ(loaded.error().code(), BP_E_CONFIG);
    EXPECT_NE(loaded.error().text().find("'passphrase_file'"), std::string::npos);
  }
}

TEST(Settings, LoadsThePrimaryAndFormerKeys) {
  const testing::TemporaryFolder folder;
  folder.write("old.key", std::string(64, '1'));
  const auto loaded = load_keys(
      read(R"({"key":{"file":"new.key","create":true},"former_keys":[{"file":"old.key"}]})"),
      folder.file(""));
  ASSERT_TRUE(loaded) << loaded.error().text();
  EXPECT_EQ(loaded->keys->keys().size(), 6U);
  ASSERT_EQ(loaded->notes.size(), 1U);
  EXPECT_NE(loaded->notes[0].find("new.key"), std::string::npos);
}

TEST(Settings, AMissingFormerKeyIsFoundByItsPlace) {
  const testing::TemporaryFolder folder;
  folder.write("new.key", std::string(64, '1'));
  const auto loaded = load_keys(
      read(R"({"key":{"file":"new.key"},"former_keys":[{"file":"old.key"}]})"), folder.file(""));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), BP_E_NOT_FOUND);
  EXPECT_NE(loaded.error().text().find("former_keys/0"), std::string::npos);

  const auto twice = load_keys(
      read(R"({"key":{"file":"new.key"},"former_keys":[{"file":"new.key"}]})"), folder.file(""));
  EXPECT_EQ(twice.error().code(), BP_E_EXISTS);
}

}  // namespace
}  // namespace crypto_sodium
