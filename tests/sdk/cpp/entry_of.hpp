// tests/sdk/cpp/entry_of.hpp - what BACKPLANE_PLUGIN makes, for many classes in one test binary.
#pragma once

#include <string_view>

#include "backplane/cpp/plugin.hpp"
#include "backplane/testing/fake_host.hpp"

namespace tests {

struct Declared {
  static std::string_view text() {
    return R"({"id":"test","channels":[
      {"name":"events","direction":"receive","kind":"broadcast","type":"json"},
      {"name":"out.*","direction":"send","kind":"broadcast","type":"json"}]})";
  }
};

template <typename Plugin>
struct EntryOf {
  using Glue = bp::detail::glue<Plugin, Declared>;
  bp_plugin plugin{sizeof(bp_plugin), 0,      "test", "1.0.0", &Glue::create, &Glue::destroy,
                   &Glue::on_events,  nullptr};
  const bp_plugin* list[1] = {&plugin};
  bp_entry entry{BP_ENTRY_MAGIC, sizeof(bp_entry), 1, 0, 0, 1, sizeof(void*), 0, 0, list, "{}", 2};
};

/// A fake host with an instance of `Plugin` in it.
template <typename Plugin>
class Hosted : private EntryOf<Plugin>, public bp::testing::fake_host {
 public:
  explicit Hosted(std::string config = "{}")
      : fake_host(EntryOf<Plugin>::entry, std::move(config)) {}
};

}  // namespace tests
