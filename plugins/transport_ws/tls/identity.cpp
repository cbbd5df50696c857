// plugins/transport_ws/tls/identity.cpp - subject, alternative names, fingerprint.
#include "tls/identity.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

namespace transport_ws::tls {

namespace {

bool printable(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7F; });
}

std::string subject_of(const X509& certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), &BIO_free);
  X509_NAME_print_ex(text.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(text.get(), &data);
  return bytes > 0 ? std::string(data, static_cast<std::size_t>(bytes)) : std::string();
}

std::string_view text_of(const ASN1_STRING* from) noexcept {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(from)),
          static_cast<std::size_t>(ASN1_STRING_length(from))};
}

std::string address_of(std::string_view bytes) {
  namespace ip = boost::asio::ip;
  ip::address_v4::bytes_type four{};
  ip::address_v6::bytes_type sixteen{};
  if (bytes.size() == four.size()) {
    std::ranges::copy(bytes, four.begin());
    return ip::address_v4(four).to_string();
  }
  if (bytes.size() == sixteen.size()) {
    std::ranges::copy(bytes, sixteen.begin());
    return ip::address_v6(sixteen).to_string();
  }
  return {};
}

std::string name_of(const GENERAL_NAME& name) {
  int kind = 0;
  const void* value = GENERAL_NAME_get0_value(&name, &kind);
  const auto* text = static_cast<const ASN1_STRING*>(value);
  switch (kind) {
    case GEN_DNS:
      return fmt::format("DNS:{}", text_of(text));
    case GEN_URI:
      return fmt::format("URI:{}", text_of(text));
    case GEN_EMAIL:
      return fmt::format("email:{}", text_of(text));
    case GEN_IPADD:
      return fmt::format("IP:{}", address_of(text_of(text)));
    default:
      return {};
  }
}

std::vector<std::string> names_of(const X509& certificate) {
  std::vector<std::string> names;
  auto* all = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
    std::string name = name_of(*sk_GENERAL_NAME_value(all, i));
    if (!name.empty() && printable(name)) {
      names.push_back(std::move(name));
    }
  }
  GENERAL_NAMES_free(all);
  return names;
}

}  // namespace

Identity identity_of(X509& certificate) {
  Identity identity;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned bytes = 0;
  if (X509_digest(&certificate, EVP_sha256(), digest.data(), &bytes) != 1) {
    return identity;
  }
  for (unsigned i = 0; i < bytes; ++i) {
    identity.fingerprint += fmt::format("{:02x}", digest[i]);
  }
  identity.subject = subject_of(certificate);
  identity.names = names_of(certificate);
  return identity;
}

}  // namespace transport_ws::tls
