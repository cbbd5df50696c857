// plugins/storage_sqlite/kv_settings.hpp - the part of the configuration that is about keys and
// values.
#pragma once

#include <chrono>
#include <cstdint>

#include "backplane/cpp/config.hpp"

#include "service/spaces.hpp"

namespace storage_sqlite {

/// plugin.json says what each key means; its schema has the same defaults.
struct KvSettings {
  service::Grants namespaces;
  std::uint32_t changes_kept = 10'000;
  std::uint32_t outbox_messages_max = 100'000;
  std::chrono::milliseconds collect_interval{1'000};
  std::uint32_t collect_keys_max = 500;

  static constexpr auto fields =
      bp::fields(bp::field<&KvSettings::namespaces>("namespaces").or_default(),
                 bp::field<&KvSettings::changes_kept>("changes_kept").or_default(),
                 bp::field<&KvSettings::outbox_messages_max>("outbox_messages_max").or_default(),
                 bp::field<&KvSettings::collect_interval>("collect_interval").or_default(),
                 bp::field<&KvSettings::collect_keys_max>("collect_keys_max").or_default());
};

}  // namespace storage_sqlite
