// host/manifest/manifest.hpp - plugins.json as checked values.
//
// Owns: values only. Thread: values. Errors: every problem of a reading at once, with its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/log/level.hpp"
#include "host/manifest/json_tree.hpp"
#include "host/manifest/problem.hpp"
#include "host/manifest/units.hpp"

namespace host::manifest {

inline constexpr std::uint32_t schema_version = 1;

// What the system takes as the path of a unix socket (sockaddr_un::sun_path without its NUL).
inline constexpr std::size_t socket_path_bytes_max = 107;

// Every path below is absolute.
struct Host {
  std::string name;
  std::filesystem::path data_dir;
  std::filesystem::path runtime_dir;
  std::filesystem::path plugin_path;
  std::uint32_t workers = 0;  // never 0 after reading
  std::uint32_t blocking_threads = 16;
  Duration startup_timeout = std::chrono::seconds(30);
  Duration shutdown_grace = std::chrono::seconds(20);

  friend bool operator==(const Host&, const Host&) = default;
};

struct AdminUnix {
  std::filesystem::path path;  // never empty after reading
  std::string mode = "0660";   // four octal digits

  friend bool operator==(const AdminUnix&, const AdminUnix&) = default;
};

struct Admin {
  AdminUnix socket;

  friend bool operator==(const Admin&, const Admin&) = default;
};

struct Log {
  log::Level level = log::Level::Info;
  std::string format = "auto";  // "auto" is text on a terminal, otherwise json
  std::string sink = "stderr";  // "stderr", "stdout" or an absolute path
  Duration rate_limit = std::chrono::seconds(10);

  friend bool operator==(const Log&, const Log&) = default;
};

// What the host keeps of plugins' metrics.
struct Metrics {
  std::uint32_t series_per_family = 2'000;
  std::uint32_t series_total = 131'072;
  Duration expire_after = Duration(0);  // 0: never

  friend bool operator==(const Metrics&, const Metrics&) = default;
};

// Where the text of a secret comes from. The text itself is never part of a manifest's values,
// except inside Plugin::config, which is never printed.
struct Secret {
  std::string name;
  std::optional<std::filesystem::path> file;
  std::optional<std::string> credential;  // a file in $CREDENTIALS_DIRECTORY (systemd)

  friend bool operator==(const Secret&, const Secret&) = default;
};

enum class OnStartError : std::uint8_t { Fail, Retry, Disable };
enum class RestartPolicy : std::uint8_t { Never, OnFailure };
enum class RestartThen : std::uint8_t { Quarantine };
enum class Jitter : std::uint8_t { None, Full };

// The first restart comes at once, the second after `initial`, each further one after `factor`
// times as long, at most `max`. More than `max_restarts` within `window`: `then`.
struct Restart {
  RestartPolicy policy = RestartPolicy::OnFailure;
  Duration initial = std::chrono::milliseconds(100);
  Duration max = std::chrono::seconds(30);
  double factor = 2;
  Jitter jitter = Jitter::Full;
  std::uint32_t max_restarts = 5;
  Duration window = std::chrono::seconds(30);
  RestartThen then = RestartThen::Quarantine;

  friend bool operator==(const Restart&, const Restart&) = default;
};

struct Timeouts {
  Duration start = std::chrono::seconds(10);
  Duration call = std::chrono::seconds(5);
  Duration drain = std::chrono::seconds(5);
  Duration stop = std::chrono::seconds(5);

  friend bool operator==(const Timeouts&, const Timeouts&) = default;
};

using Globs = std::vector<std::string>;  // for name::matches()

// A list that is absent leaves what the plugin's own description asks for.
struct Permissions {
  std::optional<Globs> publish;
  std::optional<Globs> subscribe;
  std::optional<Globs> provide;
  std::optional<Globs> use;
  std::optional<Globs> watch;

  friend bool operator==(const Permissions&, const Permissions&) = default;
};

struct Plugin {
  std::string id;
  std::string library;                // a bare name for host.plugin_path, or an absolute path
  std::string version = "any";        // for version_accepts()
  std::optional<std::string> sha256;  // 64 lower-case hex digits
  bool enabled = true;
  bool required = true;
  OnStartError on_start_error = OnStartError::Fail;
  std::vector<std::string> after;
  std::optional<log::Level> log_level;
  Permissions permissions;
  Restart restart;
  Timeouts timeouts;
  std::string config = "{}";           // compact JSON with the secrets filled in: never print it
  Node config_source = json_object();  // as written: with places, with {"$secret":...}

