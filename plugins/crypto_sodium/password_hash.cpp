// plugins/crypto_sodium/password_hash.cpp - Argon2id on libsodium; costs are read before they are
// paid.
#include "password_hash.hpp"

#include <array>
#include <charconv>
#include <sodium.h>

#include "derivation.hpp"
#include "payload.hpp"

namespace crypto_sodium {
namespace {

constexpr std::size_t kib = 1024;

bp::result<Bytes> password_of(const flatbuffers::String* text) {
  const Bytes password = bytes_of(text);
  if (password.empty()) {
    return bp::fail(BP_E_INVALID, "the password is empty; give one");
  }
  if (password.size() > password_bytes_max) {
    return bp::fail(BP_E_TOO_LARGE, "a password has at most " + std::to_string(password_bytes_max) +
                                        " bytes, this one has " + std::to_string(password.size()));
  }
  return password;
}

bp::result<Argon2Cost> known_cost(std::string_view hash) {
  const auto cost = cost_of(hash);
  if (!cost || hash.size() >= password_hash_bytes_max) {
    return bp::fail(BP_E_INVALID, "not a hash of Argon2id: it begins with '$argon2id$v=19$m='");
  }
  return *cost;
}

/// "<prefix><number>", taken off the front of `text`.
bool take(std::string_view& text, std::string_view prefix, std::uint32_t& number) noexcept {
  if (!text.starts_with(prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return true;
}

}  // namespace

std::optional<Argon2Cost> cost_of(std::string_view hash) noexcept {
  Argon2Cost cost;
  std::uint32_t version = 0;
  std::uint32_t lanes = 0;
  const bool parsed = take(hash, "$argon2id$v=", version) && take(hash, "$m=", cost.memory_kib) &&
                      take(hash, ",t=", cost.passes) && take(hash, ",p=", lanes) &&
                      hash.starts_with('$');
  return parsed && version == 19 && lanes == 1 ? std::optional(cost) : std::nullopt;
}

bp::result<password_contract::HashReplyT> PasswordService::hash(
    const password_contract::HashRequest& request) const {
  const auto password = password_of(request.password());
  BP_TRY(password);
  std::array<char, crypto_pwhash_argon2id_STRBYTES> text{};
  if (crypto_pwhash_argon2id_str(text.data(), reinterpret_cast<const char*>(password->data()),
                                 password->size(), cost_.passes, cost_.memory_kib * kib) != 0) {
    return bp::fail(BP_E_NO_MEMORY, "Argon2id found no " + std::to_string(cost_.memory_kib) +
                                        " KiB; lower 'argon2' in the config or give the host more");
  }
  password_contract::HashReplyT reply;
  reply.hash = text.data();
  return reply;
}

bp::result<password_contract::VerifyReplyT> PasswordService::verify(
    const password_contract::VerifyRequest& request) const {
  const auto password = password_of(request.password());
  BP_TRY(password);
  const std::string hash(text_of(request.hash()));
  const auto cost = known_cost(hash);
  BP_TRY(cost);
  if (cost->memory_kib > argon2_memory_kib_max || cost->passes > argon2_passes_max) {
    return bp::fail(BP_E_RANGE, "this hash wants " + std::to_string(cost->memory_kib) +
                                    " KiB and " + std::to_string(cost->passes) +
                                    " passes; at most " + std::to_string(argon2_memory_kib_max) +
                                    " and " + std::to_string(argon2_passes_max) + " are spent");
  }
  password_contract::VerifyReplyT reply;
  reply.valid =
      crypto_pwhash_argon2id_str_verify(
          hash.c_str(), reinterpret_cast<const char*>(password->data()), password->size()) == 0;
  reply.needs_rehash = *cost != cost_;
  return reply;
}

bp::result<password_contract::NeedsRehashReplyT> PasswordService::needs_rehash(
    const password_contract::NeedsRehashRequest& request) const {
  const auto cost = known_cost(text_of(request.hash()));
  BP_TRY(cost);
  password_contract::NeedsRehashReplyT reply;
  reply.needs_rehash = *cost != cost_;
  return reply;
}

}  // namespace crypto_sodium
