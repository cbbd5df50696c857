// host/manifest/glob.cpp - one folder, read once.
#include "host/manifest/glob.hpp"

#include <algorithm>
#include <string>
#include <system_error>

#include "host/name/glob.hpp"

namespace host::manifest {

std::vector<std::filesystem::path> glob_files(const std::filesystem::path& pattern) {
  const std::string wanted = pattern.filename().string();
  std::vector<std::filesystem::path> found;
  std::error_code error;
  std::filesystem::directory_iterator entry(pattern.parent_path(), error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string file = entry->path().filename().string();
    const bool hidden = file.starts_with('.') && !wanted.starts_with('.');
    std::error_code ignored;
    if (!hidden && name::matches(wanted, file) && entry->is_regular_file(ignored)) {
      found.push_back(entry->path());
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace host::manifest
