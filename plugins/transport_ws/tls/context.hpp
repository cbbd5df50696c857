// plugins/transport_ws/tls/context.hpp - certificates, keys and rules of one listener or client,
// read from files.
//
// A context never changes: other files make another context, and connections keep the one they
// began with. Errors: each names the file, what is wrong with it and what mends it. Thread: any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <openssl/ssl.h>

#include "backplane/cpp/error.hpp"

namespace transport_ws::tls {

enum class Side : std::uint8_t { Server, Client };

/// What a server asks of its clients.
enum class ClientCertificate : std::uint8_t { None, Optional, Required };

enum class Version : std::uint8_t { Tls12, Tls13 };

/// Two files.
struct Pair {
  std::string certificate;  // PEM: the own certificate, then those between it and the root
  std::string key;          // PEM, readable by its owner only
};

struct Settings {
  Side side = Side::Server;
  std::string certificate;  // as in Pair
  std::string key;
  std::string
      ca;  // PEM: roots that the other side's certificate must lead to, and revocation lists
  ClientCertificate client = ClientCertificate::None;
  Version min_version = Version::Tls12;
  std::vector<Pair> by_name;  // shown instead to clients that ask for a name of theirs (SNI)
};

/// OpenSSL's context and the transport that its connections read and write through.
class Context {
 public:
  [[nodiscard]] static bp::result<std::shared_ptr<const Context>> make(const Settings& settings);

  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context();

  [[nodiscard]] SSL_CTX* get() const noexcept { return context_; }

  [[nodiscard]] const BIO_METHOD* transport() const noexcept { return transport_; }

  [[nodiscard]] Side side() const noexcept { return side_; }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  };

  explicit Context(Side side);

  [[nodiscard]] bp::result<void> add(const Settings& settings, const Pair& pair);
  static int choose(SSL* connection, int* alert, void* context);

  SSL_CTX* context_;
  std::vector<std::unique_ptr<SSL_CTX, Free>> by_name_;
  BIO_METHOD* transport_;
  Side side_;
};

}  // namespace transport_ws::tls
