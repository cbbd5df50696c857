// tests/bench/race/report.cpp - one line a comparison: work, ours, peer, ratio, promise, verdict.
#include "tests/bench/race/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <sys/utsname.h>

#include "host/error/error.hpp"

namespace bench {

namespace {

std::string number(double value) {
  if (value >= 1'000) {
    return fmt::format("{:.0f}", value);
  }
  return fmt::format("{:.{}f}", value, value < 10 ? 2 : 1);
}

std::string value_of(const Spread& spread, const Comparison& comparison) {
  return fmt::format("{} {}", number(spread.median), comparison.unit);
}

std::string promise_of(const Comparison& comparison) {
  switch (comparison.relation) {
    case Relation::at_most:
      return fmt::format("at most {} {}", comparison.bound, comparison.unit);
    case Relation::faster:
      return fmt::format("at least {}x faster", comparison.bound);
    case Relation::cost:
      return fmt::format("at most {}x", comparison.bound);
    case Relation::more:
      return fmt::format("at most {} {} more", comparison.bound, comparison.unit);
    case Relation::report:
      break;
  }
  return "";
}

std::string peer_of(const Verdict& verdict) {
  if (verdict.comparison.peer.empty()) {
    return "";
  }
  return fmt::format("{} {}", verdict.comparison.peer, value_of(verdict.peer, verdict.comparison));
}

std::string ratio_of(const Verdict& verdict) {
  if (verdict.comparison.peer.empty()) {
    return "";
  }
  const bool cost = verdict.comparison.relation == Relation::cost;
  return fmt::format("{}x{} ({}-{})", cost ? "cost " : "", number(verdict.ratio.median),
                     number(verdict.ratio.min), number(verdict.ratio.max));
}

std::string subject_of(const Verdict& verdict) {
  // "backplane 64" and "publish" become "publish 64".
  std::string variant = verdict.comparison.ours;
  variant.erase(0, variant.find(' ') == std::string::npos ? variant.size() : variant.find(' ') + 1);
  std::string text = verdict.comparison.what;
  return text + (text.empty() || variant.empty() ? "" : " ") + variant;
}

std::string label_of(const Verdict& verdict) {
  const std::string subject = subject_of(verdict);
  return subject.empty() ? verdict.row : subject;
}

std::string json_of(const Spread& spread) {
  return fmt::format(R"({{"median":{:.4f},"min":{:.4f},"max":{:.4f}}})", spread.median, spread.min,
                     spread.max);
}

std::string json_of(const Verdict& verdict) {
  using host::error::json_quoted;
  const Comparison& comparison = verdict.comparison;
  const bool measured = verdict.measured();
  const bool with_peer = measured && !comparison.peer.empty();
  const auto value = [](bool known, double figure) {
    return known && std::isfinite(figure) ? fmt::format("{:.4f}", figure) : "null";
  };
  std::string name = verdict.row;
  for (const std::string& part : {subject_of(verdict), comparison.peer}) {
    name += part.empty() ? "" : "." + part;
  }
  std::ranges::replace(name, ' ', '_');
  std::string text = fmt::format(
      R"({{"name":{},"unit":{},"ours":{},"peer":{},"peer_name":{},"ratio":{},"ratio_of":{},"promise":{},"met":{})",
      json_quoted(name), json_quoted(comparison.unit), value(measured, verdict.ours.median),
      value(with_peer, verdict.peer.median),
      comparison.peer.empty() ? "null" : json_quoted(comparison.peer),
      value(with_peer, verdict.ratio.median),
      comparison.peer.empty()                 ? "null"
      : comparison.relation == Relation::cost ? "\"ours/peer\""
                                              : "\"peer/ours\"",
      verdict.promised() ? json_quoted(promise_of(comparison)) : "null",
      verdict.promised() && measured ? (verdict.met ? "true" : "false") : "null");
  if (measured) {
    text += R"(,"spread":{"ours":)" + json_of(verdict.ours);
    if (with_peer) {
      text += R"(,"peer":)" + json_of(verdict.peer) + R"(,"ratio":)" + json_of(verdict.ratio);
    }
    text += "}";
  } else {
    text += R"(,"problem":)" + json_quoted(verdict.problem);
  }
  return text + "}";
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) {
      return line.substr(std::min(line.find(':') + 2, line.size()));
    }
  }
  return "unknown";
}

}  // namespace

Machine this_machine() {
  Machine machine;
  machine.cores = std::thread::hardware_concurrency();
  machine.cpu = cpu_name();
  utsname system{};
  if (uname(&system) == 0) {
    machine.kernel = std::string(system.sysname) + " " + system.release + " " + system.machine;
  }
  machine.compiler = std::string("g++ ") + __VERSION__;
#ifndef __OPTIMIZE__
  machine.compiler += ", not optimised";
#endif
  double loads[1] = {0};
  getloadavg(loads, 1);
  machine.load = loads[0];
  return machine;
}

void print_head(const Machine& machine, const Effort& effort) {
  fmt::print("{} x {}, {}, {}; load {:.1f}; medians of {} rounds\n", machine.cores, machine.cpu,
             machine.kernel, machine.compiler, machine.load, effort.rounds);
  fmt::print("{:<34} {:>14} {:>38} {:>24}  {:<24} {}\n", "work", "ours", "peer", "ratio", "promise",
             "");
}

void print_row(const Row& row, const std::vector<Verdict>& verdicts) {
  fmt::print("\n{}: {}\n", row.name, row.work);
  for (const Verdict& verdict : verdicts) {
    const Comparison& comparison = verdict.comparison;
    if (!verdict.measured()) {
      fmt::print("  {:<32} {:>14} {:>38} {:>24}  {:<24} {}\n", label_of(verdict), "",
                 comparison.peer, "", promise_of(comparison), verdict.problem);
      continue;
    }
    fmt::print("  {:<32} {:>14} {:>38} {:>24}  {:<24} {}\n", label_of(verdict),
               value_of(verdict.ours, comparison), peer_of(verdict), ratio_of(verdict),
               promise_of(comparison),
               !verdict.promised() ? ""
               : verdict.met       ? "met"
                                   : "NOT MET");
  }
  std::fflush(stdout);
}

void print_end(const std::vector<Verdict>& verdicts) {
  unsigned met = 0;
  unsigned not_met = 0;
  unsigned unknown = 0;
  for (const Verdict& verdict : verdicts) {
    if (verdict.promised()) {
      ++(!verdict.measured() ? unknown : verdict.met ? met : not_met);
    }
  }
  fmt::print("\n{} promises met, {} NOT MET, {} not measured\n", met, not_met, unknown);
}

std::string to_json(const Machine& machine, const Effort& effort,
                    const std::vector<Verdict>& verdicts) {
  using host::error::json_quoted;
  std::string promises;
  for (const Verdict& verdict : verdicts) {
    promises += (promises.empty() ? "\n  " : ",\n  ") + json_of(verdict);
  }
  return fmt::format(
      R"({{"promises":[{}],
"machine":{{"cores":{},"cpu":{},"kernel":{},"compiler":{},"load":{:.2f},"rounds":{}}}}}
)",
      promises, machine.cores, json_quoted(machine.cpu), json_quoted(machine.kernel),
      json_quoted(machine.compiler), machine.load, effort.rounds);
}

}  // namespace bench