  friend bool operator==(const Plugin&, const Plugin&) = default;
};

enum class OnFull : std::uint8_t { Block, Reject, DropNewest, DropOldest };
enum class Delivery : std::uint8_t { Queued };

// What the manifest overrides; the rest is as the plugins declare the channel.
struct Channel {
  std::string name;
  std::optional<std::uint32_t> capacity;  // messages
  std::optional<OnFull> on_full;
  std::optional<Duration> block_timeout;
  std::optional<Delivery> delivery;
  std::optional<std::uint64_t> max_bytes;
  std::optional<std::string> dead_letter;  // a channel
  std::optional<std::uint32_t> retry;      // deliveries of one message before dead_letter
  std::vector<std::string> groups;         // of consumers; one may be empty: the default group

  friend bool operator==(const Channel&, const Channel&) = default;
};

enum class SourceKind : std::uint8_t { Message, Step, Literal };

// Where a field of a request comes from.
struct Source {
  SourceKind kind = SourceKind::Message;
  std::string step;     // Step: the `out` name of an earlier step
  std::string pointer;  // Message, Step: RFC 6901; empty for the whole
  Node literal;         // Literal: any JSON

  friend bool operator==(const Source&, const Source&) = default;
};

struct Mapping {
  std::string field;  // of the request
  Source source;

  friend bool operator==(const Mapping&, const Mapping&) = default;
};

struct Step {
  std::string service;  // "bp.crypto.aead"
  std::uint32_t major = 0;
  std::string method;  // "Encrypt"
  std::vector<Mapping> map;
  std::string out;  // empty: the reply is not used

  friend bool operator==(const Step&, const Step&) = default;
};

struct Wire {
  std::string from;  // a channel
  std::vector<Step> steps;

  friend bool operator==(const Wire&, const Wire&) = default;
};

struct Manifest {
  std::uint32_t schema = schema_version;
  Host host;
  Admin admin;
  Log log;
  Metrics metrics;
  std::vector<Secret> secrets;
  std::vector<Plugin> plugins;  // in file order
  std::vector<Channel> channels;
  std::vector<Wire> wires;

  [[nodiscard]] const Plugin* plugin(std::string_view id) const noexcept;

  // Where a value of a plugin's configuration stands, or the nearest value around it that was
  // written; nothing when there is no such plugin. `pointer` counts from the configuration's root.
  [[nodiscard]] std::optional<Position> locate(std::string_view plugin_id,
                                               std::string_view pointer) const;

  // A finding of the plugin's config schema, as a problem of the manifest.
  [[nodiscard]] Problem config_problem(std::string_view plugin_id, std::string_view pointer,
                                       std::string message) const;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// What a manifest may ask of the outside.
struct Environment {
  std::function<std::optional<std::string>(const std::string&)> variable;
  std::string host_name = "localhost";
  std::filesystem::path plugin_path;  // default of host.plugin_path
  std::uint32_t cores = 1;
};

// This process: its environment variables, the machine's name and cores.
[[nodiscard]] Environment process_environment(std::filesystem::path plugin_path);

struct Reading {
  std::optional<Manifest> manifest;  // absent as soon as there is one problem
  std::optional<Manifest> draft;     // then: as far as it could be read, to look for more problems
  std::vector<Problem> problems;     // in reading order
  std::optional<Node> root;          // what stands where; absent after a syntax error
  std::vector<std::string> files;    // in reading order
  bool missing = false;              // the file itself could not be read (exit 66, not 78)
};

[[nodiscard]] Reading read_file(const std::filesystem::path& path, const Environment& environment);

// `path_for_messages` also gives the folder that relative paths resolve from.
[[nodiscard]] Reading read_text(std::string_view text,
                                const std::filesystem::path& path_for_messages,
                                const Environment& environment);

// Does a plugin of version `have` ("1.4.2") satisfy `wanted`: "any", "1", "1.4" or "1.4.2"?
[[nodiscard]] bool version_accepts(std::string_view wanted, std::string_view have) noexcept;

}  // namespace host::manifest
