// tests/bench/ours/place.hpp - where the bench plugins are, and a folder of our own to copy them
// to.
#pragma once

#include <filesystem>
#include <string>

namespace bench {

class Place {
 public:
  explicit Place(std::filesystem::path plugins);
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place();

  // A copy of the plugin under a name of its own: another file is another library, with its own
  // code and data.
  [[nodiscard]] std::filesystem::path copy_of(const std::string& plugin);

  // A new empty folder.
  [[nodiscard]] std::filesystem::path folder(const std::string& name);

  [[nodiscard]] std::filesystem::path original(const std::string& plugin) const {
    return plugins_ / (plugin + ".so");
  }

 private:
  std::filesystem::path plugins_;
  std::filesystem::path scratch_;
  unsigned copies_ = 0;
};

// Beside this program.
[[nodiscard]] std::filesystem::path own_folder();

}  // namespace bench
