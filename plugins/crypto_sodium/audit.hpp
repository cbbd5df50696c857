// plugins/crypto_sodium/audit.hpp - who did what with which key, and how it ended; never a key
// byte.
//
// Records are JSON objects on a broadcast channel. Sealing and opening are not reported one by one,
// they are too many; what does not open is counted, and told in one record for a whole burst, so
// that nobody can flood the channel by sending rubbish. Thread: strand; count_refusal() any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "keyset.hpp"

namespace crypto_sodium {

struct AuditRecord {
  std::string_view what;         // "keys.rotate"
  std::string who = {};          // id of the instance that called; empty: the operator, or nobody
  std::string key = {};          // its name; empty: the default key
  std::uint32_t version = 0;     // 0: none in particular, or the configured one
  std::uint32_t key_id = 0;      // 0: none in particular
  bp_status outcome = BP_OK;     // a code of the law
  std::string_view detail = {};  // a reason that callers are not told
  std::uint64_t count = 1;       // how often since the last record of this kind
};

[[nodiscard]] std::string to_json(const AuditRecord& record, std::int64_t time_ms);

/// "OK", "E_DECRYPT"; "E_PLUGIN" for codes outside the law.
[[nodiscard]] std::string_view code_name(bp_status code) noexcept;

class Audit {
 public:
  using Send = std::function<void(std::string_view json)>;

  explicit Audit(Send send) : send_(std::move(send)) {}

  void tell(const AuditRecord& record) const;

  /// Notes why `sealed` did not open. True: nobody has been asked yet to tell_refusals().
  [[nodiscard]] bool count_refusal(const Keyset& keys, Bytes sealed) noexcept;

  void tell_refusals();

 private:
  enum class Reason : std::uint8_t { UnknownKey, Disabled, TooOld, NotAuthentic };

  Send send_;
  std::atomic<std::uint64_t> refusals_{0};
  std::atomic<std::uint64_t> last_{0};  // key id, and the reason above its 32 bits
  std::atomic<bool> asked_{false};
};

}  // namespace crypto_sodium
