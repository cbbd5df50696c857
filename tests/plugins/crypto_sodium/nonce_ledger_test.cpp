// tests/plugins/crypto_sodium/nonce_ledger_test.cpp - no restart forgets a used nonce.
#include "nonce_ledger.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "temporary_folder.hpp"

namespace crypto_sodium {
namespace {

class NonceLedgerTest : public ::testing::Test {
 protected:
  /// One start of the plugin.
  struct Run {
    explicit Run(const std::string& path, std::uint8_t first = 0) {
      EXPECT_TRUE(keys.add_primary(testing::counting_key(first)));
      ledger = std::make_unique<NonceLedger>(path, keys);
    }

    [[nodiscard]] const Key& aes() const {
      return *keys.sealing(Algorithm::Aes256Gcm, Framing::Keyed);
    }

    Keyset keys;
    std::unique_ptr<NonceLedger> ledger;
  };

  testing::TemporaryFolder folder;
  const std::string path = folder.file("nonces");
};

TEST_F(NonceLedgerTest, AnUnusedKeyNeedsNoFile) {
  Run run(path);
  ASSERT_TRUE(run.ledger->open());
  EXPECT_FALSE(run.ledger->due(run.aes()));
  ASSERT_TRUE(run.keys.sealing(Algorithm::XChaCha20Poly1305, Framing::Keyed)->spend_nonce());
  EXPECT_FALSE(run.ledger->due(run.aes()));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(NonceLedgerTest, IsDueOncePerHalfMargin) {
  Run run(path);
  ASSERT_TRUE(run.aes().spend_nonce());
  EXPECT_TRUE(run.ledger->due(run.aes()));
  EXPECT_FALSE(run.ledger->due(run.aes()));  // somebody has been asked
  ASSERT_TRUE(run.ledger->record(nonce_margin));
  EXPECT_FALSE(run.ledger->due(run.aes()));
  run.aes().resume_from(1 + (nonce_margin / 2));
  EXPECT_FALSE(run.ledger->due(run.aes()));
  ASSERT_TRUE(run.aes().spend_nonce());
  EXPECT_TRUE(run.ledger->due(run.aes()));
}

TEST_F(NonceLedgerTest, ACrashCostsTheMarginAndACleanStopNothing) {
  {
    Run run(path);
    ASSERT_TRUE(run.aes().spend_nonce());
    ASSERT_TRUE(run.ledger->record(nonce_margin));
  }
  Run after_crash(path);
  ASSERT_TRUE(after_crash.ledger->open());
  EXPECT_EQ(after_crash.aes().sealed_messages(), nonce_margin + 1);
  EXPECT_FALSE(after_crash.ledger->due(after_crash.aes()));  // not before the first message
  EXPECT_FALSE(after_crash.ledger->used());
  ASSERT_TRUE(after_crash.ledger->record(nonce_margin));  // unused: nothing is added

  Run after_stop(path);
  ASSERT_TRUE(after_stop.ledger->open());
  EXPECT_EQ(after_stop.aes().sealed_messages(), nonce_margin + 1);
}

TEST_F(NonceLedgerTest, KeepsTheCountsOfKeysThatAreNotConfiguredNow) {
  {
    Run run(path);
    ASSERT_TRUE(run.aes().spend_nonce());
    ASSERT_TRUE(run.ledger->record(0));
  }
  {
    Run other(path, 1);
    ASSERT_TRUE(other.ledger->open());
    ASSERT_TRUE(other.aes().spend_nonce());
    ASSERT_TRUE(other.ledger->record(0));
  }
  Run again(path);
  ASSERT_TRUE(again.ledger->open());
  EXPECT_EQ(again.aes().sealed_messages(), 1U);
}

TEST_F(NonceLedgerTest, ASpentBudgetStaysSpent) {
  folder.write("nonces", "3725717744 2147483648\n");
  Run run(path);
  ASSERT_TRUE(run.ledger->open());
  EXPECT_EQ(run.aes().spend_nonce().error().code(), BP_E_UNAVAILABLE);
}

TEST_F(NonceLedgerTest, RefusesADamagedFile) {
  for (const char* content : {"x", "1 2", "1 x\n", "1\n", "4294967296 1\n", "1 2\n\n"}) {
    folder.write("nonces", content);
    Run run(path);
    const auto opened = run.ledger->open();
    ASSERT_FALSE(opened) << content;
    EXPECT_EQ(opened.error().code(), BP_E_CORRUPT);
    EXPECT_NE(opened.error().message().find(path), std::string::npos);
  }
}

TEST_F(NonceLedgerTest, AFailedWriteIsReportedAndTriedLater) {
  Run run(folder.file("missing/folder/nonces"));
  ASSERT_TRUE(run.aes().spend_nonce());
  EXPECT_TRUE(run.ledger->due(run.aes()));
  EXPECT_FALSE(run.ledger->record(nonce_margin));
  EXPECT_FALSE(run.ledger->due(run.aes()));
  run.aes().resume_from(nonce_margin);
  EXPECT_TRUE(run.ledger->due(run.aes()));
}

}  // namespace
}  // namespace crypto_sodium
