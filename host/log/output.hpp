// host/log/output.hpp - where finished log lines go: a standard stream or a file.
//
// Owns: the descriptor of a file. Thread: one writer. Errors: IO when a file cannot be opened.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "host/error/error.hpp"

namespace host::log {

class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  virtual ~Output() = default;

  // Writes all of `lines`, waiting while the reader is slow, until `give_up` becomes true.
  // False: not everything was written.
  virtual bool write(std::string_view lines, const std::atomic<bool>& give_up) = 0;

  [[nodiscard]] virtual bool is_terminal() const = 0;
};

// `destination`: "stderr", "stdout" or the path of a file, which is appended to.
[[nodiscard]] error::Result<std::unique_ptr<Output>> open_output(const std::string& destination);

}  // namespace host::log
