// tests/plugins/crypto_sodium/kdf_service_test.cpp - derivations by context, of input, of
// passwords.
#include "kdf_service.hpp"

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "requests.hpp"

namespace crypto_sodium {
namespace {

using testing::Buffer;
using testing::hex;
using testing::Request;

class KdfServiceTest : public ::testing::Test {
 protected:
  KdfServiceTest() {
    EXPECT_TRUE(keys.add_primary(testing::counting_key(0)));
    keys.commit(keys.prepare(stored).value());
  }

  [[nodiscard]] bp::result<kdf_contract::DeriveReplyT> derive(const std::string& context,
                                                              std::uint32_t version = 0,
                                                              std::uint32_t bytes = 0,
                                                              const std::string& key = "k") const {
    kdf_contract::DeriveRequestT request;
    request.key = key;
    request.context = context;
    request.version = version;
    request.output_bytes = bytes;
    return service.derive(*Request<kdf_contract::DeriveRequest>(request));
  }

  static kdf_contract::Pbkdf2RequestT pbkdf2_request() {
    kdf_contract::Pbkdf2RequestT request;
    request.password = "passwd";
    request.salt = Buffer(salt_bytes, 1);
    return request;
  }

  static bp::result<kdf_contract::Pbkdf2ReplyT> pbkdf2(
      const kdf_contract::Pbkdf2RequestT& request,
      std::uint32_t iterations_min = pbkdf2_iterations_min) {
    return KdfService::pbkdf2(*Request<kdf_contract::Pbkdf2Request>(request), iterations_min);
  }

  StoredKeyset stored = testing::stored("k", Purpose::HkdfSha256, 2, 1);
  Keyset keys;
  KdfService service{keys};
};

TEST_F(KdfServiceTest, TheSameContextGivesTheSameBytes) {
  const auto a = derive("a");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->output.size(), key_bytes);
  EXPECT_EQ(derive("a")->output, a->output);
  EXPECT_NE(derive("b")->output, a->output);
  EXPECT_EQ(derive("a", 0, 8160)->output.size(), 8160U);
  stored.rings[0].primary = 2;
  keys.commit(keys.prepare(stored).value());
  EXPECT_NE(derive("a")->output, a->output);
  EXPECT_EQ(derive("a")->version, 2U);
  EXPECT_EQ(derive("a", 1)->output, a->output);  // after a rotation, by its version
  stored.rings[0].versions[0].state = KeyState::Disabled;
  keys.commit(keys.prepare(stored).value());
  EXPECT_EQ(derive("a", 1).error().code(), BP_E_UNAVAILABLE);
}

TEST_F(KdfServiceTest, SaysWhyNot) {
  EXPECT_EQ(derive("a", 0, 15).error().code(), BP_E_RANGE);
  EXPECT_EQ(derive("a", 0, 8161).error().code(), BP_E_RANGE);
  EXPECT_EQ(derive("a", 9).error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(derive("a", 0, 0, "l").error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(derive("a", 0, 0, "").error().code(), BP_E_UNSUPPORTED);
}

TEST_F(KdfServiceTest, HkdfIsRfc5869) {
  kdf_contract::HkdfRequestT request;
  request.input = Buffer(22, 0x0b);
  request.salt = testing::unhex("000102030405060708090a0b0c");
  request.info = testing::unhex("f0f1f2f3f4f5f6f7f8f9");
  request.output_bytes = 42;
  EXPECT_EQ(hex(KdfService::hkdf(*Request<kdf_contract::HkdfRequest>(request))->output),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  request.output_bytes = 8161;
  EXPECT_EQ(KdfService::hkdf(*Request<kdf_contract::HkdfRequest>(request)).error().code(),
            BP_E_RANGE);
}

TEST_F(KdfServiceTest, Pbkdf2IsRefusedWhenItIsWeak) {
  auto request = pbkdf2_request();
  EXPECT_EQ(request.iterations, 600'000U);
  request.iterations = 599'999;
  EXPECT_EQ(pbkdf2(request).error().code(), BP_E_RANGE);
  request.iterations = 4'000'001;
  EXPECT_EQ(pbkdf2(request).error().code(), BP_E_RANGE);
  request = pbkdf2_request();
  request.salt.resize(15);
  EXPECT_EQ(pbkdf2(request).error().code(), BP_E_RANGE);
  request = pbkdf2_request();
  request.password.clear();
  EXPECT_EQ(pbkdf2(request).error().code(), BP_E_INVALID);
  request.password.assign(password_bytes_max + 1, 'a');
  EXPECT_EQ(pbkdf2(request).error().code(), BP_E_TOO_LARGE);
}

TEST_F(KdfServiceTest, Pbkdf2DerivesAsManyBytesAsAskedFor) {
  auto request = pbkdf2_request();
  request.iterations = 2;
  const auto short_one = pbkdf2(request, 1);
  request.output_bytes = 100;
  const auto long_one = pbkdf2(request, 1);
  ASSERT_TRUE(short_one && long_one);
  EXPECT_EQ(short_one->output.size(), 32U);
  EXPECT_EQ(hex(long_one->output).substr(0, 64), hex(short_one->output));
  request.output_bytes = 1025;
  EXPECT_EQ(pbkdf2(request, 1).error().code(), BP_E_RANGE);
}

}  // namespace
}  // namespace crypto_sodium
