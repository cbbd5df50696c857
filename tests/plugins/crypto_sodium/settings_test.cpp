// tests/plugins/crypto_sodium/settings_test.cpp - configurations, from JSON to keys.
#include "settings.hpp"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "temporary_folder.hpp"

namespace crypto_sodium {
namespace {

namespace fs = std::filesystem;

Settings read(const std::string& json) {
  return bp::config_from_json<Settings>(json).value();
}

/// As the plugin does at a start, with the record of the folder.
bp::result<LoadedKeys> start(const std::string& json, const std::string& folder) {
  KeyRecord record((fs::path(folder) / "key_id").string());
  BP_TRY(record.open());
  const Settings settings = read(json);
  auto loaded = load_keys(settings, folder, record);
  if (loaded) {
    const Key& seals = *loaded->keys->sealing(settings.algorithm, Framing::Keyed);
    BP_TRY(record.note(seals.facts().id));
  }
  return loaded;
}

std::string id_of(const LoadedKeys& loaded) {
  const Key& seals = *loaded.keys->sealing(Algorithm::XChaCha20Poly1305, Framing::Keyed);
  return std::to_string(seals.facts().id);
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
    const auto loaded = start(json, "/nowhere");
    ASSERT_FALSE(loaded) << json;
    EXPECT_EQ(loaded.error().code(), BP_E_CONFIG);
    EXPECT_NE(loaded.error().text().find("'passphrase_file'"), std::string::npos);
  }
}

TEST(Settings, LoadsThePrimaryAndFormerKeys) {
  const testing::TemporaryFolder folder;
  folder.write("old.key", std::string(64, '1'));
  const auto loaded =
      start(R"({"key":{"file":"new.key","create":true},"former_keys":[{"file":"old.key"}]})",
            folder.file(""));
  ASSERT_TRUE(loaded) << loaded.error().text();
  EXPECT_EQ(loaded->keys->keys().size(), 8U);
  ASSERT_EQ(loaded->notes.size(), 1U);
  EXPECT_NE(loaded->notes[0].find("new.key"), std::string::npos);
}

TEST(Settings, AMissingFormerKeyIsFoundByItsPlace) {
  const testing::TemporaryFolder folder;
  folder.write("new.key", std::string(64, '1'));
  const auto loaded =
      start(R"({"key":{"file":"new.key"},"former_keys":[{"file":"old.key"}]})", folder.file(""));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), BP_E_NOT_FOUND);
  EXPECT_NE(loaded.error().text().find("former_keys/0"), std::string::npos);

  const auto twice =
      start(R"({"key":{"file":"new.key"},"former_keys":[{"file":"new.key"}]})", folder.file(""));
  EXPECT_EQ(twice.error().code(), BP_E_EXISTS);
}

TEST(Settings, ALostKeyIsNotMadeAnew) {
  const testing::TemporaryFolder folder;
  const std::string created = R"({"key":{"file":"master.key","create":true}})";
  const auto first = start(created, folder.file(""));
  ASSERT_TRUE(first) << first.error().text();
  fs::rename(folder.file("master.key"), folder.file("backup"));

  const auto lost = start(created, folder.file(""));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), BP_E_NOT_FOUND);
  for (const std::string& word :
       {folder.file("master.key"), id_of(*first), folder.file("key_id")}) {
    EXPECT_NE(lost.error().text().find(word), std::string::npos) << lost.error().text();
  }
  EXPECT_FALSE(fs::exists(folder.file("master.key")));

  fs::rename(folder.file("backup"), folder.file("master.key"));
  EXPECT_TRUE(start(created, folder.file("")));
  fs::remove(folder.file("master.key"));
  fs::remove(folder.file("key_id"));
  const auto anew = start(created, folder.file(""));
  ASSERT_TRUE(anew) << anew.error().text();
  EXPECT_NE(id_of(*anew), id_of(*first));
}

TEST(Settings, ALostSaltIsNotMadeAnew) {
  const testing::TemporaryFolder folder;
  folder.write("passphrase", "correct horse");
  const std::string created =
      R"({"key":{"passphrase_file":"passphrase","salt_file":"salt","create":true}})";
  ASSERT_TRUE(start(created, folder.file("")));
  fs::remove(folder.file("salt"));
  const auto lost = start(created, folder.file(""));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), BP_E_NOT_FOUND);
  EXPECT_FALSE(fs::exists(folder.file("salt")));
}

