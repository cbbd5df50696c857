// host/manifest/glob.cpp - the classic matcher that remembers only the last star.
#include "host/manifest/glob.hpp"

#include <algorithm>
#include <string>
#include <system_error>

namespace host::manifest {

bool glob_matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return p == pattern.size();
}

bool is_glob(std::string_view text) noexcept {
  return text.find_first_of("*?") != std::string_view::npos;
}

std::vector<std::filesystem::path> glob_files(const std::filesystem::path& pattern) {
  const std::string wanted = pattern.filename().string();
  std::vector<std::filesystem::path> found;
  std::error_code error;
  std::filesystem::directory_iterator entry(pattern.parent_path(), error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const bool hidden = name.starts_with('.') && !wanted.starts_with('.');
    std::error_code ignored;
    if (!hidden && glob_matches(wanted, name) && entry->is_regular_file(ignored)) {
      found.push_back(entry->path());
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace host::manifest
