// plugins/crypto_sodium/settings.hpp - the configuration of an instance, and the keys it leads to.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backplane/cpp/config.hpp"

#include "key_record.hpp"
#include "key_source.hpp"
#include "key_store.hpp"
#include "keyset.hpp"

namespace crypto_sodium {

constexpr auto json_names(Algorithm /*unused*/) {
  return std::array{std::pair{"xchacha20-poly1305", Algorithm::XChaCha20Poly1305},
                    std::pair{"aes-256-gcm", Algorithm::Aes256Gcm}};
}

constexpr auto json_names(KeyState /*unused*/) {
  return std::array{std::pair{"enabled", KeyState::Enabled},
                    std::pair{"disabled", KeyState::Disabled}};  // nothing destroys a file of yours
}

/// Exactly one of the first five.
struct SourceSettings {
  std::optional<std::string> file;
  std::optional<std::string> env;
  std::optional<std::string> passphrase_file;
  std::optional<std::string> passphrase_env;
  std::optional<std::string> credential;
  std::optional<std::string> salt_file;

  static constexpr auto fields =
      bp::fields(bp::field<&SourceSettings::file>("file"), bp::field<&SourceSettings::env>("env"),
                 bp::field<&SourceSettings::passphrase_file>("passphrase_file"),
                 bp::field<&SourceSettings::passphrase_env>("passphrase_env"),
                 bp::field<&SourceSettings::credential>("credential"),
                 bp::field<&SourceSettings::salt_file>("salt_file"));
};

struct KeySettings {
  SourceSettings source;
  bool create = false;
  std::uint32_t iterations = pbkdf2_iterations_min;

  static constexpr auto fields = bp::fields(
      bp::flatten<&KeySettings::source>(), bp::field<&KeySettings::create>("create").or_default(),
      bp::field<&KeySettings::iterations>("iterations").or_default());
};

struct FormerKeySettings {
  SourceSettings source;
  KeyState state = KeyState::Enabled;

  static constexpr auto fields =
      bp::fields(bp::flatten<&FormerKeySettings::source>(),
                 bp::field<&FormerKeySettings::state>("state").or_default());
};

/// What a new password hash costs; see Argon2Cost.
struct Argon2Settings {
  std::uint32_t memory_kib = 19'456;
  std::uint32_t passes = 2;

  static constexpr auto fields =
      bp::fields(bp::field<&Argon2Settings::memory_kib>("memory_kib").or_default(),
                 bp::field<&Argon2Settings::passes>("passes").or_default());
};

struct Settings {
  KeySettings key;
  std::vector<FormerKeySettings> former_keys;
  Algorithm algorithm = Algorithm::XChaCha20Poly1305;
  Argon2Settings argon2;

  static constexpr auto fields =
      bp::fields(bp::field<&Settings::key>("key"),
                 bp::field<&Settings::former_keys>("former_keys").or_default(),
                 bp::field<&Settings::algorithm>("algorithm").or_default(),
                 bp::field<&Settings::argon2>("argon2").or_default());
};

struct LoadedKeys {
  std::unique_ptr<Keyset> keys;
  std::unique_ptr<KeyStore> store;  // over `keys`
  std::vector<std::string> notes;   // for the operator's log
};

/// Errors: RANGE, naming the key and its bounds.
[[nodiscard]] bp::result<void> check_argon2(const Argon2Settings& settings);

/// Where a key comes from; relative paths start at `data_folder`.
/// Errors: CONFIG when not exactly one source is named.
[[nodiscard]] bp::result<KeySource> source_of(const SourceSettings& settings,
                                              std::string_view data_folder);

/// Every key that the settings name, and those of the keyset file in the data folder. A missing
/// primary is made only if no key was used before, or if the one that was is a former one now; the
/// keys that are loaded agree with the record.
/// Blocks: on the disk and for passphrases.
/// Errors: load_key's, Keyset's, KeyStore's and KeyRecord::check's, with the place in the
/// configuration.
[[nodiscard]] bp::result<LoadedKeys> load_keys(const Settings& settings,
                                               std::string_view data_folder,
                                               const KeyRecord& record);

}  // namespace crypto_sodium
