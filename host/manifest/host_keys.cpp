// host/manifest/host_keys.cpp - the keys of host, admin, log and secrets.
#include <algorithm>

#include "host/manifest/key_tables.hpp"

namespace host::manifest {

namespace {

constexpr std::size_t host_name_bytes_max = 253;  // RFC 1035

TextRule host_name_rule() {
  return {"a host name: 1 to 253 printable characters without blanks", "^[!-~]{1,253}$",
          [](std::string_view text) {
            return !text.empty() && text.size() <= host_name_bytes_max &&
                   std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
          }};
}

TextRule mode_rule() {
  return {"a file mode in octal, as text: \"0660\"", "^0[0-7]{3}$", [](std::string_view text) {
            return text.size() == 4 && text.front() == '0' &&
                   std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '7'; });
          }};
}

TextRule credential_rule() {
  return {"the name of a systemd credential: a file name without /", "^[^/]{1,255}$",
          [](std::string_view text) {
            return !text.empty() && text.size() <= name_bytes_max && !text.contains('/') &&
                   text != "." && text != "..";
          }};
}

// A bare word is a stream, so that a mistyped "sdterr" does not become a file.
Codec<std::string> log_sink() {
  const std::vector<std::string> streams{"stderr", "stdout"};
  return {
      .read = [streams](Binder& binder, const Node& node) -> std::optional<std::string> {
        if (!binder.expect(node, Kind::String)) {
          return std::nullopt;
        }
        if (std::ranges::find(streams, node.text) != streams.end()) {
          return node.text;
        }
        if (node.text.contains('/')) {
          return binder.resolve(node.text).string();
        }
        binder.problem(node, "\"" + node.text + "\" is neither a stream nor a path with a /" +
                                 did_you_mean(node.text, streams));
        return std::nullopt;
      },
      .print = [](const std::string& value) { return json_string(value); },
      .schema = json_literal(R"({"type":"string","pattern":"^(stderr|stdout|.*/.*)$"})"),
  };
}

Keys<AdminUnix> admin_unix_keys() {
  return {
      key("path", &AdminUnix::path, path(), "socket; default <runtime_dir>/admin.sock"),
      key("mode", &AdminUnix::mode, text(mode_rule()), "file mode of the socket"),
  };
}

struct AdminTcp {
  friend bool operator==(const AdminTcp&, const AdminTcp&) = default;
};

Key<Admin> admin_tcp_key() {
  const std::string feature = "the admin server on TCP";
  const Keys<AdminTcp> keys{
      absent_key<AdminTcp>("enabled", feature, json_flag(false)),
      absent_key<AdminTcp>("listen", feature),
      absent_key<AdminTcp>("token_file", feature),
      absent_key<AdminTcp>("read_only", feature),
  };
  Codec<AdminTcp> codec = object(keys);
  Key<Admin> row;
  row.name = "tcp";
  row.schema = codec.schema;
  row.read = [read = codec.read](Binder& binder, const Node& node, Admin&) { read(binder, node); };
  row.print = [](const Admin&) { return std::nullopt; };
  return row;
}

}  // namespace

Codec<log::Level> level() {
  using log::Level;
  std::vector<Word<Level>> words;
  for (const Level each :
       {Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Off}) {
    words.push_back({std::string(log::level_name(each)), each});
  }
  return word(std::move(words));
}

Keys<Host> host_keys() {
  return {
      key("name", &Host::name, text(host_name_rule()), "identity; default the machine's name"),
      key("data_dir", &Host::data_dir, path(), "durable data; default ./var"),
      key("runtime_dir", &Host::runtime_dir, path(), "sockets; default ./run"),
      key("plugin_path", &Host::plugin_path, path(),
          "folder where `library` is searched; default the installed plugins"),
      key("workers", &Host::workers, integer(1, workers_max), "async threads; default the cores"),
      key("blocking_threads", &Host::blocking_threads, integer(1, blocking_threads_max),
          "threads of the blocking pool"),
      key("startup_timeout", &Host::startup_timeout, duration(timeout_min, timeout_max),
          "not ready by then: exit 69"),
      key("shutdown_grace", &Host::shutdown_grace, duration(timeout_min, timeout_max),
          "drain on SIGTERM"),
      absent_key<Host>("reload", "reloading the manifest while running"),
  };
}

Keys<Admin> admin_keys() {
  return {
      key("unix", &Admin::socket, object(admin_unix_keys()), "the admin server's unix socket"),
      admin_tcp_key(),
      absent_key<Admin>("ui", "the admin page", json_flag(false)),
  };
}

Keys<Log> log_keys() {
  return {
      key("level", &Log::level, level(), "lowest level that is written"),
      key("format", &Log::format,
          word<std::string>({{"auto", "auto"}, {"json", "json"}, {"text", "text"}}),
          "auto: text on a terminal, otherwise json"),
      key("sink", &Log::sink, log_sink(), "stderr, stdout or a path with a /"),
      key("rate_limit", &Log::rate_limit, duration(Duration(0), timeout_max),
          "repeated lines are counted, not written, for this long; 0s: write all"),
  };
}

Keys<Metrics> metrics_keys() {
  return {
      key("series_per_family", &Metrics::series_per_family, integer(1, series_per_family_max),
          "series of one metric; further label sets share one, 'overflow'"),
      key("series_total", &Metrics::series_total, integer(1, series_total_max),
          "series of all plugins"),
      key("expire_after", &Metrics::expire_after, duration(Duration(0), timeout_max),
          "series with labels that nobody wrote for so long are not shown; 0s: all are"),
  };
}

Keys<Secret> secret_keys() {
  return {
      key("file", &Secret::file, path(), "file that holds the secret"),
      key("credential", &Secret::credential, text(credential_rule()),
          "systemd credential, read from $CREDENTIALS_DIRECTORY"),
      absent_key<Secret>("command", "secrets by command"),
  };
}

}  // namespace host::manifest
