// plugins/transport_ws/tls/context.cpp - from PEM files to a context of OpenSSL's.
#include "tls/context.hpp"

#include <string_view>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls/engine.hpp"
#include "tls/file.hpp"

namespace transport_ws::tls {

namespace {

// For TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has nothing else.
constexpr const char* tls12_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr std::string_view session_name = "backplane";

template <auto Free>
struct Freed {
  template <typename Thing>
  void operator()(Thing* thing) const noexcept {
    Free(thing);
  }
};

using Memory = std::unique_ptr<BIO, Freed<&BIO_free>>;
using X509Pointer = std::unique_ptr<X509, Freed<&X509_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, Freed<&EVP_PKEY_free>>;

Memory reader_of(const std::string& content) {
  return Memory(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
}

// Nobody is asked on the terminal.
int no_password(char* /*into*/, int /*bytes*/, int /*writing*/, void* /*context*/) {
  return 0;
}

bp::result<void> load_certificate(SSL_CTX& into, const std::string& path) {
  const auto content = read_file(path, Readers::Anybody);
  BP_TRY(content);
  const Memory pem = reader_of(*content);
  const X509Pointer own(PEM_read_bio_X509(pem.get(), nullptr, &no_password, nullptr));
  if (own == nullptr || SSL_CTX_use_certificate(&into, own.get()) != 1) {
    return bp::fail(BP_E_INVALID, fmt::format("'{}' holds no usable certificate in PEM ({}); fix: "
                                              "name the server's own certificate, the ones that "
                                              "signed it behind it",
                                              path, take_reason()));
  }
  for (;;) {
    X509Pointer above(PEM_read_bio_X509(pem.get(), nullptr, &no_password, nullptr));
    if (above == nullptr) {
      ERR_clear_error();
      return {};
    }
    SSL_CTX_add0_chain_cert(&into, above.release());
  }
}

bp::result<void> load_key(SSL_CTX& into, const std::string& path, const std::string& certificate) {
  auto content = read_file(path, Readers::Owner);
  BP_TRY(content);
  const KeyPointer key(
      PEM_read_bio_PrivateKey(reader_of(*content).get(), nullptr, &no_password, nullptr));
  OPENSSL_cleanse(content->data(), content->size());
  if (key == nullptr) {
    return bp::fail(BP_E_INVALID, fmt::format("'{}' holds no private key in PEM that opens without "
                                              "a password ({}); fix: write it with openssl pkey "
                                              "-in <key> -out '{}'",
                                              path, take_reason(), path));
  }
  if (SSL_CTX_use_PrivateKey(&into, key.get()) != 1 || SSL_CTX_check_private_key(&into) != 1) {
    return bp::fail(BP_E_INVALID,
                    fmt::format("the key '{}' does not belong to the certificate "
                                "'{}' ({}); fix: name the two that were made together",
                                path, certificate, take_reason()));
  }
  return {};
}

// Roots and revocation lists, from one file.
bp::result<void> load_authorities(SSL_CTX& into, const std::string& path, Side side) {
  const auto content = read_file(path, Readers::Anybody);
  BP_TRY(content);
  STACK_OF(X509_INFO)* all =
      PEM_X509_INFO_read_bio(reader_of(*content).get(), nullptr, &no_password, nullptr);
  X509_STORE* store = SSL_CTX_get_cert_store(&into);
  int roots = 0;
  int lists = 0;
  for (int i = 0; i < sk_X509_INFO_num(all); ++i) {
    const X509_INFO& item = *sk_X509_INFO_value(all, i);
    if (item.x509 != nullptr && X509_STORE_add_cert(store, item.x509) == 1) {
      ++roots;
      if (side == Side::Server) {
        SSL_CTX_add_client_CA(&into, item.x509);
      }
    }
    lists += item.crl != nullptr && X509_STORE_add_crl(store, item.crl) == 1 ? 1 : 0;
  }
  sk_X509_INFO_pop_free(all, X509_INFO_free);
  if (roots == 0) {
    return bp::fail(
        BP_E_INVALID,
        fmt::format("'{}' holds no certificate in PEM ({}); fix: name the file with the "
                    "roots that certificates must lead to",
                    path, take_reason()));
  }
  if (lists > 0) {
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
  }
  ERR_clear_error();
  return {};
}

void set_rules(SSL_CTX& context, const Settings& settings) {
  SSL_CTX_set_min_proto_version(
      &context, settings.min_version == Version::Tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(&context, tls12_ciphers);
  // WebSocket has its own goodbye and HTTP its lengths: an end without TLS's is no other end.
  SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                    SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // An idle connection holds no record buffers.
  SSL_CTX_set_mode(&context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(&context, 1);
  SSL_CTX_set_default_passwd_cb(&context, &no_password);
  // A resumed session brings its client certificate along: it must not come from another listener.
  SSL_CTX_set_session_id_context(&context,
                                 reinterpret_cast<const unsigned char*>(session_name.data()),
                                 static_cast<unsigned>(session_name.size()));
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  int verify = SSL_VERIFY_PEER;
  if (settings.side == Side::Server) {
    verify = settings.client == ClientCertificate::None ? SSL_VERIFY_NONE
             : settings.client == ClientCertificate::Optional
                 ? SSL_VERIFY_PEER
                 : SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  SSL_CTX_set_verify(&context, verify, nullptr);
}

SSL_CTX* make_context(Side side) {
  return SSL_CTX_new(side == Side::Server ? TLS_server_method() : TLS_client_method());
}

// Everything but what is chosen by name.
bp::result<void> fill(SSL_CTX& context, const Settings& settings, const Pair& pair) {
  set_rules(context, settings);
  if (!pair.certificate.empty()) {
    BP_TRY(load_certificate(context, pair.certificate));
    BP_TRY(load_key(context, pair.key, pair.certificate));
  }
  if (!settings.ca.empty()) {
    BP_TRY(load_authorities(context, settings.ca, settings.side));
  } else if (settings.side == Side::Client) {
    SSL_CTX_set_default_verify_paths(&context);
  }
  return {};
}

bp::error no_memory() {
  return {BP_E_NO_MEMORY, "OpenSSL could not make a context"};
}

}  // namespace

Context::Context(Side side)
    : context_(make_context(side)), transport_(make_transport()), side_(side) {}

Context::~Context() {
  SSL_CTX_free(context_);
  BIO_meth_free(transport_);
}

bp::result<std::shared_ptr<const Context>> Context::make(const Settings& settings) {
  std::shared_ptr<Context> made(new Context(settings.side));
  if (made->context_ == nullptr || made->transport_ == nullptr) {
    return std::unexpected(no_memory());
  }
  BP_TRY(fill(*made->context_, settings, {settings.certificate, settings.key}));
  for (const Pair& pair : settings.by_name) {
    BP_TRY(made->add(settings, pair));
  }
  if (!settings.by_name.empty()) {
    // What OpenSSL's macros do, without their casts.
    SSL_CTX_callback_ctrl(made->context_, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          reinterpret_cast<void (*)()>(&Context::choose));
    SSL_CTX_ctrl(made->context_, SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG, 0, made.get());
  }
  ERR_clear_error();
  return made;
}

// Roots are read again for each: a connection takes all of its context, not only the certificate.
bp::result<void> Context::add(const Settings& settings, const Pair& pair) {
  by_name_.emplace_back(make_context(settings.side));
  if (by_name_.back() == nullptr) {
    return std::unexpected(no_memory());
  }
  return fill(*by_name_.back(), settings, pair);
}

// RFC 6066 section 3. Names are compared as clients compare them (RFC 6125), so whoever gets a
// certificate accepts it. Who asks for none, or for a name that nobody has, gets the first one.
int Context::choose(SSL* connection, int* /*alert*/, void* context) {
  const auto& self = *static_cast<const Context*>(context);
  const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  const auto has = [name](const SSL_CTX* of) {
    return X509_check_host(SSL_CTX_get0_certificate(of), name, 0, 0, nullptr) == 1;
  };
  if (has(self.context_)) {
    return SSL_TLSEXT_ERR_OK;
  }
  for (const auto& each : self.by_name_) {
    if (has(each.get())) {
      SSL_set_SSL_CTX(connection, each.get());
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_NOACK;
}

}  // namespace transport_ws::tls
