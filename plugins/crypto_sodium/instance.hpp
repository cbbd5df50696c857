// plugins/crypto_sodium/instance.hpp - what the services of one instance stand on together.
//
// Thread: strand, unless said otherwise.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "backplane/cpp/plugin.hpp"

#include "audit.hpp"
#include "gate.hpp"
#include "key_record.hpp"
#include "keys_service.hpp"
#include "nonce_ledger.hpp"
#include "settings.hpp"

namespace crypto_sodium {

inline constexpr std::size_t password_work_max = 2;      // at once on the blocking pool
inline constexpr std::size_t password_waiting_max = 16;  // then BUSY
inline constexpr std::size_t changes_waiting_max = 64;   // of keys; one at a time, then BUSY

struct Instance {
  explicit Instance(bp::context& context) : cx(context), strand(context.strand()) {}

  /// The gates are for those who wait: each is told so at once, so that a stop waits for those
  /// being served only.
  void close_gates() noexcept {
    password_gate.close();
    change_gate.close();
  }

  /// Any thread, after `key` sealed something. Rarely there is something to do; sealing does not
  /// wait for it.
  void sealed_with(std::uint32_t key_id) {
    if (const Key* key = keys->any(key_id)) {
      sealed_with(*key);
    }
  }

  void sealed_with(const Key& key) {
    if (key.sealed_messages_max() == 0) {
      return;
    }
    if (ledger->due(key)) {
      // Refused only when the instance is stopping, and stop() writes the count.
      std::ignore = strand.post([this] { return write_count(); });
    }
    if (key.worn() && key.primary() && key.facts().framing != Framing::Raw &&
        !replacing.exchange(true)) {
      std::ignore =
          strand.post([this, name = key.version().ring().name()] { return replace_worn(name); });
    }
  }

  /// Any thread, when something did not open.
  void refused(Bytes sealed) {
    if (audit.count_refusal(*keys, sealed)) {
      std::ignore = strand.post([this] { audit.tell_refusals(); });
    }
  }

  /// Blocks: on the disk.
  [[nodiscard]] bp::result<void> note_primary() {
    const Key* key = keys->sealing(default_algorithm, Framing::Keyed);
    return key == nullptr ? bp::result<void>() : record->note(key->facts().id);
  }

  [[nodiscard]] static std::int64_t now_s() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(since).count();
  }

  bp::task<void> write_count() {
    const auto written = co_await cx.run_blocking([this] { return ledger->record(nonce_margin); });
    if (!written) {
      cx.warn("the nonce count was not saved; sealing goes on", "error", written.error());
    }
  }

  /// A key that has sealed nearly as much as it may gets a new version.
  bp::task<void> replace_worn(std::string name) {
    const auto pass = co_await change_gate.enter();
    auto rotated = pass ? co_await cx.run_blocking([&]() -> bp::result<void> {
      BP_TRY(store->rotate(name, now_s()));
      return note_primary();
    })
                        : bp::result<void>(std::unexpected(pass.error()));
    audit.tell({.what = "keys.rotate",
                .key = name,
                .outcome = rotated ? BP_OK : rotated.error().code(),
                .detail = "2^31 messages are near"});
    if (rotated) {
      cx.info("a key had sealed nearly 2^31 messages and was rotated", "key", name);
    } else {
      cx.warn("a key has sealed nearly 2^31 messages and could not be rotated", "key", name,
              "error", rotated.error());
    }
    replacing = false;
  }

  bp::context& cx;
  bp::strand_handle strand;
  Settings settings;
  Algorithm default_algorithm = Algorithm::XChaCha20Poly1305;
  std::optional<KeyRecord> record;
  std::unique_ptr<Keyset> keys;
  std::unique_ptr<KeyStore> store;
  std::unique_ptr<NonceLedger> ledger;
  std::optional<bp::sender> audit_end;
  Audit audit{[this](std::string_view json) {
    // Told at once or not at all: a slow listener loses records, it does not stop the keys.
    if (audit_end && audit_end->listening()) {
      std::ignore = audit_end->send(json);
    }
  }};
  Gate password_gate{password_work_max, password_waiting_max};
  Gate change_gate{1, changes_waiting_max};
  std::atomic<bool> replacing{false};
};

}  // namespace crypto_sodium
