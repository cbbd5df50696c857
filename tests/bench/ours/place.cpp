// tests/bench/ours/place.cpp - copies of the bench plugins in a temporary folder.
#include "tests/bench/ours/place.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace bench {

Place::Place(std::filesystem::path plugins) : plugins_(std::move(plugins)) {
  std::string name = (std::filesystem::temp_directory_path() / "backplane-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "making the folder '" + name + "'");
  }
  scratch_ = name;
}

Place::~Place() {
  std::error_code ignored;
  std::filesystem::remove_all(scratch_, ignored);
}

std::filesystem::path Place::copy_of(const std::string& plugin) {
  const auto copy = scratch_ / (plugin + "_" + std::to_string(++copies_) + ".so");
  std::filesystem::copy_file(original(plugin), copy);
  return copy;
}

std::filesystem::path Place::folder(const std::string& name) {
  auto made = scratch_ / (name + "_" + std::to_string(++copies_));
  std::filesystem::create_directory(made);
  return made;
}

std::filesystem::path own_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

}  // namespace bench
