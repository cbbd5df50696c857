// tests/bench/race/memory.hpp - what a process that loads libraries says of itself.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace bench {

// Memory of this process that no file stands behind.
[[nodiscard]] inline std::uint64_t anonymous_bytes() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  std::string word;
  while (rollup >> word) {
    std::uint64_t kib = 0;
    if (word == "Anonymous:" && rollup >> kib) {
      return kib * 1'024;
    }
  }
  return 0;
}

[[nodiscard]] inline std::vector<std::filesystem::path> libraries_in(
    const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  return files;
}

inline void print_loaded(std::uint64_t ns, std::uint64_t bytes, std::size_t libraries) {
  const auto each = static_cast<double>(libraries);
  std::printf("%.1f %.1f\n", static_cast<double>(ns) / each, static_cast<double>(bytes) / each);
}

}  // namespace bench
