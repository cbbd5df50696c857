// tests/host/manifest/reading.hpp - reading a manifest in a test: a fixed environment, a folder of
// its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

#include "host/manifest/manifest.hpp"

namespace test {

inline host::manifest::Environment environment(std::map<std::string, std::string> variables = {}) {
  return {
      .variable = [variables](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
      },
      .host_name = "machine",
      .plugin_path = "/opt/plugins",
      .cores = 3,
  };
}

inline host::manifest::Reading read(std::string_view text,
                                    std::map<std::string, std::string> variables = {}) {
  return host::manifest::read_text(text, "/srv/plugins.json", environment(std::move(variables)));
}

// A manifest with one plugin "a" and what else is given: R"("log":{})".
inline host::manifest::Reading read_with(std::string_view more) {
  return read(R"({"schema":1,"plugins":{"a":{"library":"a"}},)" + std::string(more) + "}");
}

// A manifest whose one plugin "a" has these further keys.
inline host::manifest::Reading read_plugin(std::string_view more) {
  return read(R"({"schema":1,"plugins":{"a":{"library":"a",)" + std::string(more) + "}}}");
}

// "3:5 /plugins/a: message" for each problem, one a line.
inline std::string told(const host::manifest::Reading& reading) {
  std::string lines;
  for (const host::manifest::Problem& problem : reading.problems) {
    lines += std::to_string(problem.line) + ':' + std::to_string(problem.column) + ' ' +
             problem.pointer + ": " + problem.message + '\n';
  }
  return lines;
}

class Folder {
 public:
  Folder() {
    static std::uint64_t count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("manifest_test_" + std::to_string(reinterpret_cast<std::uintptr_t>(&count)) + '_' +
             std::to_string(static_cast<std::uint64_t>(
                 std::filesystem::file_time_type::clock::now().time_since_epoch().count())) +
             '_' + std::to_string(++count));
    std::filesystem::create_directories(path_);
  }

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::filesystem::path write(const std::string& name, std::string_view text) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace test
