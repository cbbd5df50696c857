// plugins/transport_ws/tls/failure.cpp - from OpenSSL's queue to Asio's category.
#include "tls/failure.hpp"

#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/sslerr.h>

namespace transport_ws::tls {

ErrorCode take_failure() noexcept {
  const unsigned long latest = ERR_peek_last_error();  // the others are how it came about
  ERR_clear_error();
  const unsigned long known =
      latest != 0 ? latest : ERR_PACK(ERR_LIB_SSL, 0, SSL_R_PROTOCOL_IS_SHUTDOWN);
  return {static_cast<int>(known), boost::asio::error::get_ssl_category()};
}

std::string take_reason() {
  return take_failure().message();
}

}  // namespace transport_ws::tls
