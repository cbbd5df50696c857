// plugins/crypto_sodium/key_record.cpp - one line with one number, replaced as a whole.
#include "key_record.hpp"

#include <string_view>

#include "record_file.hpp"

namespace crypto_sodium {
namespace {

constexpr std::size_t record_bytes_max = 32;

std::optional<std::uint32_t> parse(std::string_view text) {
  if (text.ends_with('\n')) {
    text.remove_suffix(1);
  }
  std::uint32_t id = 0;
  return parse_number(text, id) && id != 0 ? std::optional(id) : std::nullopt;
}

}  // namespace

bp::result<void> KeyRecord::open() {
  const auto text = read_record(path_, record_bytes_max);
  BP_TRY(text);
  if (!*text) {
    return {};
  }
  id_ = parse(**text);
  if (!id_) {
    return bp::fail(BP_E_CORRUPT, "'" + path_ +
                                      "' is damaged: it holds the id of the key that seals here; "
                                      "restore it, or remove it once the right key is in place");
  }
  return {};
}

std::string KeyRecord::remedy() const {
  if (!id_) {
    return "";
  }
  return "key " + std::to_string(*id_) +
         " seals here, and no other opens what it sealed: restore it from a backup (the "
         "configured key, or the file 'keyset' of the data folder); or, to begin anew and lose "
         "what it sealed, remove '" +
         path_ + "'";
}

bp::result<void> KeyRecord::check(const Keyset& keys, std::uint32_t present) const {
  if (!id_ || keys.has(*id_)) {
    return {};
  }
  return bp::fail(BP_E_CONFLICT, "key " + std::to_string(present) +
                                     " would seal, another than before; " + remedy() +
                                     "; if the key was changed on purpose, name the earlier one "
                                     "under 'former_keys'");
}

bp::result<void> KeyRecord::note(std::uint32_t present) {
  if (id_ == present) {
    return {};
  }
  BP_TRY(replace_record(path_, std::to_string(present) + "\n"));
  id_ = present;
  return {};
}

}  // namespace crypto_sodium
