// host/manifest/secret.hpp - the texts behind {"$secret":"name"}, read when they are needed.
//
// Owns: the texts, until it is destroyed. Thread: one at a time. Errors: problems that name the
// secret and its file, never its text.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/error/error.hpp"
#include "host/manifest/json_tree.hpp"
#include "host/manifest/manifest.hpp"

namespace host::manifest {

inline constexpr std::size_t secret_bytes_max = std::size_t{64} << 10U;

[[nodiscard]] bool is_secret_reference(const Node& node) noexcept;

class SecretReader {
 public:
  // Both must outlive the reader.
  SecretReader(std::span<const Secret> secrets, const Environment& environment)
      : secrets_(secrets), environment_(environment) {}

  // `reference` is "name", the whole text without one final line end, or "name:key", the text under
  // `key` when the secret is a JSON object.
  [[nodiscard]] error::Result<std::string> text(std::string_view reference);

  // `config` with every reference replaced. Problems name `pointer` + the place below it.
  [[nodiscard]] Node filled(const Node& config, const std::string& pointer,
                            std::vector<Problem>& problems);

 private:
  [[nodiscard]] error::Result<std::string> whole(const Secret& secret);
  void fill(Node& node, const std::string& pointer, std::vector<Problem>& problems);

  std::span<const Secret> secrets_;
  const Environment& environment_;
  std::map<std::string, error::Result<std::string>, std::less<>> read_;
};

}  // namespace host::manifest
