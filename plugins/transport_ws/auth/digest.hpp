// plugins/transport_ws/auth/digest.hpp - hashes, codes and signatures of credentials, by OpenSSL.
//
// Thread: any; keys are shared as const.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "backplane/cpp/error.hpp"

namespace transport_ws::auth {

using Digest = std::array<unsigned char, 32>;

[[nodiscard]] Digest sha256(std::string_view bytes);
[[nodiscard]] Digest hmac_sha256(std::string_view key, std::string_view bytes);

/// In a time that does not depend on where they differ.
[[nodiscard]] bool same(const Digest& a, const Digest& b) noexcept;

/// 64 hex digits. None: it is something else.
[[nodiscard]] std::optional<Digest> digest_of_hex(std::string_view text);

/// base64url without padding (RFC 7515 section 2). None: it is something else.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

using PublicKey = std::shared_ptr<EVP_PKEY>;

/// An Ed25519 key from a file in PEM. Errors: those of tls::read_file, INVALID.
[[nodiscard]] bp::result<PublicKey> read_ed25519(const std::string& path);
[[nodiscard]] bool verify_ed25519(const PublicKey& key, std::string_view bytes,
                                  std::string_view signature) noexcept;

}  // namespace transport_ws::auth
