// plugins/crypto_sodium/plugin.cpp - the edge: provides bp.crypto.aead/1 with this engine.
#include "backplane/cpp/plugin.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <tuple>

#include "backplane/contract/crypto_aead_contract.hpp"

#include "aead_service.hpp"
#include "gate.hpp"
#include "key_record.hpp"
#include "nonce_ledger.hpp"
#include "settings.hpp"

namespace crypto_sodium {
namespace {

constexpr std::size_t password_work_max = 2;      // at once on the blocking pool
constexpr std::size_t password_waiting_max = 16;  // then BUSY
constexpr const char* ledger_name = "nonces";
constexpr const char* record_name = "key_id";

}  // namespace

/// Not in the unnamed namespace: g++ warns about coroutines in headers that carry such types. The
/// version script keeps it out of the library's symbols all the same.
class Crypto {
 public:
  explicit Crypto(bp::context& cx) : cx_(cx), strand_(cx.strand()) {}

  bp::task<bp::result<void>> start(bp::context& cx) {
    const auto settings = cx.config<Settings>();
    BP_CO_TRY(settings);
    const std::string data_folder(cx.data_dir());
    KeyRecord record((std::filesystem::path(data_folder) / record_name).string());
    BP_CO_TRY(co_await cx.run_blocking([&] { return record.open(); }));
    auto loaded =
        co_await cx.run_blocking([&] { return load_keys(*settings, data_folder, record); });
    BP_CO_TRY(loaded);
    keys_ = std::move(loaded->keys);
    const std::uint32_t primary = keys_->sealing(settings->algorithm, Framing::Keyed)->facts().id;
    const std::string ledger_path = (std::filesystem::path(data_folder) / ledger_name).string();
    ledger_ = std::make_unique<NonceLedger>(ledger_path, *keys_);
    BP_CO_TRY(co_await cx.run_blocking([this] { return ledger_->open(); }));
    for (const std::string& note : loaded->notes) {
      cx.warn(note);
    }
    // Before anything is sealed.
    BP_CO_TRY(co_await cx.run_blocking([&] { return record.note(primary); }));
    service_.emplace(*keys_, settings->algorithm);
    cx.provide(bp::contract::crypto_aead::serve(*this));
    cx.info("keys are loaded", "keys", keys_->keys().size(), "primary", primary, "algorithm",
            name(settings->algorithm));
    co_return bp::result<void>();
  }

  /// Password work takes long and cannot be interrupted: whoever still waits for it is told at
  /// once, so that a stop waits for those being served only.
  void quiesce(bp::context& /*cx*/) { password_gate_.close(); }

  /// One small file, and the last thing this instance does: not worth the blocking pool, which may
  /// be closed by now.
  void stop(bp::context& cx) {
    if (ledger_ != nullptr && ledger_->used()) {
      if (const auto written = ledger_->record(nonce_margin_at_stop); !written) {
        cx.warn("the nonce count was not saved", "error", written.error());
      }
    }
  }

  // --- bp.crypto.aead/1; encrypt, decrypt and describe run inline on any thread ------------------

  bp::result<contract::EncryptReplyT> encrypt(const contract::EncryptRequest& request) {
    auto reply = service_->encrypt(request);
    keep_count();
    return reply;
  }

  [[nodiscard]] bp::result<contract::DecryptReplyT> decrypt(
      const contract::DecryptRequest& request) const {
    return service_->decrypt(request);
  }

  [[nodiscard]] bp::result<contract::DescribeReplyT> describe(
      const contract::DescribeRequest& /*none*/) const {
    return service_->describe();
  }

  bp::task<bp::result<contract::EncryptManyReplyT>> encrypt_many(
      const contract::EncryptManyRequest& request) {
    auto reply = co_await cx_.run_blocking([&] { return service_->encrypt_many(request); });
    keep_count();
    co_return reply;
  }

  bp::task<bp::result<contract::DecryptManyReplyT>> decrypt_many(
      const contract::DecryptManyRequest& request) {
    co_return co_await cx_.run_blocking([&] { return service_->decrypt_many(request); });
  }

  bp::task<bp::result<contract::EncryptWithPasswordReplyT>> encrypt_with_password(
      const contract::EncryptWithPasswordRequest& request) {
    const auto pass = co_await password_gate_.enter();
    BP_CO_TRY(pass);
    co_return co_await cx_.run_blocking(
        [&] { return AeadService::encrypt_with_password(request); });
  }

  bp::task<bp::result<contract::DecryptWithPasswordReplyT>> decrypt_with_password(
      const contract::DecryptWithPasswordRequest& request) {
    const auto pass = co_await password_gate_.enter();
    BP_CO_TRY(pass);
    co_return co_await cx_.run_blocking(
        [&] { return AeadService::decrypt_with_password(request); });
  }

 private:
  /// Rarely there is something to write; sealing does not wait for it.
  void keep_count() {
    if (ledger_->due()) {
      // Refused only when the instance is stopping, and stop() writes the count.
      std::ignore = strand_.post([this] { return write_count(); });
    }
  }

  bp::task<void> write_count() {
    const auto written =
        co_await cx_.run_blocking([this] { return ledger_->record(nonce_margin); });
    if (!written) {
      cx_.warn("the nonce count was not saved; sealing goes on", "error", written.error());
    }
  }

  bp::context& cx_;
  bp::strand_handle strand_;
  std::unique_ptr<Keyset> keys_;
  std::unique_ptr<NonceLedger> ledger_;
  std::optional<AeadService> service_;
  Gate password_gate_{password_work_max, password_waiting_max};
};

}  // namespace crypto_sodium

BACKPLANE_PLUGIN(crypto_sodium::Crypto);
