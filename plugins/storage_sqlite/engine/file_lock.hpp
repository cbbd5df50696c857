// plugins/storage_sqlite/engine/file_lock.hpp - the proof that this process alone writes to a
// database.
//
// Owns: the open lock file `<database>.lock`, held until destruction (or the death of the process).
#pragma once

#include <string>

#include "backplane/cpp/error.hpp"

namespace storage_sqlite::engine {

class FileLock {
 public:
  /// Errors: BUSY naming the file and the process that holds it; IO when it cannot be made.
  [[nodiscard]] static bp::result<FileLock> hold(const std::string& database_path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) noexcept : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace storage_sqlite::engine
