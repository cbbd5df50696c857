// tests/host/slot/fixture.hpp - a stage with scripted instances, which leave it in reverse order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/host/slot/scripted_plugin.hpp"

namespace host::slot {

class Instances : public testing::Test {
 protected:
  ~Instances() override {
    while (!actors_.empty()) {
      actors_.pop_back();
    }
  }

  // Neither created nor started.
  Actor& add(const std::string& id, Permissions permissions = {{"*"}, {"*"}, {"*"}, {"*"}}) {
    actors_.push_back(std::make_unique<Actor>(stage_, id, std::move(permissions)));
    return *actors_.back();
  }

  Actor& running(const std::string& id) {
    Actor& actor = add(id);
    actor.run();
    return actor;
  }

  Stage stage_;

 private:
  std::vector<std::unique_ptr<Actor>> actors_;
};

}  // namespace host::slot
