// host/manifest/source_file.hpp - the files a manifest is made of, as one tree.
//
// Owns: the tree and the names of the files. Thread: values. Errors: problems.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/error/error.hpp"
#include "host/manifest/json_tree.hpp"
#include "host/manifest/manifest.hpp"

namespace host::manifest {

inline constexpr std::size_t include_files_max = 256;

// A regular file of at most `bytes_max` bytes; never waits for a FIFO or device.
[[nodiscard]] error::Result<std::string> read_whole_file(const std::filesystem::path& path,
                                                         std::size_t bytes_max);

struct SourceTree {
  std::optional<Node> root;        // variables replaced, includes merged, config files put in place
  std::vector<std::string> files;  // in the order of reading, the manifest first
};

// Parses `text`, the content of `path`, and reads every file it names.
[[nodiscard]] SourceTree gather(std::string_view text, const std::filesystem::path& path,
                                const Environment& environment, std::vector<Problem>& problems);

}  // namespace host::manifest
