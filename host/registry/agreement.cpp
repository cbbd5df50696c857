// host/registry/agreement.cpp - rules, and texts that name who breaks them.
#include "host/registry/agreement.hpp"

#include <string_view>
#include <utility>

#include "host/registry/name.hpp"

namespace host::registry {

namespace {

std::string_view kind_name(std::uint32_t kind) noexcept {
  return kind == BP_KIND_QUEUE ? "queue" : "broadcast";
}

error::Result<void> check_method(const service::Method& method) {
  if (auto good = check_name("a method's name", method.name); !good) {
    return good;
  }
  if (auto good = check_name("a request's type", method.request_type); !good) {
    return good;
  }
  return check_name("a reply's type", method.reply_type);
}

}  // namespace

error::Result<void> check_settings(const channel::Settings& settings) {
  if (auto good = check_name("a channel's name", settings.name); !good) {
    return good;
  }
  if (auto good = check_name("a channel's type", settings.type); !good) {
    return std::unexpected(
        std::move(good).error().during("opening channel '" + settings.name + "'"));
  }
  return {};
}

error::Result<void> agree(const channel::Settings& there, const channel::Settings& wanted,
                          const std::string& who) {
  const auto differs = [&](std::string_view what, std::string_view a, std::string_view b) {
    return error::fail(BP_E_CONFLICT, "channel '" + there.name + "' is of " + std::string(what) +
                                          " '" + std::string(a) + "', but '" + who + "' wants '" +
                                          std::string(b) + "'");
  };
  if (there.kind != wanted.kind) {
    return differs("kind", kind_name(there.kind), kind_name(wanted.kind));
  }
  if (there.type != wanted.type) {
    return differs("type", there.type, wanted.type);
  }
  if (there.schema != 0 && wanted.schema != 0 && there.schema != wanted.schema) {
    return differs("schema", std::to_string(there.schema), std::to_string(wanted.schema));
  }
  return {};
}

error::Result<void> check_description(const service::Service::Description& description) {
  if (auto good = check_name("a service's name", description.name); !good) {
    return good;
  }
  for (const service::Method& method : description.methods) {
    if (auto good = check_method(method); !good) {
      return std::unexpected(
          std::move(good).error().during("describing service '" + description.name + "'"));
    }
  }
  return {};
}

}  // namespace host::registry
