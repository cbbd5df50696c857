// plugin_test.cpp - the plugin in a fake host: no daemon, no clock, no threads.
#include <cstdio>
#include <cstdlib>

#include "backplane/testing/fake_host.hpp"

static void expect(bool fact, const char* what) {
  if (!fact) {
    std::fprintf(stderr, "failed: %s\n", what);
    std::exit(1);
  }
}

int main() {
  bp::testing::fake_host host(bp_plugin_v1, R"({"offset":-1})");
  expect(host.start().has_value(), "it starts");

  const auto good = host.deliver("readings.celsius", R"({"sensor":"roof","degrees":21})");
  expect(host.fate_of(good) == bp::testing::fate::acked, "a reading is acknowledged");
  expect(host.sent("readings.fahrenheit").at(0) == R"({"sensor":"roof","degrees":68})",
         "and sent on in degrees Fahrenheit");

  const auto bad = host.deliver("readings.celsius", "warm");
  expect(host.fate_of(bad) == bp::testing::fate::nacked, "what is no reading is handed back");

  expect(host.stop().has_value(), "it stops");
  expect(host.faults().empty() && host.open_leases() == 0, "and leaves nothing behind");
}
