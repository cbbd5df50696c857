// host/loader/library_path.cpp - looks where the operator said, and says where it looked.
#include "host/loader/library_path.hpp"

#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "host/loader/refusal.hpp"

namespace host::loader {

namespace {

#if defined(_WIN32)
constexpr std::string_view suffix = ".dll";
#else
constexpr std::string_view suffix = ".so";
#endif

bool is_there(const std::filesystem::path& path) noexcept {
  std::error_code problem;
  return std::filesystem::exists(path, problem);
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
      return std::unexpected(refusal(path, Rule::FilePresent, "there is no such file"));
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
  return error::fail(
      BP_E_NOT_FOUND,
      fmt::format(
          "no plugin library '{}': looked for {}; fix: build and install the plugin, or add "
          "its folder to host.plugin_path",
          name,
          candidates.empty() ? "nothing, host.plugin_path is empty"
                             : fmt::format("{}", fmt::join(candidates, ", "))));
}

}  // namespace host::loader
