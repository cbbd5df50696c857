// plugins/crypto_sodium/nonce_ledger.cpp - lines of "<key id> <count>", replaced as a whole.
#include "nonce_ledger.hpp"

#include <algorithm>

#include "record_file.hpp"

namespace crypto_sodium {
namespace {

constexpr std::size_t ledger_bytes_max = 64UL << 10U;

}  // namespace

bool NonceLedger::read_line(std::string_view line) {
  const std::size_t space = line.find(' ');
  std::uint32_t id = 0;
  std::uint64_t count = 0;
  if (space == std::string_view::npos || !parse_number(line.substr(0, space), id) ||
      !parse_number(line.substr(space + 1), count)) {
    return false;
  }
  const Key* key = keys_.any(id);
  if (key == nullptr || key->sealed_messages_max() == 0) {
    foreign_.emplace_back(line);
  } else {
    key->resume_from(count);
    key->count_due_from() = count;
    at_start_[id] = count;
  }
  return true;
}

bp::result<void> NonceLedger::open() {
  const auto text = read_record(path_, ledger_bytes_max);
  BP_TRY(text);
  std::string_view rest = *text ? std::string_view(**text) : std::string_view();
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos || !read_line(rest.substr(0, end))) {
      return bp::fail(BP_E_CORRUPT, "'" + path_ +
                                        "' is damaged: it counts what AES keys have sealed; "
                                        "restore it, or make a new key the primary and remove it");
    }
    rest.remove_prefix(end + 1);
  }
  return {};
}

bool NonceLedger::due(const Key& key) noexcept {
  return key.sealed_messages_max() != 0 &&
         key.sealed_messages() > key.count_due_from().load(std::memory_order_relaxed) &&
         !asked_.exchange(true);
}

bool NonceLedger::used() const {
  return std::ranges::any_of(keys_.keys(), [this](const Key* key) {
    const auto found = at_start_.find(key->facts().id);
    return key->sealed_messages_max() != 0 &&
           key->sealed_messages() > (found == at_start_.end() ? 0 : found->second);
  });
}

bp::result<void> NonceLedger::record(std::uint64_t margin) {
  std::string text;
  for (const std::string& line : foreign_) {
    text += line + "\n";
  }
  for (const Key* key : keys_.keys()) {
    const std::uint64_t sealed = key->sealed_messages();
    if (sealed == 0 || key->sealed_messages_max() == 0) {
      continue;
    }
    const auto found = at_start_.find(key->facts().id);
    const bool used = found == at_start_.end() || sealed > found->second;
    text += std::to_string(key->facts().id) + " " +
            std::to_string(used ? sealed + margin : sealed) + "\n";
    // Also when writing fails: a full disk is tried again after the next half, not at each message.
    key->count_due_from().store(sealed + (margin / 2), std::memory_order_relaxed);
  }
  auto written = replace_record(path_, text);
  asked_ = false;
  return written;
}

}  // namespace crypto_sodium
