// tests/host/cli/place.hpp - a folder with a manifest whose plugins are the bad_plugins tree's, and
// what a verb printed.
#pragma once

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "host/cli/places.hpp"
#include "tests/host/manifest/reading.hpp"

namespace test {

struct Printed {
  int code = 0;
  std::string out;
  std::string err;
};

inline Printed printed(const std::function<int()>& verb) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Printed all;
  all.code = verb();
  all.out = testing::internal::GetCapturedStdout();
  all.err = testing::internal::GetCapturedStderr();
  return all;
}

class PlaceTest : public testing::Test {
 protected:
  // "plugins" of a manifest: R"("a":{"library":"good_minimal"})".
  host::cli::Place place(const std::string& plugins,
                         const std::string& plugin_path = BAD_PLUGINS_DIR) {
    return {folder_.write("plugins.json", R"({"schema":1,"host":{"plugin_path":")" + plugin_path +
                                              R"("},"plugins":{)" + plugins + "}}"),
            ""};
  }

  host::cli::Place nowhere() { return {folder_.path() / "absent.json", ""}; }

  Folder folder_;
};

}  // namespace test
