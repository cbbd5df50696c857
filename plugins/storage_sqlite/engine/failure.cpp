// plugins/storage_sqlite/engine/failure.cpp - the table of SQLite's primary result codes.
#include "engine/failure.hpp"

#include <array>
#include <sqlite3.h>
#include <string>

namespace storage_sqlite::engine {
namespace {

struct Meaning {
  int sqlite_code;
  bp_status status;
  std::string_view name;
  std::string_view fix;
};

constexpr std::array meanings{
    Meaning{SQLITE_FULL, BP_E_IO, "DISK_FULL", "free space on the file system of"},
    Meaning{SQLITE_CORRUPT, BP_E_CORRUPT, "CORRUPT", "restore a backup of"},
    Meaning{SQLITE_NOTADB, BP_E_CORRUPT, "CORRUPT", "this is no SQLite database; move away"},
    Meaning{SQLITE_IOERR, BP_E_IO, "IO", "look at the disk that holds"},
    Meaning{SQLITE_CANTOPEN, BP_E_IO, "CANTOPEN",
            "check that the folder exists and is writable for"},
    Meaning{SQLITE_READONLY, BP_E_PERMISSION, "READ_ONLY", "give this process the right to write"},
    Meaning{SQLITE_PERM, BP_E_PERMISSION, "READ_ONLY", "give this process the right to write"},
    Meaning{SQLITE_AUTH, BP_E_PERMISSION, "SQL_DENIED", "this statement is not allowed on"},
    Meaning{SQLITE_BUSY, BP_E_BUSY, "BUSY", "close the other program that writes to"},
    Meaning{SQLITE_LOCKED, BP_E_BUSY, "BUSY", "finish the other statement that uses"},
    Meaning{SQLITE_INTERRUPT, BP_E_TIMEOUT, "DEADLINE", "ask for less, or allow more time, on"},
    Meaning{SQLITE_CONSTRAINT, BP_E_CONFLICT, "CONSTRAINT", "the row does not fit the schema of"},
    Meaning{SQLITE_TOOBIG, BP_E_TOO_LARGE, "TOO_LARGE", "the value is over the limit of"},
    Meaning{SQLITE_NOMEM, BP_E_NO_MEMORY, "NO_MEMORY", "lower cache_size of"},
    Meaning{SQLITE_SCHEMA, BP_E_CONFLICT, "SCHEMA", "another program changed the tables of"},
    Meaning{SQLITE_PROTOCOL, BP_E_BUSY, "BUSY", "close the other program that locks"},
};
constexpr Meaning unknown{SQLITE_ERROR, BP_E_UNKNOWN, "SQL", "check the tables of"};

constexpr int primary_code_mask = 0xFF;

const Meaning& meaning_of(int sqlite_code) noexcept {
  for (const Meaning& meaning : meanings) {
    if (meaning.sqlite_code == (sqlite_code & primary_code_mask)) {
      return meaning;
    }
  }
  return unknown;
}

}  // namespace

bp::error failure(sqlite3* handle, int sqlite_code, std::string_view doing) {
  const Meaning& meaning = meaning_of(sqlite_code);
  std::string message(meaning.name);
  message += ": ";
  // The handle's text is more exact, but only as long as it still speaks about this failure.
  const bool handle_agrees = handle != nullptr && (sqlite3_errcode(handle) & primary_code_mask) ==
                                                      (sqlite_code & primary_code_mask);
  message += handle_agrees ? sqlite3_errmsg(handle) : sqlite3_errstr(sqlite_code);
  message += " (SQLite " + std::to_string(sqlite_code) + ")";
  const char* file = handle == nullptr ? nullptr : sqlite3_db_filename(handle, "main");
  if (file != nullptr && *file != '\0') {
    message += "; ";
    message += meaning.fix;
    message += " '";
    // Its name only: callers from afar read this, and the folders of this machine are not theirs.
    const std::string_view path(file);
    message += path.substr(path.rfind('/') + 1);
    message += "'";
  }
  return bp::error(meaning.status, std::move(message)).during(std::string(doing));
}

bool concerns_everyone(const bp::error& error) noexcept {
  return error.code() == BP_E_IO || error.code() == BP_E_CORRUPT;
}

}  // namespace storage_sqlite::engine
