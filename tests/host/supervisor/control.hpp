// tests/host/supervisor/control.hpp - the control thread is the test itself: it runs what was
// posted until it has seen what it waits for.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "host/supervisor/supervisor.hpp"
#include "tests/host/manifest/reading.hpp"
#include "tests/host/slot/scripted_plugin.hpp"

namespace host::supervisor {

class Control {
 public:
  void post(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
    posted_.notify_one();
  }

  void run_until(const std::function<bool()>& seen) {
    while (!seen()) {
      std::unique_lock lock(mutex_);
      posted_.wait(lock, [this] { return !work_.empty(); });
      const std::function<void()> next = std::move(work_.front());
      work_.pop_front();
      lock.unlock();
      next();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> work_;
};

// The answer of a verb that takes a `done`.
struct Outcome {
  bool known = false;
  std::optional<error::Error> error;

  [[nodiscard]] std::string text() const { return error ? error->text() : ""; }
};

// Plugins of tests/bad_plugins, planned from a manifest.
class ControlTest : public testing::Test {
 protected:
  static std::string plugin(const std::string& id, const std::string& file,
                            const std::string& more = "") {
    return "\"" + id + R"(":{"library":")" + BAD_PLUGINS_DIR + "/" + file + ".so\"" + more + "}";
  }

  static Plan plan(const std::string& plugins) {
    const manifest::Reading reading = test::read(R"({"schema":1,"plugins":{)" + plugins + R"(}})");
    EXPECT_TRUE(reading.manifest) << test::told(reading);
    return make_plan(reading.manifest.value_or(manifest::Manifest{}), "plugins.json");
  }

  Environment environment() {
    return {stage_.runtime,
            stage_.exchange,
            stage_.metrics,
            stage_.spans,
            stage_.sink,
            (folder_.path() / "var").string(),
            "machine",
            "0.0.0",
            [this](std::function<void()> work) { control_.post(std::move(work)); }};
  }

  Outcome wait(const std::function<void(Member::Done)>& verb) {
    auto outcome = std::make_shared<Outcome>();
    verb([outcome](std::optional<error::Error> error) {
      outcome->known = true;
      outcome->error = std::move(error);
    });
    control_.run_until([&] { return outcome->known; });
    return *outcome;
  }

  test::Folder folder_;
  Control control_;
  slot::Stage stage_;
};

}  // namespace host::supervisor
