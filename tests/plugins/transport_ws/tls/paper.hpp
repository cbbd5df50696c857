// tests/plugins/transport_ws/tls/paper.hpp - certificates and keys made on the spot, and a folder
// for them that goes with the test.
#pragma once

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls/context.hpp"

namespace transport_ws::tls {

using Certificate = std::shared_ptr<X509>;
using Key = std::shared_ptr<EVP_PKEY>;

/// A certificate and its key, as they stand in files.
struct Paper {
  std::string certificate;
  std::string key;
};

inline std::string pem_of(const auto& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), &BIO_free);
  write(text.get());
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(bytes)};
}

/// Signs certificates of P-256 keys.
class Authority {
 public:
  explicit Authority(const std::string& name = "backplane test root")
      : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), own_(make(name, key_, nullptr, "CA:TRUE", {})) {}

  [[nodiscard]] std::string certificate() const { return text_of(*own_); }

  /// `names`: as openssl writes them, "DNS:localhost,IP:127.0.0.1".
  [[nodiscard]] Paper issue(const std::string& name, const std::string& names = {}) const {
    const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    const Certificate made = make(name, key, own_.get(), "CA:FALSE", names);
    return {text_of(*made), pem_of([&](BIO* into) {
              PEM_write_bio_PrivateKey(into, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
            })};
  }

 private:
  static std::string text_of(X509& certificate) {
    return pem_of([&](BIO* into) { PEM_write_bio_X509(into, &certificate); });
  }

  static void extend(X509& into, int kind, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    X509_add_ext(&into, extension, -1);
    X509_EXTENSION_free(extension);
  }

  Certificate make(const std::string& name, const Key& key, X509* issuer, const std::string& rights,
                   const std::string& names) const {
    static std::atomic<long> serial = 1;
    constexpr long day_s = 86'400;
    Certificate made(X509_new(), &X509_free);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -day_s);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), day_s);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made.get(),
                         X509_get_subject_name(issuer == nullptr ? made.get() : issuer));
    X509_set_pubkey(made.get(), key.get());
    extend(*made, NID_basic_constraints, "critical," + rights);
    if (!names.empty()) {
      extend(*made, NID_subject_alt_name, names);
    }
    X509_sign(made.get(), key_.get(), EVP_sha256());
    return made;
  }

  Key key_;
  Certificate own_;
};

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "paperXXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string at(const std::string& name) const { return path_ + "/" + name; }

  /// Replaces the file as careful tools do: written beside it, then renamed. Owner only.
  std::string write(const std::string& name, const std::string& content) const {
    const std::string path = at(name);
    std::ofstream(path + ".new") << content;
    std::filesystem::permissions(
        path + ".new", std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::filesystem::rename(path + ".new", path);
    return path;
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// A server for "localhost" whose files lie in a folder, and what its clients need.
struct Office {
  Folder folder;
  Authority authority;
  Settings server;
  Settings client;

  explicit Office(ClientCertificate demand = ClientCertificate::None) {
    renew();
    server.side = Side::Server;
    server.certificate = folder.at("server.pem");
    server.key = folder.at("server.key");
    server.client = demand;
    client.side = Side::Client;
    client.ca = folder.write("ca.pem", authority.certificate());
    if (demand != ClientCertificate::None) {
      server.ca = client.ca;
    }
  }

  void renew(const std::string& name = "localhost") const {
    const Paper paper = authority.issue(name, "DNS:localhost,IP:127.0.0.1");
    folder.write("server.key", paper.key);
    folder.write("server.pem", paper.certificate);
  }

  /// The client's settings with a certificate of that name.
  [[nodiscard]] Settings client_as(const std::string& name, const std::string& names = {}) const {
    Settings settings = client;
    const Paper paper = authority.issue(name, names);
    settings.certificate = folder.write("client.pem", paper.certificate);
    settings.key = folder.write("client.key", paper.key);
    return settings;
  }
};

}  // namespace transport_ws::tls
