// tests/plugins/crypto_sodium/audit_test.cpp - records for the audit, and bursts told in one.
#include "audit.hpp"

#include <gtest/gtest.h>

#include "aead.hpp"
#include "bytes.hpp"

namespace crypto_sodium {
namespace {

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    EXPECT_TRUE(keys.add_primary(testing::counting_key(0)));
    EXPECT_TRUE(keys.add_former(testing::counting_key(1), KeyState::Disabled));
  }

  testing::Buffer sealed_by(std::uint8_t first) {
    Keyset other;
    EXPECT_TRUE(other.add_primary(testing::counting_key(first)));
    return Aead(other).seal(Algorithm::Aes256Gcm, Framing::Keyed, {}, {}).value().bytes;
  }

  /// Counts it once and tells.
  std::string told(const testing::Buffer& sealed) {
    EXPECT_TRUE(audit.count_refusal(keys, sealed));
    audit.tell_refusals();
    return records.back();
  }

  Keyset keys;
  std::vector<std::string> records;
  Audit audit{[this](std::string_view json) { records.emplace_back(json); }};
};

TEST_F(AuditTest, ARecordNamesWhoDidWhat) {
  const AuditRecord record{.what = "keys.rotate",
                           .who = "app",
                           .key = "mail",
                           .version = 2,
                           .key_id = 9,
                           .outcome = BP_E_STATE};
  EXPECT_EQ(to_json(record, 5),
            R"({"time_ms":5,"what":"keys.rotate","who":"app","key":"mail","version":2,"key_id":9,)"
            R"("outcome":"E_STATE","count":1})");
  audit.tell(record);
  EXPECT_EQ(records.size(), 1U);
}

TEST_F(AuditTest, TheReasonIsInTheRecord) {
  EXPECT_NE(told(sealed_by(7)).find("unknown key"), std::string::npos);
  EXPECT_NE(told({}).find("unknown key"), std::string::npos);
  EXPECT_NE(told(sealed_by(1)).find("not enabled"), std::string::npos);
  EXPECT_NE(told(sealed_by(0)).find("not authentic"), std::string::npos);
  auto stored = testing::stored("", Purpose::Messages, 1, 1);
  stored.rings[0].min_version = 1;
  keys.commit(keys.prepare(stored).value());
  EXPECT_NE(told(sealed_by(0)).find("below the minimum"), std::string::npos);
}

TEST_F(AuditTest, ABurstIsToldOnce) {
  const auto bad = sealed_by(7);
  int asked = 0;
  for (int i = 0; i < 1000; ++i) {
    asked += audit.count_refusal(keys, bad) ? 1 : 0;
  }
  EXPECT_EQ(asked, 1);
  audit.tell_refusals();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_NE(records[0].find(R"("count":1000)"), std::string::npos);
  EXPECT_TRUE(audit.count_refusal(keys, bad));
}

TEST(CodeName, IsTheLaws) {
  EXPECT_EQ(code_name(BP_OK), "OK");
  EXPECT_EQ(code_name(BP_E_DECRYPT), "E_DECRYPT");
  EXPECT_EQ(code_name(-12345), "E_PLUGIN");
}

}  // namespace
}  // namespace crypto_sodium
