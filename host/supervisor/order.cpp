// host/supervisor/order.cpp - depth-first topological order; the path on the stack is the cycle.
#include "host/supervisor/order.hpp"

#include <algorithm>

namespace host::supervisor {

namespace {

enum class Mark : std::uint8_t { fresh, open, done };

struct Walk {
  const std::vector<std::string>& names;
  const std::vector<std::set<std::size_t>>& needs;
  std::vector<Mark> marks;
  std::vector<std::size_t> path;
  std::vector<std::size_t> order;

  // False: `path` ends in a cycle.
  bool visit(std::size_t node) {  // as deep as there are plugins in a chain
    if (marks[node] == Mark::done) {
      return true;
    }
    path.push_back(node);
    if (marks[node] == Mark::open) {
      return false;
    }
    marks[node] = Mark::open;
    for (const std::size_t need : needs[node]) {
      if (!visit(need)) {
        return false;
      }
    }
    marks[node] = Mark::done;
    path.pop_back();
    order.push_back(node);
    return true;
  }

  [[nodiscard]] std::string cycle() const {
    std::string text;
    const auto first = std::ranges::find(path, path.back());
    for (auto node = first; node != path.end(); ++node) {
      text += (text.empty() ? "'" : " -> '") + names[*node] + "'";
    }
    return text;
  }
};

}  // namespace

error::Result<std::vector<std::size_t>> start_order(
    const std::vector<std::string>& names, const std::vector<std::set<std::size_t>>& needs) {
  Walk walk{names, needs, std::vector<Mark>(names.size(), Mark::fresh), {}, {}};
  for (std::size_t node = 0; node < names.size(); ++node) {
    if (!walk.visit(node)) {
      return error::fail(
          BP_E_INVALID,
          "plugins wait for each other in a circle: " + walk.cycle() +
              " (each needs the next to be started first); fix: remove an `after`, or mark "
              "a required service as optional");
    }
  }
  return std::move(walk.order);
}

}  // namespace host::supervisor
