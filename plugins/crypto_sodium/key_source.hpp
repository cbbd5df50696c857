// plugins/crypto_sodium/key_source.hpp - a master key from a file, a variable, a passphrase or a
// credential of systemd.
//
// Thread: any. Blocks: on the disk, and for a passphrase about 0.15 s.
#pragma once

#include <cstdint>
#include <string>

#include "derivation.hpp"
#include "secret.hpp"

namespace crypto_sodium {

enum class SourceKind : std::uint8_t { File, Env, PassphraseFile, PassphraseEnv, Credential };

struct KeySource {
  SourceKind kind = SourceKind::File;
  std::string name = {};       // a path, or the name of an environment variable or credential
  std::string salt_file = {};  // with a passphrase: salt and iteration count, no secret
  bool create = false;         // a missing key file or salt file is made at the first start
  std::string remedy = {};     // what to do about a missing file, where it is not the usual
  std::uint32_t iterations = pbkdf2_iterations_min;      // for a new salt file
  std::uint32_t iterations_min = pbkdf2_iterations_min;  // tests lower it to be quick
};

struct LoadedKey {
  Secret key;
  std::string note;  // what the operator should read in the log; empty: nothing happened
};

/// Errors: NOT_FOUND, PERMISSION, INVALID (not a key), RANGE (iterations), IO; each names the
/// source and the fix, none shows a byte of the key.
[[nodiscard]] bp::result<LoadedKey> load_key(const KeySource& source);

/// 32 raw bytes, 64 hex digits, or 44 characters of base64 (either alphabet); text may end in a
/// newline. `text_only` where raw bytes cannot be meant.
[[nodiscard]] bp::result<Secret> decode_key(Bytes content, bool text_only);

}  // namespace crypto_sodium
