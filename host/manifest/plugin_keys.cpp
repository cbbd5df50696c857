// host/manifest/plugin_keys.cpp - the keys of plugins.<id>.
#include <algorithm>

#include "host/manifest/key_tables.hpp"

namespace host::manifest {

namespace {

constexpr std::size_t library_bytes_max = 4'096;
constexpr std::size_t sha256_digits = 64;

TextRule version_rule() {
  return {R"(a version to accept: "any", "1", "1.4" or "1.4.2")",
          "^(any|[0-9]{1,9}(\\.[0-9]{1,9}){0,2})$", [](std::string_view text) {
            if (text == "any") {
              return true;
            }
            std::size_t run = 0;
            std::size_t dots = 0;
            for (const char c : text) {
              const bool digit = c >= '0' && c <= '9';
              if ((digit && ++run > 9) || (!digit && (c != '.' || run == 0 || ++dots > 2))) {
                return false;
              }
              run = digit ? run : 0;
            }
            return run > 0;
          }};
}

TextRule sha256_rule() {
  return {"a SHA-256: 64 hex digits in lower case", "^[0-9a-f]{64}$", [](std::string_view text) {
            return text.size() == sha256_digits && std::ranges::all_of(text, [](char c) {
                     return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                   });
          }};
}

// A bare name is searched in host.plugin_path, never by the system loader; with a / it is a path.
Codec<std::string> library() {
  return {
      .read = [](Binder& binder, const Node& node) -> std::optional<std::string> {
        if (!binder.expect(node, Kind::String)) {
          return std::nullopt;
        }
        if (node.text.empty() || node.text.size() > library_bytes_max || node.text.ends_with('/') ||
            node.text == "." || node.text == "..") {
          binder.problem(node, "not a library; give its name or the path of its file");
          return std::nullopt;
        }
        return node.text.contains('/') ? binder.resolve(node.text).string() : node.text;
      },
      .print = [](const std::string& value) { return json_string(value); },
      .schema = json_literal(R"({"type":"string","minLength":1})"),
  };
}

Keys<Permissions> permission_keys() {
  const auto globs = [] { return list(text(glob_rule())); };
  return {
      key("publish", &Permissions::publish, globs(), "channels it may send to"),
      key("subscribe", &Permissions::subscribe, globs(), "channels it may receive from"),
      key("provide", &Permissions::provide, globs(), "services it may provide"),
      key("use", &Permissions::use, globs(), "services it may call"),
      key("watch", &Permissions::watch, globs(),
          "names of channels and services it may see beyond those it may use"),
      absent_key<Permissions>("read", "worker isolation (readable paths)"),
      absent_key<Permissions>("write", "worker isolation (writable paths)"),
      absent_key<Permissions>("net", "worker isolation (network)"),
      absent_key<Permissions>("env", "worker isolation (environment variables)"),
      absent_key<Permissions>("exec", "worker isolation (programs)"),
  };
}

Keys<Restart> restart_keys() {
  const auto wait = [] { return duration(Duration(0), timeout_max); };
  return {
      key("policy", &Restart::policy,
          word<RestartPolicy>({{"never", RestartPolicy::Never},
                               {"on-failure", RestartPolicy::OnFailure},
                               {"always", RestartPolicy::OnFailure,
                                "restarting what ended without a failure (no plugin can end so; "
                                "'on-failure' covers every end)"}}),
          "when a stopped plugin is started again"),
      key("initial", &Restart::initial, wait(), "wait before the second restart"),
      key("max", &Restart::max, wait(), "longest wait"),
      key("factor", &Restart::factor, number(1, 100), "growth of the wait"),
      key("jitter", &Restart::jitter,
          word<Jitter>({{"none", Jitter::None}, {"full", Jitter::Full}}),
          "full: a random part of the wait"),
      key("max_restarts", &Restart::max_restarts, integer(0, restarts_max),
          "restarts within `window`"),
      key("window", &Restart::window, duration(timeout_min, timeout_max),
          "span in which restarts are counted"),
      key("then", &Restart::then, word<RestartThen>({{"quarantine", RestartThen::Quarantine}}),
          "what follows too many restarts"),
  };
}

Keys<Timeouts> timeout_keys() {
  const auto limit = [] { return duration(timeout_min, timeout_max); };
  return {
      key("start", &Timeouts::start, limit(), "from START to its completion"),
      key("call", &Timeouts::call, limit(), "deadline of a call that names none"),
      key("drain", &Timeouts::drain, limit(), "to finish what was taken"),
      key("stop", &Timeouts::stop, limit(), "from STOP to its completion"),
  };
}

Key<Plugin> row_without_value(std::string name, Node schema,
                              std::function<void(Binder&, const Node&, Plugin&)> read) {
  Key<Plugin> row;
  row.name = std::move(name);
  row.schema = std::move(schema);
  row.read = std::move(read);
  row.print = [](const Plugin&) { return std::nullopt; };
  return row;
}

Key<Plugin> config_key() {
  Key<Plugin> row = row_without_value(
      "config",
      json_literal(R"({"type":"object","description":"checked against the plugin's own schema"})"),
      [](Binder& binder, const Node& node, Plugin& plugin) {
        if (binder.expect(node, Kind::Object)) {
          plugin.config_source = node;
          plugin.config_source.key.clear();
        }
      });
  row.print = [](const Plugin& plugin) { return std::optional(plugin.config_source); };
  return row;
}

// The file's content already stands under "config" when the binder comes here.
Key<Plugin> config_file_key() {
  return row_without_value(
      "config_file",
      json_literal(R"({"type":"string","description":"file used in place of `config`"})"),
      [](Binder& binder, const Node& node, Plugin&) { binder.expect(node, Kind::String); });
}

Key<Plugin> isolation_key() {
  Node schema = json_literal(R"({"enum":["in-process",{"mode":"in-process"}],)"
                             R"("description":"where the plugin runs"})");
  return row_without_value(
      "isolation", std::move(schema), [](Binder& binder, const Node& node, Plugin&) {
        const auto modes = word<int>({{"in-process", 0}, {"worker", 1, "worker isolation"}});
        if (!node.is(Kind::Object)) {
          static_cast<void>(modes.read(binder, node));
          return;
        }
        for (const Node& member : node.children) {
          const std::vector<std::string> names{"mode", "group", "user", "sandbox"};
          if (member.key == "mode") {
            static_cast<void>(modes.read(binder, member));
          } else if (std::ranges::find(names, member.key) != names.end()) {
            binder.absent(member, "worker isolation", "remove it");
          } else {
            binder.problem_at_key(
                member, "unknown key \"" + member.key + '"' + did_you_mean(member.key, names));
          }
        }
      });
}

}  // namespace

Keys<Plugin> plugin_keys() {
  return {
      required(key("library", &Plugin::library, library(),
                   "name in host.plugin_path, or a path with a /")),
      key("version", &Plugin::version, text(version_rule()), "versions to accept"),
      key("sha256", &Plugin::sha256, text(sha256_rule()), "of the library's file"),
      key("enabled", &Plugin::enabled, flag(), "false: as if it were not here"),
      key("required", &Plugin::required, flag(), "false: the host is ready without it"),
      key("on_start_error", &Plugin::on_start_error,
          word<OnStartError>({{"fail", OnStartError::Fail},
                              {"retry", OnStartError::Retry},
                              {"disable", OnStartError::Disable}}),
          "what follows a failed start"),
      key("after", &Plugin::after, list(text(plugin_id_rule())),
          "plugins that start before this one and stop after it"),
      config_key(),
      config_file_key(),
      isolation_key(),
      key("permissions", &Plugin::permissions, object(permission_keys()),
          "default: what the plugin's description asks for"),
      key("restart", &Plugin::restart, object(restart_keys()), "how it is started again"),
      key("timeouts", &Plugin::timeouts, object(timeout_keys()), "deadlines"),
      absent_key<Plugin>("limits", "worker isolation (limits on resources)"),
      key("log_level", &Plugin::log_level, level(), "default: log.level"),
  };
}

}  // namespace host::manifest
