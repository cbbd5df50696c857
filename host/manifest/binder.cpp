// host/manifest/binder.cpp - collecting problems, resolving paths.
#include "host/manifest/binder.hpp"

#include <fmt/format.h>

namespace host::manifest {

void Binder::add(const Position& at, const Node& value, std::string message) {
  if (problems_.size() < problems_max) {
    problems_.push_back(problem_at(at, pointer_to(root_, value), std::move(message)));
  }
}

void Binder::problem(const Node& value, std::string message) {
  add(value.at, value, std::move(message));
}

void Binder::problem_at_key(const Node& member, std::string message) {
  add(member.key_at.line > 0 ? member.key_at : member.at, member, std::move(message));
}

void Binder::problem_near(const std::string& pointer, std::string message) {
  if (problems_.size() < problems_max) {
    problems_.push_back(problem_at(root_.nearest(pointer).at, pointer, std::move(message)));
  }
}

void Binder::absent(const Node& member, std::string_view feature, std::string_view fix) {
  problem_at_key(member, fmt::format("not in this build: {}; {}", feature, fix));
}

bool Binder::expect(const Node& value, Kind kind) {
  if (value.is(kind)) {
    return true;
  }
  problem(value,
          fmt::format("{} is expected here, not {}", kind_name(kind), kind_name(value.kind)));
  return false;
}

std::filesystem::path Binder::resolve(const std::string& path) const {
  return (folder_ / path).lexically_normal();
}

}  // namespace host::manifest
