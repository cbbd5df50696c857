// tests/host/manifest/environment_test.cpp - what this process says about itself.
#include <gtest/gtest.h>

#include "host/manifest/manifest.hpp"

namespace {

TEST(Environment, KnowsVariablesNameAndCores) {
  const auto environment = host::manifest::process_environment("/p");
  EXPECT_TRUE(environment.variable("PATH"));
  EXPECT_FALSE(environment.variable("BACKPLANE_TEST_THIS_IS_NOT_SET"));
  EXPECT_FALSE(environment.host_name.empty());
  EXPECT_GE(environment.cores, 1U);
  EXPECT_EQ(environment.plugin_path, "/p");
}

}  // namespace
