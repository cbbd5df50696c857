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

struct Former {
  std::string place;
  Secret master;
  KeyState state;
};

bp::result<std::vector<Former>> load_former(const Settings& settings, std::string_view data_folder,
                                            std::vector<std::string>& notes) {
  std::vector<Former> all;
  for (std::size_t i = 0; i < settings.former_keys.size(); ++i) {
    std::string place = "former_keys/" + std::to_string(i);
    auto source = source_of(settings.former_keys[i].source, data_folder);
    if (!source) {
      return std::unexpected(std::move(source).error().during("reading '" + place + "'"));
    }
    auto master = load_one(*source, place, notes);
    if (!master) {
      return std::unexpected(std::move(master).error());
    }
    all.push_back({std::move(place), std::move(*master), settings.former_keys[i].state});
  }
  return all;
}

/// Is the key that sealed last among the former ones, so that the primary may be a new one?
bp::result<bool> is_rotation(const std::vector<Former>& former, const KeyRecord& record) {
  for (const Former& one : former) {
    const auto found = leads_to(one.master, *record.id());
    if (!found || *found) {
      return found;
    }
  }
  return false;
}

bp::result<Secret> load_primary(const Settings& settings, std::string_view data_folder,
                                const std::vector<Former>& former, const KeyRecord& record,
                                std::vector<std::string>& notes) {
  auto source = source_of(settings.key.source, data_folder);
  if (!source) {
    return std::unexpected(std::move(source).error().during("reading 'key'"));
  }
  source->create = settings.key.create;
  source->iterations = settings.key.iterations;
  if (record.id()) {
    const auto rotation = is_rotation(former, record);
    if (!rotation) {
      return std::unexpected(rotation.error());
    }
    if (!*rotation) {
      source->create = false;
      source->remedy = record.remedy();
    }
  }
  return load_one(*source, "key", notes);
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

bp::result<LoadedKeys> load_keys(const Settings& settings, std::string_view data_folder,
                                 const KeyRecord& record) {
  LoadedKeys loaded{std::make_unique<Keyset>(), {}};
  const auto former = load_former(settings, data_folder, loaded.notes);
  BP_TRY(former);
  const auto primary = load_primary(settings, data_folder, *former, record, loaded.notes);
  BP_TRY(primary);
  BP_TRY(loaded.keys->add_primary(*primary));
  for (const Former& one : *former) {
    if (auto added = loaded.keys->add_former(one.master, one.state); !added) {
      return std::unexpected(std::move(added).error().during("adding '" + one.place + "'"));
    }
  }
  const Key& seals = *loaded.keys->sealing(settings.algorithm, Framing::Keyed);
  if (auto checked = record.check(*loaded.keys, seals.facts().id); !checked) {
    return std::unexpected(std::move(checked).error().during("loading 'key'"));
  }
  return loaded;
}

}  // namespace crypto_sodium
