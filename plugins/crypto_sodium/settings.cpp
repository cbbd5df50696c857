// plugins/crypto_sodium/settings.cpp - from names in the configuration to keys in memory.
#include "settings.hpp"

#include <filesystem>

namespace crypto_sodium {
namespace {

/// An absolute path stays itself.
std::string path_in(std::string_view folder, const std::string& path) {
  return (std::filesystem::path(folder) / path).string();
}

/// Loads one key and reports where in the configuration it went wrong.
bp::result<Secret> load_one(const KeySource& source, const std::string& place,
                            std::vector<std::string>& notes) {
  auto loaded = load_key(source);
  if (!loaded) {
    return std::unexpected(std::move(loaded).error().during("loading '" + place + "'"));
  }
  if (!loaded->note.empty()) {
    notes.push_back(std::move(loaded->note));
  }
  return std::move(loaded->key);
}

bp::result<void> add_former(const FormerKeySettings& former, const std::string& place,
                            std::string_view data_folder, LoadedKeys& loaded) {
  auto source = source_of(former.source, data_folder);
  if (!source) {
    return std::unexpected(std::move(source).error().during("reading '" + place + "'"));
  }
  const auto master = load_one(*source, place, loaded.notes);
  BP_TRY(master);
  if (auto added = loaded.keys->add_former(*master, former.state); !added) {
    return std::unexpected(std::move(added).error().during("adding '" + place + "'"));
  }
  return {};
}

}  // namespace

bp::result<KeySource> source_of(const SourceSettings& settings, std::string_view data_folder) {
  const std::array candidates{std::pair(&settings.file, SourceKind::File),
                              std::pair(&settings.env, SourceKind::Env),
                              std::pair(&settings.passphrase_file, SourceKind::PassphraseFile),
                              std::pair(&settings.passphrase_env, SourceKind::PassphraseEnv)};
  KeySource source;
  std::size_t named = 0;
  for (const auto& [name, kind] : candidates) {
    if (*name) {
      ++named;
      source.kind = kind;
      source.name = **name;
    }
  }
  if (named != 1) {
    return bp::fail(BP_E_CONFIG, "a key has " + std::to_string(named) +
                                     " sources; name exactly one of 'file', 'env', "
                                     "'passphrase_file', 'passphrase_env'");
  }
  if (source.kind == SourceKind::File || source.kind == SourceKind::PassphraseFile) {
    source.name = path_in(data_folder, source.name);
  }
  if (settings.salt_file) {
    source.salt_file = path_in(data_folder, *settings.salt_file);
  }
  return source;
}

bp::result<LoadedKeys> load_keys(const Settings& settings, std::string_view data_folder) {
  LoadedKeys loaded{std::make_unique<Keyset>(), {}};
  auto primary = source_of(settings.key.source, data_folder);
  if (!primary) {
    return std::unexpected(std::move(primary).error().during("reading 'key'"));
  }
  primary->create = settings.key.create;
  primary->iterations = settings.key.iterations;
  const auto master = load_one(*primary, "key", loaded.notes);
  BP_TRY(master);
  BP_TRY(loaded.keys->add_primary(*master));

  for (std::size_t i = 0; i < settings.former_keys.size(); ++i) {
    const std::string place = "former_keys/" + std::to_string(i);
    BP_TRY(add_former(settings.former_keys[i], place, data_folder, loaded));
  }
  return loaded;
}

}  // namespace crypto_sodium
