// tests/bench/ours/loading.cpp - loading and starting many plugins; each round in a process of its
// own.
#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "tests/bench/ours/ours.hpp"
#include "tests/bench/ours/world.hpp"
#include "tests/bench/plugins/board.h"
#include "tests/bench/race/memory.hpp"

namespace bench {

namespace {

// A folder with that many copies of the smallest plugin.
std::filesystem::path make_libraries(Place& place, std::uint64_t plugins) {
  auto folder = place.folder("libraries");
  for (std::uint64_t i = 0; i < plugins; ++i) {
    std::filesystem::copy_file(place.original("tiny"), folder / fmt::format("p{:04}.so", i));
  }
  return folder;
}

struct Closer {
  void operator()(std::FILE* file) const { pclose(file); }
};

// What a process of `--load` says: nanoseconds and bytes per library.
Sample read_loaded(const std::string& who, const std::filesystem::path& libraries) {
  const std::string command = fmt::format(
      "'{}' --load {} '{}'", (own_folder() / "backplane-bench").string(), who, libraries.string());
  const std::unique_ptr<std::FILE, Closer> child(popen(command.c_str(), "r"));
  Sample sample;
  if (!child || std::fscanf(child.get(), "%lf %lf", &sample.ns, &sample.other) != 2) {
    throw std::runtime_error("the process that loads the plugins did not say how it went: " +
                             command);
  }
  return sample;
}

}  // namespace

Contenders load_contenders(Place& place, std::uint64_t plugins,
                           const std::vector<std::string>& who) {
  // Made when the row begins, for all contenders alike.
  auto libraries = std::make_shared<std::filesystem::path>();
  Contenders all;
  for (const std::string& name : who) {
    all.push_back({"load", name,
                   [&place, plugins, libraries, name]() -> Round {
                     if (libraries->empty()) {
                       *libraries = make_libraries(place, plugins);
                     }
                     return
                         [libraries, name](std::uint64_t) { return read_loaded(name, *libraries); };
                   },
                   1});
  }
  return all;
}

void load_ours(const std::filesystem::path& libraries) {
  std::vector<Card> cards;
  for (const std::filesystem::path& file : libraries_in(libraries)) {
    cards.push_back({file.stem().string(), file, nullptr});
  }
  Place place(own_folder());
  World world(place, 1, cards);
  const std::uint64_t bytes = anonymous_bytes();
  const std::uint64_t begin = bench_now_ns();
  world.start();
  const std::uint64_t end = bench_now_ns();
  print_loaded(end - begin, anonymous_bytes() - bytes, cards.size());
}

}  // namespace bench
