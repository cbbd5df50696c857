// host/cli/bench_verb.cpp - `backplane bench` is a program of its own, with plugins of its own.
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <unistd.h>

#include "host/cli/verbs.hpp"

namespace host::cli {

int bench(const std::vector<std::string>& arguments) {
  std::string program = bench_program().string();
  std::error_code ignored;
  if (!std::filesystem::exists(program, ignored)) {
    return complain({BP_E_NOT_FOUND,
                     "the bench program '" + program +
                         "' is not installed; fix: build and install with -DBACKPLANE_BENCH=ON"});
  }
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  ::setenv("BACKPLANE_BENCH_NAME", "backplane bench", 1);  // what it calls itself in messages
  ::execv(program.c_str(), pointers.data());
  return complain({BP_E_UNAVAILABLE, "the bench program '" + program + "' cannot be run: " +
                                         std::generic_category().message(errno)});
}

}  // namespace host::cli
