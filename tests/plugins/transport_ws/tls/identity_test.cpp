// tests/plugins/transport_ws/tls/identity_test.cpp - names out of a certificate.
#include "tls/identity.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "paper.hpp"

namespace transport_ws::tls {
namespace {

Identity read(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), &X509_free);
  return identity_of(*certificate);
}

TEST(Identity, HasSubjectNamesAndFingerprint) {
  const Authority authority;
  const Identity identity =
      read(authority
               .issue("sensor 7",
                      "DNS:s7.example.org,URI:spiffe://example/s7,email:s7@example.org,"
                      "IP:10.0.0.7,IP:fd00:0:0:0:0:0:0:7")
               .certificate);
  EXPECT_EQ(identity.subject, "CN=sensor 7");
  EXPECT_EQ(identity.names,
            (std::vector<std::string>{"DNS:s7.example.org", "URI:spiffe://example/s7",
                                      "email:s7@example.org", "IP:10.0.0.7", "IP:fd00::7"}));
  EXPECT_EQ(identity.fingerprint.size(), 64U);
  EXPECT_FALSE(identity.empty());
  EXPECT_NE(read(authority.issue("sensor 7").certificate).fingerprint, identity.fingerprint);
}

TEST(Identity, EscapesWhatWouldLookLikeAnotherName) {
  const Authority authority;
  EXPECT_EQ(read(authority.issue("a,O=Example").certificate).subject, "CN=a\\,O=Example");
  EXPECT_TRUE(read(authority.issue("a").certificate).names.empty());
}

}  // namespace
}  // namespace transport_ws::tls
