// plugins/crypto_sodium/generation_record.cpp - a line "<generation> <key id>", replaced as a
// whole.
#include "generation_record.hpp"

#include <algorithm>

#include "record_file.hpp"

namespace crypto_sodium {
namespace {

constexpr std::size_t record_bytes_max = 64;

}  // namespace

std::optional<GenerationRecord::Seen> GenerationRecord::parse(std::string_view text) {
  if (text.ends_with('\n')) {
    text.remove_suffix(1);
  }
  Seen seen;
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || !parse_number(text.substr(0, space), seen.generation) ||
      !parse_number(text.substr(space + 1), seen.sealed_under) || seen.generation == 0) {
    return std::nullopt;
  }
  return seen;
}

bp::result<void> GenerationRecord::open() {
  const auto text = read_record(path_, record_bytes_max);
  BP_TRY(text);
  if (!*text) {
    seen_ = {};
    return {};
  }
  const auto seen = parse(**text);
  if (!seen) {
    return bp::fail(BP_E_CORRUPT, "'" + path_ +
                                      "' is damaged: it holds how new the keyset was; restore it, "
                                      "or remove it once the newest keyset is in place");
  }
  seen_ = *seen;
  return {};
}

std::string GenerationRecord::remedy() const {
  return "put the newest copy back from a backup; or, to go on without it and lose what its newer "
         "keys sealed, remove '" +
         path_ + "'";
}

bp::result<void> GenerationRecord::check_found(const std::string& keyset, bool found) const {
  if (found || seen_.generation == 0) {
    return {};
  }
  return bp::fail(BP_E_NOT_FOUND, "the keyset '" + keyset + "' is missing, and generation " +
                                      std::to_string(seen_.generation) +
                                      " of it was in use: it holds the named keys and every "
                                      "rotated one; " +
                                      remedy());
}

bp::result<void> GenerationRecord::check(const std::string& keyset, std::uint64_t generation,
                                         const std::vector<SealingKey>& keys) const {
  if (seen_.generation == 0) {
    return {};
  }
  if (std::ranges::find(keys, seen_.sealed_under, &SealingKey::id) == keys.end()) {
    return bp::fail(BP_E_CONFLICT, "the keyset '" + keyset + "' is another than '" + path_ +
                                       "' tells of, which was sealed under key " +
                                       std::to_string(seen_.sealed_under) +
                                       ", and the configuration does not name it; put both files "
                                       "back from one backup; or, if this keyset is the right one, "
                                       "remove '" +
                                       path_ + "'");
  }
  if (generation < seen_.generation) {
    return bp::fail(BP_E_CONFLICT, "the keyset '" + keyset +
                                       "' is older than this instance has used (generation " +
                                       std::to_string(generation) + ", seen " +
                                       std::to_string(seen_.generation) + "); " + remedy());
  }
  return {};
}

bp::result<void> GenerationRecord::note(std::uint64_t generation, std::uint32_t sealed_under) {
  const Seen next{generation, sealed_under};
  if (generation == 0 || next == seen_) {
    return {};
  }
  BP_TRY(replace_record(path_,
                        std::to_string(generation) + " " + std::to_string(sealed_under) + "\n"));
  seen_ = next;
  return {};
}

}  // namespace crypto_sodium
