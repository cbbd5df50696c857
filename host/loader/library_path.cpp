// host/loader/library_path.cpp - looks where the operator said, and says where it looked.
#include "host/loader/library_path.hpp"

#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "host/loader/refusal.hpp"
#include "host/name/nearest.hpp"

namespace host::loader {

namespace {

#if defined(_WIN32)
constexpr std::string_view suffix = ".dll";
#else
constexpr std::string_view suffix = ".so";
#endif

constexpr std::size_t names_max = 1'000;  // compared with a name that was not found

bool is_there(const std::filesystem::path& path) noexcept {
  std::error_code problem;
  return std::filesystem::exists(path, problem);
}

// What a folder offers: the names of its libraries, those in folders of their own included.
void add_names(const std::filesystem::path& folder, bool with_suffix,
               std::vector<std::string>& names) {
  std::error_code problem;
  std::filesystem::directory_iterator entry(folder, problem);
  for (; !problem && entry != std::filesystem::directory_iterator() && names.size() < names_max;
       entry.increment(problem)) {
    const std::filesystem::path& path = entry->path();
    const std::string stem = path.stem().string();
    if (path.extension() == suffix) {
      names.push_back(with_suffix ? path.filename().string() : stem);
    } else if (!with_suffix && is_there(path / (stem + std::string(suffix)))) {
      names.push_back(stem);
    }
  }
  std::ranges::sort(names);  // a folder has no order of its own
}

}  // namespace

error::Result<std::filesystem::path> find_library(
    std::string_view name, std::span<const std::filesystem::path> plugin_path) {
  if (name.empty() || name == "." || name == ".." || name.find('\0') != std::string_view::npos) {
    return error::fail(
        BP_E_INVALID,
        "a plugin's library has no usable name; fix: write \"library\": \"hello\", or a "
        "path with a '/'");
  }
  if (name.find('/') != std::string_view::npos) {
    std::filesystem::path path(name);
    if (!is_there(path)) {
      std::vector<std::string> names;
      add_names(path.parent_path(), true, names);
      return std::unexpected(
          refusal(path, Rule::FilePresent,
                  "there is no such file" + name::hint(path.filename().string(), names)));
    }
    return path;
  }
  const std::string stem(name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size())
                                                : name);
  const std::string file = stem + std::string(suffix);
  std::vector<std::string> candidates;
  for (const std::filesystem::path& directory : plugin_path) {
    candidates.push_back((directory / file).string());
    candidates.push_back((directory / stem / file).string());
  }
  if (const auto found = std::ranges::find_if(candidates, is_there); found != candidates.end()) {
    return *found;
  }
  std::vector<std::string> names;
  for (const std::filesystem::path& directory : plugin_path) {
    add_names(directory, false, names);
  }
  return error::fail(
      BP_E_NOT_FOUND,
      fmt::format(
          "no plugin library '{}'{}; looked for {}; fix: build and install the plugin, or add "
          "its folder to host.plugin_path",
          name, name::hint(stem, names),
          candidates.empty() ? "nothing, host.plugin_path is empty"
                             : fmt::format("{}", fmt::join(candidates, ", "))));
}

}  // namespace host::loader
