// plugins/crypto_sodium/key_source.cpp - reads, decodes, derives and at first creates keys.
#include "key_source.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <sodium.h>
#include <string_view>

#include "private_file.hpp"

namespace crypto_sodium {
namespace {

constexpr std::size_t key_file_bytes_max = 128;
constexpr std::size_t salt_file_bytes_max = 128;
constexpr std::size_t hex_key_bytes = 2 * key_bytes;
constexpr std::size_t base64_key_bytes = 44;
constexpr std::string_view salt_scheme = "pbkdf2-hmac-sha256";

struct Salt {
  std::array<std::uint8_t, salt_bytes> bytes{};
  std::uint32_t iterations = 0;
  bool created = false;
};

std::string_view text_of(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Bytes without_newline(Bytes content) noexcept {
  for (const char end : {'\n', '\r'}) {
    if (!content.empty() && content.back() == static_cast<std::uint8_t>(end)) {
      content = content.first(content.size() - 1);
    }
  }
  return content;
}

/// All of `text` decoded into exactly `out`, or false.
bool decode_base64(std::string_view text, int alphabet, WritableBytes out) noexcept {
  std::size_t length = 0;
  const char* end = nullptr;
  return sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &length, &end,
                           alphabet) == 0 &&
         length == out.size() && end == text.data() + text.size();
}

bool decode_hex(std::string_view text, WritableBytes out) noexcept {
  std::size_t length = 0;
  const char* end = nullptr;
  return sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr, &length, &end) ==
             0 &&
         length == out.size() && end == text.data() + text.size();
}

bool decode_text(Bytes content, WritableBytes out) noexcept {
  const std::string_view text = text_of(without_newline(content));
  if (text.size() == hex_key_bytes) {
    return decode_hex(text, out);
  }
  return text.size() == base64_key_bytes &&
         (decode_base64(text, sodium_base64_VARIANT_ORIGINAL, out) ||
          decode_base64(text, sodium_base64_VARIANT_URLSAFE, out));
}

bp::result<Secret> read_env(const std::string& name, std::size_t size_bytes_max) {
  // Read once at start; nothing in the host changes its environment while it runs.
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  const std::string_view text = value == nullptr ? "" : value;
  if (text.empty()) {
    return bp::fail(BP_E_NOT_FOUND, "environment variable '" + name +
                                        "' is not set or empty; set it before the host starts");
  }
  if (text.size() > size_bytes_max) {
    return bp::fail(BP_E_TOO_LARGE, "environment variable '" + name + "' has more than " +
                                        std::to_string(size_bytes_max) + " bytes");
  }
  return Secret::copy_of(bytes_of(text));
}

/// Nothing is there, and nothing may be made.
bp::error missing(const KeySource& source, const bp::error& why, std::string_view usual_remedy) {
  return {BP_E_NOT_FOUND, why.message() + "; " +
                              (source.remedy.empty() ? std::string(usual_remedy) : source.remedy)};
}

bp::result<LoadedKey> load_file(const KeySource& source) {
  std::string note;
  auto content = read_private_file(source.name, key_file_bytes_max);
  if (!content && content.error().code() == BP_E_NOT_FOUND) {
    if (!source.create) {
      return std::unexpected(
          missing(source, content.error(),
                  "put the key there, or set 'create' to true for a new one (a new key opens "
                  "nothing that was sealed with another)"));
    }
    const auto fresh = Secret::random(key_bytes);
    if (!fresh) {
      return std::unexpected(fresh.error());
    }
    const auto created = create_private_file(source.name, fresh->bytes());
    if (!created) {
      return std::unexpected(created.error());
    }
    if (*created) {
      note = "created a new random key in '" + source.name +
             "'; back it up: without it, sealed data cannot be read";
    }
    content = read_private_file(source.name, key_file_bytes_max);
  }
  if (!content) {
    return std::unexpected(std::move(content).error());
  }
  auto key = decode_key(content->bytes(), false);
  if (!key) {
    return std::unexpected(std::move(key).error().during("key file '" + source.name + "'"));
  }
  return LoadedKey{std::move(*key), std::move(note)};
}

/// systemd puts credentials of a unit into a folder of its own that only the unit's user may enter.
bp::result<LoadedKey> load_credential(const KeySource& source) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe)
  if (folder == nullptr || *folder == 0) {
    return bp::fail(BP_E_NOT_FOUND,
                    "$CREDENTIALS_DIRECTORY is not set, so there is no credential '" + source.name +
                        "'; start the host from a systemd unit with LoadCredential=" + source.name +
                        ":<path> (or LoadCredentialEncrypted=)");
  }
  if (source.name.find('/') != std::string::npos || source.name == "..") {
    return bp::fail(BP_E_CONFIG,
                    "'" + source.name + "' is no name of a credential; name it without a path");
  }
  const auto content = read_private_file(std::string(folder) + "/" + source.name,
                                         key_file_bytes_max, Readers::OwnerAndAcl);
  if (!content) {
    return std::unexpected(
        bp::error(content.error()).during("reading credential '" + source.name + "'"));
  }
  auto key = decode_key(content->bytes(), false);
  if (!key) {
    return std::unexpected(std::move(key).error().during("credential '" + source.name + "'"));
  }
  return LoadedKey{std::move(*key), ""};
}

/// "pbkdf2-hmac-sha256 600000 <32 hex digits>\n"
std::string write_salt(const Salt& salt) {
  std::array<char, (2 * salt_bytes) + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), salt.bytes.data(), salt.bytes.size());
  return std::string(salt_scheme) + " " + std::to_string(salt.iterations) + " " + hex.data() + "\n";
}

