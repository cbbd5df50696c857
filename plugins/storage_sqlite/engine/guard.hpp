// plugins/storage_sqlite/engine/guard.hpp - SQL of strangers: which tables it may touch, and for
// how long.
//
// While a Guard stands, every statement that is prepared through it is checked part by part
// (SQLite's authorizer), runs until a deadline (its progress handler), and may not make values or
// expressions beyond small limits. Other statements of the connection are not concerned.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"
#include "engine/statement.hpp"

namespace storage_sqlite::engine {

inline constexpr std::size_t sql_bytes_max = 65'536;
inline constexpr int sql_value_bytes_max = 16 << 20;
inline constexpr std::int64_t sql_memory_bytes_max = std::int64_t{256} << 20U;

/// Patterns of table names, in which `*` stands for any run of letters, and `{caller}` for the id
/// of the instance that calls. Tables of the plugin itself are never written by strangers, whatever
/// the patterns say, and read only by their whole names.
struct Rules {
  // Read, written, made and dropped; indexes too. No id has a `$`: nobody's names begin as
  // another's do.
  std::vector<std::string> tables{"{caller}$*"};
  std::vector<std::string> readable{};  // read only
  /// What sorting and grouping may take meanwhile, by what SQLite uses in the whole process.
  std::int64_t memory_bytes_max = sql_memory_bytes_max;
};

/// What the rules are for this caller; the operator (no id) may use what any caller may: patterns
/// with `{caller}` are every name.
[[nodiscard]] Rules rules_for(const Rules& rules, std::string_view caller);

/// Tables of the plugin (records, kv, migrations) and of SQLite.
[[nodiscard]] bool is_internal(std::string_view table) noexcept;

enum class Allowed : std::uint8_t {
  Read,   // one SELECT
  Write,  // changes of rows and of tables
};

/// Standing on one connection, on one thread. Not moved: SQLite holds its address.
class Guard {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  Guard(Connection& connection, const Rules& rules, Allowed allowed, Deadline deadline,
        std::stop_token stop = {});
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  Guard(Guard&&) = delete;
  Guard& operator=(Guard&&) = delete;
  ~Guard();

  /// Exactly one statement that the rules allow; it must be gone before the guard.
  /// Errors: PERMISSION (SQL_DENIED, naming what), INVALID (SQL: what SQLite says), TOO_LARGE.
  [[nodiscard]] bp::result<Statement> prepare(std::string_view sql);
  /// Any number of statements without parameters, each as by prepare().
  [[nodiscard]] bp::result<void> run_all(const std::string& sql);
  /// What a failed step of a guarded statement means.
  [[nodiscard]] bp::error explain(bp::error error) const;

  /// The authorizer's question, see sqlite3_set_authorizer.
  [[nodiscard]] bool allows(int action, const char* first, const char* second) noexcept;

 private:
  static int progress(void* self) noexcept;

  [[nodiscard]] bool deny(std::string_view what, std::string_view name) noexcept;
  [[nodiscard]] bool own(std::string_view table) const noexcept;
  [[nodiscard]] bool reads(std::string_view table, std::string_view column) noexcept;
  [[nodiscard]] bool changes_rows(std::string_view table) noexcept;
  [[nodiscard]] bool changes_schema(std::string_view name, std::string_view table) noexcept;
  [[nodiscard]] bool calls(std::string_view function) noexcept;
  void begin_statement() noexcept;

  struct Limit {
    int which;
    int before;
  };

  Connection& connection_;
  const Rules& rules_;
  Allowed allowed_;
  Deadline deadline_;
  std::stop_token stop_;
  std::array<Limit, 6> limits_;
  std::string denied_;           // why, of the last statement; empty: it was not denied
  bool schema_changes_ = false;  // the statement that is being prepared is a CREATE, DROP or ALTER
  std::int64_t memory_before_;
  bool late_ = false;
  bool large_ = false;
  bool stopped_ = false;
};

}  // namespace storage_sqlite::engine
