// host/manifest/manifest.cpp - from text to a manifest: gather, bind, complete, cross-check, fill
// in.
#include "host/manifest/manifest.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "host/manifest/cross_check.hpp"
#include "host/manifest/key_tables.hpp"
#include "host/manifest/secret.hpp"
#include "host/manifest/source_file.hpp"

namespace host::manifest {

namespace {

void complete(Manifest& manifest, const std::filesystem::path& folder,
              const Environment& environment) {
  Host& host = manifest.host;
  const auto otherwise = [&](std::filesystem::path& path, const std::filesystem::path& value) {
    if (path.empty() && !value.empty()) {
      path = (folder / value).lexically_normal();
    }
  };
  if (host.name.empty()) {
    host.name = environment.host_name;
  }
  if (host.workers == 0) {
    host.workers = std::clamp(environment.cores, 1U, workers_max);
  }
  otherwise(host.data_dir, "var");
  otherwise(host.runtime_dir, "run");
  otherwise(host.plugin_path, environment.plugin_path);
  otherwise(manifest.admin.socket.path, host.runtime_dir / "admin.sock");
}

void fill_configs(Manifest& manifest, const Node& root, const Environment& environment,
                  std::vector<Problem>& problems) {
  SecretReader secrets(manifest.secrets, environment);
  for (Plugin& plugin : manifest.plugins) {
    const std::string entry = "/plugins/" + pointer_token(plugin.id);
    if (plugin.config_source.at.line == 0) {
      // No configuration is written: what it lacks is shown at the plugin's own entry.
      plugin.config_source.at = root.nearest(entry).at;
    }
    // What is not enabled needs no secrets: it is as if it were not there.
    plugin.config =
        compact(plugin.enabled ? secrets.filled(plugin.config_source, entry + "/config", problems)
                               : plugin.config_source);
  }
}

}  // namespace

const Plugin* Manifest::plugin(std::string_view id) const noexcept {
  const auto found = std::ranges::find(plugins, id, &Plugin::id);
  return found == plugins.end() ? nullptr : &*found;
}

std::optional<Position> Manifest::locate(std::string_view plugin_id,
                                         std::string_view pointer) const {
  const Plugin* found = plugin(plugin_id);
  return found == nullptr ? std::nullopt : std::optional(found->config_source.nearest(pointer).at);
}

Problem Manifest::config_problem(std::string_view plugin_id, std::string_view pointer,
                                 std::string message) const {
  return problem_at(locate(plugin_id, pointer).value_or(Position{}),
                    fmt::format("/plugins/{}/config{}", pointer_token(plugin_id), pointer),
                    std::move(message));
}

Reading read_text(std::string_view text, const std::filesystem::path& path_for_messages,
                  const Environment& environment) {
  Reading reading;
  SourceTree tree = gather(text, path_for_messages, environment, reading.problems);
  if (tree.root) {
    const std::filesystem::path folder = std::filesystem::absolute(path_for_messages).parent_path();
    Binder binder(*tree.root, folder, reading.problems);
    Manifest manifest;
    bind_object(binder, *tree.root, manifest_keys(), manifest);
    complete(manifest, folder, environment);
    cross_check(binder, *tree.root, manifest);
    fill_configs(manifest, *tree.root, environment, reading.problems);
    reading.manifest = std::move(manifest);
    reading.root = std::move(tree.root);
  }
  reading.files = std::move(tree.files);
  sort_problems(reading.problems, reading.files);
  if (!reading.problems.empty()) {
    reading.draft = std::exchange(reading.manifest, std::nullopt);
  }
  return reading;
}

Reading read_file(const std::filesystem::path& path, const Environment& environment) {
  const error::Result<std::string> text = read_whole_file(path, json_bytes_max);
  if (!text) {
    Reading reading;
    reading.problems.push_back({path.string(), 0, 0, "", text.error().text(), text.error().code()});
    reading.missing = text.error().code() != BP_E_TOO_LARGE;
    return reading;
  }
  return read_text(*text, path, environment);
}

bool version_accepts(std::string_view wanted, std::string_view have) noexcept {
  return wanted == "any" || wanted == have ||
         (have.starts_with(wanted) && have.substr(wanted.size()).starts_with('.'));
}

}  // namespace host::manifest
