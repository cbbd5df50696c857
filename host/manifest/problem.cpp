// host/manifest/problem.cpp - problems as one line each, in reading order.
#include "host/manifest/problem.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace host::manifest {

std::string Problem::text() const {
  std::string line_text = file;
  if (line > 0) {
    line_text += fmt::format(":{}:{}", line, column);
  }
  if (!pointer.empty()) {
    line_text += ": " + pointer;
  }
  return line_text + ": " + message;
}

std::string Problem::json() const {
  return fmt::format(R"({{"file":{},"line":{},"column":{},"pointer":{},"code":{},"message":{}}})",
                     error::json_quoted(file), line, column, error::json_quoted(pointer),
                     error::json_quoted(error::status_name(code)), error::json_quoted(message));
}

Problem problem_at(const Position& at, std::string pointer, std::string message) {
  return {at.file(), at.line, at.column, std::move(pointer), std::move(message), BP_E_CONFIG};
}

void sort_problems(std::vector<Problem>& problems, const std::vector<std::string>& files) {
  const auto place = [&](const Problem& problem) {
    const auto rank = std::ranges::find(files, problem.file) - files.begin();
    return std::tuple(rank, problem.line, problem.column);
  };
  std::ranges::stable_sort(problems, {}, place);
}

}  // namespace host::manifest