std::optional<Salt> parse_salt(std::string_view text) {
  Salt salt;
  const std::size_t first = text.find(' ');
  const std::size_t second = text.find(' ', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos || text.substr(0, first) != salt_scheme) {
    return std::nullopt;
  }
  const std::string_view count = text.substr(first + 1, second - first - 1);
  const auto parsed = std::from_chars(count.data(), count.data() + count.size(), salt.iterations);
  const std::string_view hex = text.substr(second + 1);
  if (parsed.ec != std::errc() || parsed.ptr != count.data() + count.size() ||
      salt.iterations == 0 || salt.iterations > pbkdf2_iterations_max ||
      hex.size() != 2 * salt_bytes || !decode_hex(hex, salt.bytes)) {
    return std::nullopt;
  }
  return salt;
}

bp::result<bool> create_salt(const KeySource& source) {
  if (source.iterations < source.iterations_min || source.iterations > pbkdf2_iterations_max) {
    return bp::fail(BP_E_RANGE, "'iterations' is " + std::to_string(source.iterations) +
                                    "; for a new salt file use " +
                                    std::to_string(source.iterations_min) + " to " +
                                    std::to_string(pbkdf2_iterations_max));
  }
  Salt fresh;
  fresh.iterations = source.iterations;
  randombytes_buf(fresh.bytes.data(), fresh.bytes.size());
  return create_private_file(source.salt_file, bytes_of(write_salt(fresh)));
}

bp::result<Salt> load_salt(const KeySource& source) {
  bool created = false;
  auto content = read_private_file(source.salt_file, salt_file_bytes_max);
  if (!content && content.error().code() == BP_E_NOT_FOUND) {
    if (!source.create) {
      return std::unexpected(missing(
          source, content.error(),
          "restore it, or set 'create' to true for a new one (a new salt makes a new key)"));
    }
    const auto made = create_salt(source);
    if (!made) {
      return std::unexpected(made.error());
    }
    created = *made;
    content = read_private_file(source.salt_file, salt_file_bytes_max);
  }
  if (!content) {
    return std::unexpected(std::move(content).error());
  }
  auto salt = parse_salt(text_of(without_newline(content->bytes())));
  if (!salt) {
    return bp::fail(BP_E_INVALID, "salt file '" + source.salt_file + "' is not one line '" +
                                      std::string(salt_scheme) +
                                      " <iterations> <32 hex digits>'; restore it from a backup");
  }
  salt->created = created;
  return *salt;
}

bp::result<LoadedKey> load_passphrase(const KeySource& source) {
  if (source.salt_file.empty()) {
    return bp::fail(BP_E_CONFIG,
                    "a key from a passphrase needs 'salt_file', the file that keeps "
                    "its salt; name one");
  }
  // The terminating newline of a file comes on top of the longest passphrase.
  auto content = source.kind == SourceKind::PassphraseFile
                     ? read_private_file(source.name, password_bytes_max + 2)
                     : read_env(source.name, password_bytes_max);
  if (!content) {
    return std::unexpected(std::move(content).error());
  }
  const Bytes passphrase = source.kind == SourceKind::PassphraseFile
                               ? without_newline(content->bytes())
                               : content->bytes();
  if (passphrase.empty()) {
    return bp::fail(BP_E_INVALID, "the passphrase in '" + source.name + "' is empty; write one");
  }
  const auto salt = load_salt(source);
  if (!salt) {
    return std::unexpected(salt.error());
  }
  auto key = pbkdf2_sha256(passphrase, salt->bytes, salt->iterations);
  if (!key) {
    return std::unexpected(std::move(key).error());
  }
  LoadedKey loaded{std::move(*key), ""};
  if (salt->created) {
    loaded.note = "created a new salt in '" + source.salt_file +
                  "'; back it up: the passphrase alone does not give the key";
  } else if (salt->iterations < source.iterations_min) {
    loaded.note = "salt file '" + source.salt_file + "' says " + std::to_string(salt->iterations) +
                  " iterations, fewer than today's minimum; make a new key when you can";
  }
  return loaded;
}

}  // namespace

bp::result<Secret> decode_key(Bytes content, bool text_only) {
  auto key = Secret::allocate(key_bytes);
  if (!key) {
    return key;
  }
  if (content.size() == key_bytes && !text_only) {
    return Secret::copy_of(content);
  }
  if (!decode_text(content, key->writable())) {
    return bp::fail(BP_E_INVALID, "not a key (" + std::to_string(content.size()) +
                                      " bytes): a key is " + (text_only ? "" : "32 raw bytes, ") +
                                      "64 hex digits or 44 base64 characters; for a new one run: "
                                      "openssl rand -hex 32");
  }
  key->freeze();
  return key;
}

bp::result<LoadedKey> load_key(const KeySource& source) {
  if (source.kind == SourceKind::File) {
    return load_file(source);
  }
  if (source.kind == SourceKind::Credential) {
    return load_credential(source);
  }
  if (source.kind != SourceKind::Env) {
    return load_passphrase(source);
  }
  const auto content = read_env(source.name, key_file_bytes_max);
  if (!content) {
    return std::unexpected(content.error());
  }
  auto key = decode_key(content->bytes(), true);
  if (!key) {
    return std::unexpected(
        std::move(key).error().during("environment variable '" + source.name + "'"));
  }
  return LoadedKey{std::move(*key), ""};
}

}  // namespace crypto_sodium
