// tests/plugins/transport_ws/tls/failure_test.cpp - OpenSSL's queue as one error.
#include "tls/failure.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace transport_ws::tls {
namespace {

TEST(Failure, IsTheLatestAndEmptiesTheQueue) {
  OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr);
  ERR_clear_error();
  ERR_raise(ERR_LIB_SSL, SSL_R_HTTP_REQUEST);
  ERR_raise(ERR_LIB_SSL, SSL_R_CERTIFICATE_VERIFY_FAILED);
  const ErrorCode failure = take_failure();
  EXPECT_TRUE(failure);
  EXPECT_NE(failure.message().find("certificate verify failed"), std::string::npos)
      << failure.message();
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(Failure, SaysSomethingWhenTheQueueIsEmpty) {
  ERR_clear_error();
  EXPECT_TRUE(take_failure());
  EXPECT_FALSE(take_reason().empty());
}

}  // namespace
}  // namespace transport_ws::tls
