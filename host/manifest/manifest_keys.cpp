// host/manifest/manifest_keys.cpp - the top-level keys of plugins.json.
#include <charconv>

#include <fmt/format.h>

#include "host/manifest/key_tables.hpp"
#include "host/manifest/substitution.hpp"

namespace host::manifest {

namespace {

// Rows without a value of their own: the sources have used them before the binder comes here.
template <typename Value>
Key<Manifest> used_before(std::string name, Codec<Value> codec, std::string_view meaning) {
  Key<Manifest> row;
  row.name = std::move(name);
  row.schema = std::move(codec.schema);
  row.schema.set("description", json_string(std::string(meaning)));
  row.read = [read = std::move(codec.read)](Binder& binder, const Node& node, Manifest&) {
    static_cast<void>(read(binder, node));
  };
  row.print = [](const Manifest&) { return std::nullopt; };
  return row;
}

struct Env {
  std::vector<std::string> allow;

  friend bool operator==(const Env&, const Env&) = default;
};

struct Trust {
  friend bool operator==(const Trust&, const Trust&) = default;
};

TextRule variable_rule() {
  return {"the name of an environment variable", "^[A-Za-z_][A-Za-z0-9_]*$",
          [](std::string_view text) { return is_variable_name(text); }};
}

TextRule pattern_rule() {
  return {"a path", "^.+$", [](std::string_view text) { return !text.empty(); }};
}

Keys<Env> env_keys() {
  return {key("allow", &Env::allow, list(text(variable_rule())), "names that ${NAME} may read")};
}

Keys<Trust> trust_keys() {
  const std::string feature = "signatures";
  return {
      absent_key<Trust>("require_signature", feature, json_flag(false)),
      absent_key<Trust>("keys", feature),
      absent_key<Trust>("lockfile", feature),
      absent_key<Trust>("unsigned_ok", feature, json_flag(true)),
  };
}

TextRule secret_name_rule() {
  TextRule rule = plugin_id_rule();
  rule.what = "a secret's name: 1 to 64 of a-z 0-9 . _ -, the first a letter or digit";
  return rule;
}

Key<Manifest> schema_key() {
  Key<Manifest> row =
      required(key("schema", &Manifest::schema, integer(schema_version, schema_version),
                   "version of this file's form"));
  row.read = [](Binder& binder, const Node& node, Manifest& manifest) {
    if (std::string fault = schema_version_fault(node); !fault.empty()) {
      binder.problem(node, std::move(fault));
      return;
    }
    manifest.schema = schema_version;
  };
  return row;
}

}  // namespace

std::string schema_version_fault(const Node& value) {
  if (value.is(Kind::Number) && value.text == std::to_string(schema_version)) {
    return {};
  }
  std::uint64_t version = 0;
  const char* end = value.text.data() + value.text.size();
  const auto read = std::from_chars(value.text.data(), end, version);
  const bool newer = value.is(Kind::Number) && read.ec == std::errc() && read.ptr == end &&
                     version > schema_version;
  return newer ? fmt::format(
                     "this build reads manifests of schema {} only, and this one is of "
                     "schema {}; fix: install a backplane that reads it, or write the "
                     "manifest in the form that `backplane config schema` prints, with "
                     "\"schema\": {}",
                     schema_version, version, schema_version)
               : fmt::format("{} is expected here: the only manifest version that this build reads",
                             schema_version);
}

Keys<Manifest> manifest_keys() {
  return {
      schema_key(),
      key("host", &Manifest::host, object(host_keys()), "identity, folders, threads"),
      key("admin", &Manifest::admin, object(admin_keys()), "the admin server"),
      key("log", &Manifest::log, object(log_keys()), "the log"),
      key("metrics", &Manifest::metrics, object(metrics_keys()), "limits on plugins' metrics"),
      used_before("trust", object(trust_keys()), "signatures of plugins"),
      used_before("env", object(env_keys()), "environment variables"),
      used_before("include", list(text(pattern_rule())), "further files, merged by key"),
      key("secrets", &Manifest::secrets,
          entries(&Secret::name, secret_name_rule(), object(secret_keys())),
          "texts that are never printed; {\"$secret\":\"name\"} or \"name:key\" in a config"),
      required(key("plugins", &Manifest::plugins,
                   entries(&Plugin::id, plugin_id_rule(), object(plugin_keys())),
                   "what is started, by id")),
      key("channels", &Manifest::channels,
          entries(&Channel::name, channel_rule(), object(channel_keys())),
          "overrides of what plugins declare"),
      key("wires", &Manifest::wires, list(object(wire_keys())), "routes through services"),
  };
}

}  // namespace host::manifest
