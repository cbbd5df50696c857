// plugins/crypto_sodium/audit.cpp - writes audit records, and gathers refusals from any thread.
#include "audit.hpp"

#include <array>
#include <chrono>

#include "backplane/cpp/json.hpp"

#include "aead.hpp"

namespace crypto_sodium {
namespace {

constexpr std::array<std::string_view, 4> reasons{
    "unknown key", "the key is not enabled", "the version is below the minimum", "not authentic"};

std::int64_t now_ms() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace

std::string_view code_name(bp_status code) noexcept {
  switch (code) {
#define BP_STATUS(name, number, exit_code, http_status, text) \
  case (number):                                              \
    return #name;
#include "backplane/abi/status.def"
#undef BP_STATUS
    default:
      return "E_PLUGIN";
  }
}

std::string to_json(const AuditRecord& record, std::int64_t time_ms) {
  std::string text;
  bp::json::writer out(text);
  out.begin_object().key("time_ms").value(time_ms).key("what").value(record.what);
  out.key("who").value(record.who).key("key").value(record.key);
  out.key("version").value(record.version).key("key_id").value(record.key_id);
  out.key("outcome").value(code_name(record.outcome)).key("count").value(record.count);
  if (!record.detail.empty()) {
    out.key("detail").value(record.detail);
  }
  out.end_object();
  return text;
}

void Audit::tell(const AuditRecord& record) const {
  send_(to_json(record, now_ms()));
}

bool Audit::count_refusal(const Keyset& keys, Bytes sealed) noexcept {
  const std::uint32_t id = named_key(sealed);
  const Key* key = id == 0 ? nullptr : keys.any(id);
  Reason reason = Reason::NotAuthentic;
  if (key == nullptr) {
    reason = Reason::UnknownKey;
  } else if (key->state() != KeyState::Enabled) {
    reason = Reason::Disabled;
  } else if (!key->opens()) {
    reason = Reason::TooOld;
  }
  last_.store((static_cast<std::uint64_t>(reason) << 32U) | id, std::memory_order_relaxed);
  refusals_.fetch_add(1, std::memory_order_relaxed);
  return !asked_.exchange(true);
}

void Audit::tell_refusals() {
  asked_ = false;
  const std::uint64_t count = refusals_.exchange(0);
  const std::uint64_t last = last_.load();
  tell({.what = "aead.decrypt",
        .key_id = static_cast<std::uint32_t>(last),
        .outcome = BP_E_DECRYPT,
        .detail = reasons.at(last >> 32U),
        .count = count});
}

}  // namespace crypto_sodium
