// host/cli/plugin_verbs.cpp - `plugin list` and `plugin info`: facts from the file; no code of the
// plugin runs.
#include <algorithm>
#include <cstdio>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "host/cli/verbs.hpp"
#include "host/loader/inspect.hpp"
#include "host/loader/library_path.hpp"
#include "host/manifest/manifest.hpp"
#include "host/schema/schema.hpp"

namespace host::cli {

namespace {

using error::json_quoted;

std::string refused_json(const std::string& file, const error::Error& error) {
  return fmt::format(R"({{"file":{},"refused":{}}})", json_quoted(file), error.json());
}

std::string facts_json(const loader::Facts& facts) {
  return fmt::format(R"({{"file":{},"sha256":{},"manifest":{}}})", json_quoted(facts.path.string()),
                     json_quoted(facts.sha256), facts.manifest);
}

void print_service(const loader::Description& description, const loader::ServiceProvided& service) {
  fmt::print("  provides   {}/{} (version {}.{})\n", service.name, service.version.major,
             service.version.major, service.version.minor);
  const auto bytes = description.schemas.find(service.contract);
  if (bytes == description.schemas.end()) {
    return;
  }
  const auto schema = schema::Schema::parse(bytes->second);
  if (!schema) {
    return;
  }
  for (const schema::Method& method : (*schema)->methods()) {
    fmt::print("               {} ({}){}\n", method.name,
               method.request != nullptr ? method.request->name : "bytes",
               method.runs_inline ? " inline" : "");
  }
}

void print_facts(const loader::Facts& facts) {
  const loader::Description& about = facts.description;
  fmt::print("{} {} - {}\n", about.id, about.version, about.summary);
  fmt::print("  file       {}\n  sha256     {}\n", facts.path.string(), facts.sha256);
  fmt::print("  abi        {}.{} (needs minor {})\n", facts.entry.abi_major,
             facts.entry.abi_minor_built, facts.entry.abi_minor_needed);
  fmt::print("  status     {}{}\n", loader::maturity_name(about.status),
             about.security_posture.empty() ? "" : ", " + about.security_posture);
  for (const loader::ChannelUse& channel : about.channels) {
    fmt::print("  channel    {} {} {} ({})\n", loader::direction_name(channel.direction),
               channel.name, loader::channel_kind_name(channel.kind), channel.type);
  }
  for (const loader::ServiceProvided& service : about.provided) {
    print_service(about, service);
  }
  for (const loader::ServiceRequired& service : about.required) {
    fmt::print("  requires   {}/{}{}\n", service.name, service.version.major,
               service.optional ? " (optional)" : "");
  }
  for (const std::string& capability : about.capabilities) {
    fmt::print("  asks for   {}\n", capability);
  }
  fmt::print("  config     {}\n", about.config_schema);
  for (const loader::Finding& warning : facts.warnings) {
    fmt::print("  warning    {}\n", loader::finding_text(warning));
  }
}

std::vector<std::filesystem::path> libraries_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".so" || entry.path().extension() == ".dll") {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

// Where the host of this manifest looks; without a manifest, where a host without one would.
std::filesystem::path plugin_path_of(const Place& place) {
  const std::filesystem::path otherwise = default_plugin_path();
  const manifest::Reading reading =
      manifest::read_file(place.manifest, manifest::process_environment(otherwise));
  const auto& known = reading.manifest ? reading.manifest : reading.draft;
  return known ? known->host.plugin_path : otherwise;
}

error::Result<std::filesystem::path> file_of(const Place& place, const std::string& file) {
  std::error_code ignored;
  if (file.find('/') == std::string::npos && std::filesystem::is_regular_file(file, ignored)) {
    return file;  // of this folder
  }
  const std::vector<std::filesystem::path> folders{plugin_path_of(place)};
  return loader::find_library(file, folders);
}

}  // namespace

int plugin_info(const Place& place, const std::string& file, bool json) {
  const auto path = file_of(place, file);
  const auto facts = path ? loader::inspect(*path) : std::unexpected(path.error());
  if (!facts) {
    if (json) {
      fmt::print("{}\n", refused_json(file, facts.error()));
    }
    return complain(facts.error());
  }
  if (json) {
    fmt::print("{}\n", facts_json(*facts));
  } else {
    print_facts(*facts);
  }
  return 0;
}

int plugin_list(const Place& place, bool json) {
  const std::filesystem::path folder = plugin_path_of(place);
  const std::vector<std::filesystem::path> files = libraries_in(folder);
  std::string list;
  bool refused = false;
  for (const std::filesystem::path& file : files) {
    const auto facts = loader::inspect(file);
    refused = refused || !facts;
    if (json) {
      list += (list.empty() ? "" : ",") +
              (facts ? facts_json(*facts) : refused_json(file.string(), facts.error()));
    } else if (facts) {
      fmt::print("{:<24} {:<10} {:<13} {}\n", file.stem().string(), facts->description.version,
                 loader::maturity_name(facts->description.status), facts->description.summary);
    } else {
      fmt::print("{:<24} refused: {}\n", file.stem().string(), facts.error().text());
    }
  }
  if (json) {
    fmt::print("[{}]\n", list);
  } else if (files.empty()) {
    fmt::print(stderr, "no plugin files in {}\n", folder.string());
  }
  return refused ? 2 : 0;
}

}  // namespace host::cli
