// host/manifest/problem.hpp - what is wrong in a manifest, and exactly where.
//
// Owns: its text. Thread: values. Errors: none of its own.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "host/error/error.hpp"

namespace host::manifest {

// Where a value stands. Lines and columns count from 1, columns in characters; 0 means "the file".
struct Position {
  std::shared_ptr<const std::string> source;  // one name for all values of a file
  int line = 0;
  int column = 0;

  [[nodiscard]] std::string file() const { return source ? *source : std::string(); }
};

struct Problem {
  std::string file;
  int line = 0;
  int column = 0;
  std::string pointer;  // RFC 6901; empty for the whole document
  std::string message;
  bp_status code = BP_E_CONFIG;

  // "plugins.json:3:5: /plugins/ws: message"
  [[nodiscard]] std::string text() const;

  // {"file":...,"line":3,"column":5,"pointer":...,"code":"CONFIG","message":...}
  [[nodiscard]] std::string json() const;

  friend bool operator==(const Problem&, const Problem&) = default;
};

[[nodiscard]] Problem problem_at(const Position& at, std::string pointer, std::string message);

// Sort as a reader meets them: `files` in their order, then line, then column.
void sort_problems(std::vector<Problem>& problems, const std::vector<std::string>& files);

}  // namespace host::manifest
