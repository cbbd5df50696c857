// tests/plugins/crypto_sodium/mac_test.cpp - HMAC-SHA256 against RFC 4231, and with named keys.
#include "mac.hpp"

#include <gtest/gtest.h>

#include "bytes.hpp"
#include "requests.hpp"

namespace crypto_sodium {
namespace {

using testing::as_bytes;
using testing::Buffer;
using testing::hex;
using testing::Request;

// RFC 4231, section 4, without the truncated case 5.
TEST(HmacSha256, AgreesWithThePublishedVectors) {
  Buffer counting(25);
  for (std::size_t i = 0; i < counting.size(); ++i) {
    counting[i] = static_cast<std::uint8_t>(i + 1);
  }
  EXPECT_EQ(hex(hmac_sha256(Buffer(20, 0x0b), as_bytes("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmac_sha256(Buffer(20, 0xaa), Buffer(50, 0xdd))),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(hex(hmac_sha256(counting, Buffer(50, 0xcd))),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  EXPECT_EQ(hex(hmac_sha256(Buffer(131, 0xaa),
                            as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(
      hex(hmac_sha256(
          Buffer(131, 0xaa),
          as_bytes("This is a test using a larger than block-size key and a larger than "
                   "block-size data. The key needs to be hashed before being used by the HMAC "
                   "algorithm."))),
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST(HmacSha256, TakesNothing) {
  EXPECT_EQ(hex(hmac_sha256({}, {})),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

class MacServiceTest : public ::testing::Test {
 protected:
  MacServiceTest() {
    EXPECT_TRUE(keys.add_primary(testing::counting_key(0)));
    keys.commit(keys.prepare(stored).value());
  }

  [[nodiscard]] bp::result<mac_contract::ComputeReplyT> compute(
      const std::string& text, const std::string& key = "m") const {
    mac_contract::ComputeRequestT request;
    request.key = key;
    request.text = text;
    return service.compute(*Request<mac_contract::ComputeRequest>(request));
  }

  [[nodiscard]] bool verify(const std::string& text, const Buffer& tag) const {
    mac_contract::VerifyRequestT request;
    request.key = "m";
    request.text = text;
    request.tag = tag;
    return service.verify(*Request<mac_contract::VerifyRequest>(request)).value().valid;
  }

  StoredKeyset stored = testing::stored("m", Purpose::HmacSha256, 2, 1);
  Keyset keys;
  MacService service{keys};
};

TEST_F(MacServiceTest, EveryVersionThatOpensVerifies) {
  const auto first = compute("hello");
  ASSERT_TRUE(first);
  stored.rings[0].primary = 2;
  keys.commit(keys.prepare(stored).value());
  EXPECT_NE(compute("hello")->tag, first->tag);
  EXPECT_TRUE(verify("hello", first->tag));
  EXPECT_FALSE(verify("hallo", first->tag));
  for (std::size_t i = 0; i < first->tag.size(); ++i) {
    Buffer bad = first->tag;
    bad[i] ^= 1U;
    EXPECT_FALSE(verify("hello", bad));
    EXPECT_FALSE(verify("hello", Buffer(bad.begin(), bad.begin() + static_cast<long>(i))));
  }
  stored.rings[0].min_version = 2;
  keys.commit(keys.prepare(stored).value());
  EXPECT_FALSE(verify("hello", first->tag));
}

TEST_F(MacServiceTest, SaysWhyNot) {
  EXPECT_EQ(compute("a", "n").error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(compute("a", "").error().code(), BP_E_UNSUPPORTED);
}

}  // namespace
}  // namespace crypto_sodium
