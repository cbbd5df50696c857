// tests/plugins/transport_ws/tls/secure_client.hpp - the raw client over TLS, on OpenSSL's own
// blocking calls: none of the code that it tests.
#pragma once

#include <csignal>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "../raw_client.hpp"
#include "paper.hpp"

namespace transport_ws::tls {

class SecureClient final : public RawClient {
 public:
  /// Shakes hands; `secured` says whether that went well.
  explicit SecureClient(std::uint16_t port, const Settings& settings = {})
      : RawClient(port), context_(SSL_CTX_new(TLS_client_method())) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL's own socket calls raise it
    const timeval limit{patience.count() / 1000, 0};
    ::setsockopt(descriptor(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (!settings.certificate.empty()) {
      SSL_CTX_use_certificate_file(context_, settings.certificate.c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context_, settings.key.c_str(), SSL_FILETYPE_PEM);
    }
    if (settings.min_version == Version::Tls12) {
      SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
    }
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, descriptor());
    secured = SSL_connect(ssl_) == 1;
  }

  ~SecureClient() override {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }

  /// The common name in the certificate that the server showed.
  [[nodiscard]] std::string server_name() const {
    X509* shown = SSL_get0_peer_certificate(ssl_);
    std::array<char, 256> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name.data(),
                              static_cast<int>(name.size()));
    return name.data();
  }

  [[nodiscard]] std::string version() const { return SSL_get_version(ssl_); }

  bool secured = false;

 protected:
  ssize_t put(std::string_view bytes) override {
    return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
  }

  ssize_t get(std::span<char> into) override {
    return SSL_read(ssl_, into.data(), static_cast<int>(into.size()));
  }

  bool await_readable() override { return SSL_pending(ssl_) > 0 || RawClient::await_readable(); }

 private:
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
};

}  // namespace transport_ws::tls
