// plugins/crypto_sodium/plugin.cpp - the edge: provides the services of bp.crypto with this engine.
#include "backplane/cpp/plugin.hpp"

#include <filesystem>
#include <memory>
#include <optional>

#include "backplane/contract/crypto_aead_contract.hpp"
#include "backplane/contract/crypto_hash_contract.hpp"
#include "backplane/contract/crypto_kdf_contract.hpp"
#include "backplane/contract/crypto_keys_contract.hpp"
#include "backplane/contract/crypto_mac_contract.hpp"
#include "backplane/contract/crypto_password_contract.hpp"
#include "backplane/contract/crypto_random_contract.hpp"
#include "backplane/contract/crypto_sign_contract.hpp"
#include "backplane/contract/crypto_stream_contract.hpp"

#include "aead_edge.hpp"
#include "instance.hpp"
#include "keys_edge.hpp"
#include "service_edges.hpp"

namespace crypto_sodium {
namespace {

constexpr const char* ledger_name = "nonces";
constexpr const char* record_name = "key_id";
constexpr const char* audit_channel = "crypto.audit";

}  // namespace

/// Not in the unnamed namespace: g++ warns about coroutines in headers that carry such types. The
/// version script keeps it out of the library's symbols all the same.
class Crypto {
 public:
  explicit Crypto(bp::context& cx) : in_(cx) {}

  bp::task<bp::result<void>> start(bp::context& cx) {
    auto settings = cx.config<Settings>();
    BP_CO_TRY(settings);
    BP_CO_TRY(check_argon2(settings->argon2));
    in_.settings = std::move(*settings);
    in_.default_algorithm = in_.settings.algorithm;
    BP_CO_TRY(co_await load(cx));
    in_.audit_end = cx.open(audit_channel);
    provide(cx);
    const std::uint32_t primary =
        in_.keys->sealing(in_.default_algorithm, Framing::Keyed)->facts().id;
    cx.info("keys are loaded", "keys", in_.keys->keys().size(), "primary", primary, "algorithm",
            name(in_.default_algorithm));
    in_.audit.tell({.what = "keys.load", .key_id = primary});
    co_return bp::result<void>();
  }

  void quiesce(bp::context& /*cx*/) { in_.close_gates(); }

  /// One small file, and the last thing this instance does: not worth the blocking pool, which may
  /// be closed by now.
  void stop(bp::context& cx) {
    if (in_.ledger != nullptr && in_.ledger->used()) {
      if (const auto written = in_.ledger->record(nonce_margin_at_stop); !written) {
        cx.warn("the nonce count was not saved", "error", written.error());
      }
    }
  }

 private:
  bp::task<bp::result<void>> load(bp::context& cx) {
    const std::filesystem::path data_folder(cx.data_dir());
    in_.record.emplace((data_folder / record_name).string());
    BP_CO_TRY(co_await cx.run_blocking([&] { return in_.record->open(); }));
    auto loaded = co_await cx.run_blocking(
        [&] { return load_keys(in_.settings, data_folder.string(), *in_.record); });
    BP_CO_TRY(loaded);
    in_.keys = std::move(loaded->keys);
    in_.store = std::move(loaded->store);
    in_.ledger = std::make_unique<NonceLedger>((data_folder / ledger_name).string(), *in_.keys);
    BP_CO_TRY(co_await cx.run_blocking([this] { return in_.ledger->open(); }));
    for (const std::string& note : loaded->notes) {
      cx.warn(note);
    }
    // Before anything is sealed.
    co_return co_await cx.run_blocking([this] { return in_.note_primary(); });
  }

  void provide(bp::context& cx) {
    aead_.emplace(in_);
    keys_.emplace(in_);
    cx.provide(bp::contract::crypto_aead::serve(*aead_));
    cx.provide(bp::contract::crypto_keys::serve(*keys_));
    others_.emplace(in_);
    cx.provide(bp::contract::crypto_sign::serve(others_->sign));
    cx.provide(bp::contract::crypto_mac::serve(others_->mac));
    cx.provide(bp::contract::crypto_hash::serve(others_->hash));
    cx.provide(bp::contract::crypto_random::serve(others_->random));
    cx.provide(bp::contract::crypto_kdf::serve(others_->kdf));
    cx.provide(bp::contract::crypto_password::serve(others_->password));
    cx.provide(bp::contract::crypto_stream::serve(others_->stream));
  }

  Instance in_;
  std::optional<AeadEdge> aead_;
  std::optional<KeysEdge> keys_;
  std::optional<ServiceEdges> others_;
};

}  // namespace crypto_sodium

BACKPLANE_PLUGIN(crypto_sodium::Crypto);
