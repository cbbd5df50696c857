// tests/plugins/crypto_sodium/password_hash_test.cpp - Argon2id: others' hashes, ours, hostile
// ones.
#include "password_hash.hpp"

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "requests.hpp"

namespace crypto_sodium {
namespace {

using testing::Request;

constexpr Argon2Cost cheap{argon2_memory_kib_min, 1};

// Of the reference implementation's own tests: 64 MiB, 2 passes, salt "somesalt". The one vector in
// RFC 9106 has four lanes and a secret, which libsodium does not offer; interop_test.cpp asks an
// implementation that passes it.
constexpr const char* reference =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

class PasswordServiceTest : public ::testing::Test {
 protected:
  [[nodiscard]] bp::result<password_contract::HashReplyT> hash(const std::string& password) const {
    password_contract::HashRequestT request;
    request.password = password;
    return service.hash(*Request<password_contract::HashRequest>(request));
  }

  [[nodiscard]] bp::result<password_contract::VerifyReplyT> verify(const std::string& password,
                                                                   const std::string& hash) const {
    password_contract::VerifyRequestT request;
    request.password = password;
    request.hash = hash;
    return service.verify(*Request<password_contract::VerifyRequest>(request));
  }

  PasswordService service{cheap};
};

TEST_F(PasswordServiceTest, VerifiesTheReferenceImplementationsHash) {
  const auto right = verify("password", reference);
  ASSERT_TRUE(right);
  EXPECT_TRUE(right->valid);
  EXPECT_TRUE(right->needs_rehash);
  EXPECT_FALSE(verify("passwore", reference)->valid);
}

TEST_F(PasswordServiceTest, HashesAreSaltedAndSayWhatTheyCost) {
  const auto first = hash("correct horse");
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->hash.starts_with("$argon2id$v=19$m=8192,t=1,p=1$")) << first->hash;
  EXPECT_NE(hash("correct horse")->hash, first->hash);
  const auto again = verify("correct horse", first->hash);
  EXPECT_TRUE(again->valid);
  EXPECT_FALSE(again->needs_rehash);
  EXPECT_FALSE(verify("battery staple", first->hash)->valid);
  password_contract::NeedsRehashRequestT request;
  request.hash = first->hash;
  EXPECT_FALSE(
      service.needs_rehash(*Request<password_contract::NeedsRehashRequest>(request))->needs_rehash);
  EXPECT_TRUE(PasswordService(Argon2Cost())
                  .needs_rehash(*Request<password_contract::NeedsRehashRequest>(request))
                  ->needs_rehash);
}

TEST_F(PasswordServiceTest, AHashThatWouldCostTooMuchIsNotPaidFor) {
  std::string expensive = reference;
  expensive.replace(expensive.find("65536"), 5, "4194304");
  EXPECT_EQ(verify("password", expensive).error().code(), BP_E_RANGE);
  std::string slow = reference;
  slow.replace(slow.find("t=2"), 3, "t=99");
  EXPECT_EQ(verify("password", slow).error().code(), BP_E_RANGE);
}

TEST_F(PasswordServiceTest, SaysWhyNot) {
  EXPECT_EQ(hash("").error().code(), BP_E_INVALID);
  EXPECT_EQ(hash(std::string(1025, 'a')).error().code(), BP_E_TOO_LARGE);
  for (const char* bad :
       {"", "$2b$12$abc", "$argon2i$v=19$m=65536,t=2,p=1$a$b", "$argon2id$v=16$m=65536,t=2,p=1$a$b",
        "$argon2id$v=19$m=65536,t=2,p=4$a$b", "$argon2id$v=19$m=99999999999,t=2,p=1$a$b"}) {
    EXPECT_EQ(verify("a", bad).error().code(), BP_E_INVALID) << bad;
  }
  // The right form, damaged inside: no hash of this password.
  EXPECT_FALSE(verify("password", "$argon2id$v=19$m=8192,t=1,p=1$!$!")->valid);
}

TEST(Argon2Cost, IsReadFromTheHash) {
  EXPECT_EQ(cost_of(reference), (Argon2Cost{65'536, 2}));
  EXPECT_EQ(cost_of("$argon2id$v=19$m=,t=2,p=1$"), std::nullopt);
}

}  // namespace
}  // namespace crypto_sodium
