// host/manifest/substitution.cpp - one walk over the string leaves.
#include "host/manifest/substitution.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace host::manifest {

namespace {

constexpr std::string_view opening = "${";
constexpr std::string_view escaped = "$${";

class Substitution {
 public:
  Substitution(const Node& root, const std::vector<std::string>& allowed,
               const Environment& environment, std::vector<Problem>& problems)
      : root_(root), allowed_(allowed), environment_(environment), problems_(problems) {}

  // Recursion is bounded by json_depth_max.
  void walk(Node& node) {
    if (node.is(Kind::String) && node.text.contains(opening)) {
      node.text = replaced(node);
    }
    for (Node& child : node.children) {
      walk(child);
    }
  }

 private:
  void problem(const Node& node, std::string message) {
    if (problems_.size() < problems_max) {
      problems_.push_back(problem_at(node.at, pointer_to(root_, node), std::move(message)));
    }
  }

  std::string replaced(const Node& node) {
    std::string out;
    std::string_view rest = node.text;
    while (!rest.empty()) {
      if (rest.starts_with(escaped)) {
        out += opening;
        rest.remove_prefix(escaped.size());
      } else if (rest.starts_with(opening)) {
        const std::size_t end = rest.find('}');
        if (end == std::string_view::npos) {
          problem(node, "\"${\" without \"}\"; write \"$${\" for the two characters themselves");
          return out;
        }
        out += value_of(node, std::string(rest.substr(2, end - 2)));
        rest.remove_prefix(end + 1);
      } else {
        out += rest.front();
        rest.remove_prefix(1);
      }
    }
    return out;
  }

  std::string value_of(const Node& node, const std::string& name) {
    if (!is_variable_name(name)) {
      problem(node,
              "\"${...}\" holds no variable name; write \"$${\" for the two characters "
              "themselves");
      return {};
    }
    if (std::ranges::find(allowed_, name) == allowed_.end()) {
      problem(node, fmt::format("the variable {0} is not in env.allow; add \"{0}\" there or write "
                                "\"$${{\"",
                                name));
      return {};
    }
    std::optional<std::string> value =
        environment_.variable ? environment_.variable(name) : std::nullopt;
    if (!value) {
      problem(node, fmt::format("the environment variable {} is not set", name));
      return {};
    }
    added_ += value->size();
    if (added_ > substituted_bytes_max || !is_utf8(*value)) {
      problem(node, fmt::format("the environment variable {} is {}", name,
                                is_utf8(*value) ? "too long" : "not valid UTF-8"));
      return {};
    }
    return *value;
  }

  const Node& root_;
  const std::vector<std::string>& allowed_;
  const Environment& environment_;
  std::vector<Problem>& problems_;
  std::size_t added_ = 0;
};

}  // namespace

bool is_variable_name(std::string_view text) noexcept {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !text.empty() && letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void substitute(Node& root, const std::vector<std::string>& allowed, const Environment& environment,
                std::vector<Problem>& problems) {
  Substitution(root, allowed, environment, problems).walk(root);
}

void escape_variables(Node& root) {
  if (root.is(Kind::String)) {
    for (std::size_t at = root.text.find(opening); at != std::string::npos;
         at = root.text.find(opening, at + escaped.size())) {
      root.text.replace(at, opening.size(), escaped);
    }
  }
  for (Node& child : root.children) {
    escape_variables(child);
  }
}

}  // namespace host::manifest