TEST(Settings, AnotherKeyIsRefusedUnlessTheKnownOneIsAFormerOne) {
  const testing::TemporaryFolder folder;
  folder.write("old.key", std::string(64, '1'));
  folder.write("new.key", std::string(64, '2'));
  const auto first = start(R"({"key":{"file":"old.key"}})", folder.file(""));
  ASSERT_TRUE(first);
  const auto mistaken = start(R"({"key":{"file":"new.key","create":true}})", folder.file(""));
  ASSERT_FALSE(mistaken);
  EXPECT_EQ(mistaken.error().code(), BP_E_CONFLICT);
  EXPECT_NE(mistaken.error().text().find(id_of(*first)), std::string::npos);

  const std::string rotated = R"({"key":{"file":"new.key"},"former_keys":[{"file":"old.key"}]})";
  ASSERT_TRUE(start(rotated, folder.file("")));
  // From now on the new one is the known one, and the former may go when nothing needs it.
  EXPECT_TRUE(start(R"({"key":{"file":"new.key"}})", folder.file("")));
  EXPECT_FALSE(start(R"({"key":{"file":"old.key"}})", folder.file("")));
}

TEST(Settings, NamedKeysComeBackAndMoveUnderANewConfiguredKey) {
  const testing::TemporaryFolder folder;
  folder.write("old.key", std::string(64, '1'));
  const auto first = start(R"({"key":{"file":"old.key"}})", folder.file(""));
  ASSERT_TRUE(first);
  ASSERT_TRUE(first->store->create("mail", Purpose::Messages, 7));
  ASSERT_TRUE(first->store->rotate("", 8));
  ASSERT_TRUE(start(R"({"key":{"file":"old.key"}})", folder.file("")));

  // The primary is a rotated one now, so only the file of keys tells that old.key was in use.
  const std::string rotated =
      R"({"key":{"file":"new.key","create":true},"former_keys":[{"file":"old.key"}]})";
  const auto moved = start(rotated, folder.file(""));
  ASSERT_TRUE(moved) << moved.error().text();
  EXPECT_NE(moved->keys->find("mail"), nullptr);
  EXPECT_EQ(moved->keys->default_ring().primary()->facts().number, 1U);
  EXPECT_TRUE(start(R"({"key":{"file":"new.key"}})", folder.file("")));
  const auto strange = start(R"({"key":{"file":"old.key"}})", folder.file(""));
  ASSERT_FALSE(strange);
  EXPECT_EQ(strange.error().code(), BP_E_CONFLICT);
}

TEST(Settings, ALostFileOfKeysStopsTheStart) {
  const testing::TemporaryFolder folder;
  const std::string created = R"({"key":{"file":"master.key","create":true}})";
  {
    const auto first = start(created, folder.file(""));
    ASSERT_TRUE(first);
    ASSERT_TRUE(first->store->rotate("", 8));
  }
  ASSERT_TRUE(start(created, folder.file("")));  // records the new primary
  fs::remove(folder.file("keyset"));
  const auto lost = start(created, folder.file(""));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), BP_E_NOT_FOUND);
  EXPECT_NE(lost.error().text().find("'" + folder.file("keyset") + "' is missing"),
            std::string::npos);
  EXPECT_NE(lost.error().text().find(folder.file("key_generation")), std::string::npos);

  // Also when the configured key is lost with it: a new one must not be made.
  fs::remove(folder.file("master.key"));
  EXPECT_EQ(start(created, folder.file("")).error().text(), lost.error().text());

  // As it was before generations were recorded: the record of the key still knows.
  fs::remove(folder.file("key_generation"));
  folder.write("master.key", std::string(64, '1'));
  const auto given_up = start(created, folder.file(""));
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().code(), BP_E_CONFLICT);
  EXPECT_NE(given_up.error().text().find("'keyset'"), std::string::npos);
}

TEST(Settings, AnOldFileOfKeysStopsTheStartAndSaysSoFirst) {
  const testing::TemporaryFolder folder;
  const std::string created = R"({"key":{"file":"master.key","create":true}})";
  {
    const auto first = start(created, folder.file(""));
    ASSERT_TRUE(first);
    ASSERT_TRUE(first->store->create("mail", Purpose::Messages, 7));
    fs::copy_file(folder.file("keyset"), folder.file("old"));
    ASSERT_TRUE(first->store->rotate("", 8));
  }
  ASSERT_TRUE(start(created, folder.file("")));  // records the new primary
  fs::rename(folder.file("old"), folder.file("keyset"));
  const auto old = start(created, folder.file(""));
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code(), BP_E_CONFLICT);
  EXPECT_NE(old.error().text().find("(generation 1, seen 2)"), std::string::npos)
      << old.error().text();
}

TEST(Settings, ARotationMayMakeItsNewKeyOnce) {
  const testing::TemporaryFolder folder;
  folder.write("old.key", std::string(64, '1'));
  ASSERT_TRUE(start(R"({"key":{"file":"old.key"}})", folder.file("")));
  const std::string rotated =
      R"({"key":{"file":"new.key","create":true},"former_keys":[{"file":"old.key"}]})";
  ASSERT_TRUE(start(rotated, folder.file("")));
  fs::remove(folder.file("new.key"));
  EXPECT_EQ(start(rotated, folder.file("")).error().code(), BP_E_NOT_FOUND);
}

}  // namespace
}  // namespace crypto_sodium
