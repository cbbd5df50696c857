// plugins/storage_sqlite/kv/change_log.hpp - the changes that a transaction makes: numbered at
// once, written together just before the commit, a namespace's in few rows.
//
// The numbers come from memory: what the newest of each namespace is, this connection knows as long
// as nobody else writes. A row (kv_change_packs) has changes `first` to `last` as a JSON array of
// texts, "<op><milliseconds after time_ms>:<key>": SQL can read it, and does on the way down to
// version 2. A row without changes, whose `first` is one more than its `last`, keeps a number that
// no change has.
//
// Owns: what was noted. Thread: the connection's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "kv/changes.hpp"

namespace storage_sqlite::kv {

/// What a row holds at most: a reader need not take more than it asked for.
inline constexpr std::int64_t pack_changes_max = 128;
inline constexpr std::size_t pack_keys_bytes_max = std::size_t{32} << 10U;

class ChangeLog final : public engine::Deferred {
 public:
  /// Namespaces whose numbers are kept in memory.
  static constexpr std::size_t spaces_max = 4'096;

  /// The connection's; it is made by the first who asks.
  [[nodiscard]] static ChangeLog& of(engine::Connection& connection);

  /// The number of the change. Outside of a Transaction it is written at once.
  [[nodiscard]] bp::result<std::int64_t> note(engine::Connection& connection, const Key& key,
                                              ChangeOp op, const Turn& turn);

  bp::result<void> write(engine::Connection& connection) override;
  void committed() noexcept override;
  void forget() noexcept override;

  [[nodiscard]] std::size_t mark() const noexcept override { return noted_.size(); }

  void back_to(std::size_t mark) noexcept override;

 private:
  static constexpr std::size_t none = ~std::size_t{0};

  struct Space {
    std::int64_t newest = 0;  // given, those that were noted included
    std::size_t last = none;  // noted
    std::uint32_t kept = 0;   // Turn::changes_kept
  };

  using Spaces = std::unordered_map<std::string, Space>;

  struct Noted {
    Spaces::value_type* of;
    std::size_t before;  // of the same namespace
    std::size_t key;     // where it begins in keys_
    std::size_t key_bytes;
    std::int64_t time_ms;
    ChangeOp op;
  };

  [[nodiscard]] bp::result<void> look_whether_others_wrote(engine::Connection& connection);
  [[nodiscard]] bp::result<Spaces::value_type*> space_of(engine::Connection& connection,
                                                         const std::string& name);
  [[nodiscard]] bp::result<void> write_space(engine::Connection& connection,
                                             Spaces::value_type& space);
  [[nodiscard]] bp::result<void> write_pack(engine::Connection& connection,
                                            const std::string& space, std::int64_t first);
  [[nodiscard]] std::string_view key_of(const Noted& one) const noexcept;

  Spaces spaces_;
  std::vector<Noted> noted_;
  std::string keys_;                         // of all that is noted, one after the other
  std::vector<Spaces::value_type*> active_;  // they have noted something, perhaps undone again
  std::vector<const Noted*> row_;            // what goes into the next row
  std::string pack_;
  std::int64_t data_version_ = 0;  // of the time when spaces_ was right
  bool looked_ = false;            // in this transaction
};

/// The changes of a row, in order. Errors: CORRUPT.
[[nodiscard]] bp::result<std::vector<Change>> read_pack(std::int64_t first, std::int64_t time_ms,
                                                        std::string_view pack);

}  // namespace storage_sqlite::kv
