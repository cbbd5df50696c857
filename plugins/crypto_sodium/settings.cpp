// plugins/crypto_sodium/settings.cpp - from names in the configuration to keys in memory.
#include "settings.hpp"

#include <filesystem>

#include "password_hash.hpp"

namespace crypto_sodium {
namespace {

constexpr const char* keyset_name = "keyset";
constexpr const char* generation_name = "key_generation";

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

/// Is the key that was in use among the former ones, so that the primary may be a new one? It
/// sealed the keyset file, or else the last message.
bp::result<bool> is_rotation(const std::vector<Former>& former, const KeyRecord& record,
                             std::optional<std::uint32_t> sealed_under) {
  for (const Former& one : former) {
    const auto sealing = SealingKey::of(one.master);
    const auto found =
        sealed_under || !record.id() ? bp::result<bool>(false) : leads_to(one.master, *record.id());
    if (!sealing || !found) {
      return std::unexpected(sealing ? found.error() : sealing.error());
    }
    if (*found || sealing->id() == sealed_under) {
      return true;
    }
  }
  return false;
}

bp::result<std::vector<SealingKey>> sealing_keys(const Secret& primary,
                                                 const std::vector<Former>& former) {
  std::vector<SealingKey> keys;
  const auto add = [&keys](const Secret& master) -> bp::result<void> {
    auto key = SealingKey::of(master);
    BP_TRY(key);
    keys.push_back(std::move(*key));
    return {};
  };
  BP_TRY(add(primary));
  for (const Former& one : former) {
    BP_TRY(add(one.master));
  }
  return keys;
}

bp::result<Secret> load_primary(const Settings& settings, std::string_view data_folder,
                                const std::vector<Former>& former, const KeyRecord& record,
                                std::optional<std::uint32_t> sealed_under,
                                std::vector<std::string>& notes) {
  auto source = source_of(settings.key.source, data_folder);
  if (!source) {
    return std::unexpected(std::move(source).error().during("reading 'key'"));
  }
  source->create = settings.key.create;
  source->iterations = settings.key.iterations;
  if (record.id() || sealed_under) {
    const auto rotation = is_rotation(former, record, sealed_under);
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

bp::result<void> check_argon2(const Argon2Settings& settings) {
  if (settings.memory_kib < argon2_memory_kib_min || settings.memory_kib > argon2_memory_kib_max) {
    return bp::fail(BP_E_RANGE, "'argon2/memory_kib' is " + std::to_string(settings.memory_kib) +
                                    "; use " + std::to_string(argon2_memory_kib_min) + " to " +
                                    std::to_string(argon2_memory_kib_max));
  }
  if (settings.passes == 0 || settings.passes > argon2_passes_max) {
    return bp::fail(BP_E_RANGE, "'argon2/passes' is " + std::to_string(settings.passes) +
                                    "; use 1 to " + std::to_string(argon2_passes_max));
  }
  return {};
}

bp::result<KeySource> source_of(const SourceSettings& settings, std::string_view data_folder) {
  const std::array candidates{std::pair(&settings.file, SourceKind::File),
                              std::pair(&settings.env, SourceKind::Env),
                              std::pair(&settings.passphrase_file, SourceKind::PassphraseFile),
                              std::pair(&settings.passphrase_env, SourceKind::PassphraseEnv),
                              std::pair(&settings.credential, SourceKind::Credential)};
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
                                     "'passphrase_file', 'passphrase_env', 'credential'");
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
  LoadedKeys loaded{std::make_unique<Keyset>(), nullptr, {}};
  loaded.store = std::make_unique<KeyStore>(KeysetFile(path_in(data_folder, keyset_name)),
                                            GenerationRecord(path_in(data_folder, generation_name)),
                                            *loaded.keys);
  // First: without its keyset, every other complaint would be about the wrong thing.
  const auto sealed_under = loaded.store->find_file();
  BP_TRY(sealed_under);
  const auto former = load_former(settings, data_folder, loaded.notes);
  BP_TRY(former);
  const auto primary =
      load_primary(settings, data_folder, *former, record, *sealed_under, loaded.notes);
  BP_TRY(primary);
  BP_TRY(loaded.keys->add_primary(*primary));
  for (const Former& one : *former) {
    if (auto added = loaded.keys->add_former(one.master, one.state); !added) {
      return std::unexpected(std::move(added).error().during("adding '" + one.place + "'"));
    }
  }
  auto sealing = sealing_keys(*primary, *former);
  BP_TRY(sealing);
  BP_TRY(loaded.store->open(std::move(*sealing)));
  const Key& seals = *loaded.keys->sealing(settings.algorithm, Framing::Keyed);
  if (auto checked = record.check(*loaded.keys, seals.facts().id); !checked) {
    return std::unexpected(std::move(checked).error().during("loading 'key'"));
  }
  return loaded;
}

}  // namespace crypto_sodium
