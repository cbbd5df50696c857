// host/wire/check.hpp - finds what is wrong with a wire before anything runs.
//
// Owns: nothing. Thread: any. Errors: all findings, each naming the wire and step.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/manifest/manifest.hpp"
#include "host/schema/schema.hpp"

namespace host::wire {

// What the plugins of the manifest offer.
struct Catalog {
  std::function<bool(const std::string& channel)> has_channel;
  // `provided` tells whether any plugin provides the service; the schema may be null all the same.
  std::function<std::shared_ptr<const schema::Schema>(const std::string& service,
                                                      std::uint32_t major, bool& provided)>
      service;
  std::vector<std::string> channel_names;
  std::vector<std::string> service_names;
};

struct Finding {
  std::string pointer;  // below the wire: "/steps/0/call"
  std::string message;
};

[[nodiscard]] std::vector<Finding> check(const manifest::Wire& wire, const Catalog& catalog);

}  // namespace host::wire
