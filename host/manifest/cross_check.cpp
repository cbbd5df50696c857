// host/manifest/cross_check.cpp - one function per group of keys.
#include "host/manifest/cross_check.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace host::manifest {

namespace {

// The node that a checked value came from: there unless it had a problem of its own.
const Node* node_of(const Node& root, std::string_view group, std::string_view name,
                    std::string_view rest) {
  return root.resolve(fmt::format("/{}/{}{}", group, pointer_token(name), rest));
}

void check_after(Binder& binder, const Node& after, const Manifest& manifest,
                 const Plugin& plugin) {
  std::vector<std::string> others;
  for (const Plugin& each : manifest.plugins) {
    if (each.id != plugin.id && each.enabled) {
      others.push_back(each.id);
    }
  }
  std::vector<std::string> seen;
  for (const Node& item : after.children) {
    if (!item.is(Kind::String)) {
      continue;
    }
    const Plugin* named = manifest.plugin(item.text);
    if (item.text == plugin.id) {
      binder.problem(item, "a plugin cannot start after itself");
    } else if (named == nullptr) {
      binder.problem(item, fmt::format("there is no plugin \"{}\"{}", item.text,
                                       did_you_mean(item.text, others)));
    } else if (!named->enabled) {
      binder.problem(item, fmt::format("the plugin \"{}\" is not enabled; enable it or remove it "
                                       "here",
                                       item.text));
    } else if (std::ranges::find(seen, item.text) != seen.end()) {
      binder.problem(item, fmt::format("\"{}\" is listed twice", item.text));
    }
    seen.push_back(item.text);
  }
}

void check_plugins(Binder& binder, const Node& root, const Manifest& manifest) {
  for (const Plugin& plugin : manifest.plugins) {
    const Node* after = node_of(root, "plugins", plugin.id, "/after");
    if (after != nullptr && plugin.enabled && after->is(Kind::Array)) {
      check_after(binder, *after, manifest, plugin);
    }
    const Node* initial = node_of(root, "plugins", plugin.id, "/restart/initial");
    if (plugin.restart.initial > plugin.restart.max && initial != nullptr) {
      binder.problem(
          *initial, fmt::format("longer than restart.max ({})", duration_text(plugin.restart.max)));
    }
  }
}

void check_secrets(Binder& binder, const Node& root, const Manifest& manifest) {
  for (const Secret& secret : manifest.secrets) {
    const Node* node = node_of(root, "secrets", secret.name, "");
    const bool other = node == nullptr || node->find("command") != nullptr;
    if (!other && node->find("file") == nullptr && node->find("credential") == nullptr) {
      binder.problem(*node, R"(a secret needs a source: "file" or "credential")");
    } else if (secret.file && secret.credential) {
      binder.problem(*node, R"(both "file" and "credential" are given; keep one of the two)");
    }
  }
}

void check_channels(Binder& binder, const Node& root, const Manifest& manifest) {
  for (const Channel& channel : manifest.channels) {
    const Node* dead_letter = node_of(root, "channels", channel.name, "/dead_letter");
    if (dead_letter != nullptr && channel.dead_letter == channel.name) {
      binder.problem(*dead_letter, "a channel cannot be its own dead_letter");
    }
  }
}

void check_socket(Binder& binder, const Node& root, const Manifest& manifest) {
  const std::string path = manifest.admin.socket.path.string();
  if (path.size() <= socket_path_bytes_max) {
    return;
  }
  const bool own = root.resolve("/admin/unix/path") != nullptr;
  binder.problem_near(
      own ? "/admin/unix/path" : "/host/runtime_dir",
      fmt::format("the control socket would be {}, {} bytes, where the system takes "
                  "at most {}; fix: a shorter {}",
                  path, path.size(), socket_path_bytes_max,
                  own ? "path" : "host.runtime_dir, or admin.unix.path"));
}

}  // namespace

void cross_check(Binder& binder, const Node& root, const Manifest& manifest) {
  check_plugins(binder, root, manifest);
  check_secrets(binder, root, manifest);
  check_channels(binder, root, manifest);
  check_socket(binder, root, manifest);
}

}  // namespace host::manifest
