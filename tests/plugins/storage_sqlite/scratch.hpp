// tests/plugins/storage_sqlite/scratch.hpp - a folder of its own for each test, gone afterwards.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "backplane/cpp/error.hpp"

#include "engine/connection.hpp"

namespace storage_sqlite::testing {

class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "storage_sqlite.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("cannot make a scratch folder");
    }
    folder_ = name;
  }

  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  Scratch(Scratch&&) = delete;
  Scratch& operator=(Scratch&&) = delete;

  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string path(const std::string& file = "test.db") const {
    return (folder_ / file).string();
  }

 private:
  std::filesystem::path folder_;
};

/// The value of a result, or an exception that fails the test with the error's text.
template <typename Value>
Value must(bp::result<Value> result) {
  if (!result) {
    throw std::runtime_error(result.error().text());
  }
  if constexpr (!std::is_void_v<Value>) {
    return std::move(*result);
  }
}

inline engine::Connection open_writer(const std::string& path) {
  return must(engine::Connection::open(path, {}));
}

inline engine::Connection open_reader(const std::string& path) {
  return must(engine::Connection::open(path, {.access = engine::Access::ReadOnly}));
}

/// Fails with the code and a message that has `part` in it.
template <typename Value>
::testing::AssertionResult fails_with(const bp::result<Value>& result, bp_status code,
                                      const std::string& part) {
  if (result) {
    return ::testing::AssertionFailure() << "it succeeded";
  }
  if (result.error().code() != code || result.error().text().find(part) == std::string::npos) {
    return ::testing::AssertionFailure()
           << "it failed with " << result.error().code() << ": " << result.error().text();
  }
  return ::testing::AssertionSuccess();
}

}  // namespace storage_sqlite::testing
