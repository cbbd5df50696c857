// host/cli/cli.cpp - the words of every verb; the only unit that sees CLI11.
#include "host/cli/cli.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "backplane/abi/version.h"

#include "host/cli/verbs.hpp"
#include "host/daemon/daemon.hpp"
#include "host/log/level.hpp"
#include "host/name/nearest.hpp"

namespace host::cli {

namespace {

std::vector<const CLI::App*> verbs_of(const CLI::App& above) {
  return above.get_subcommands([](const CLI::App* /*any*/) { return true; });
}

const CLI::App* verb_named(const CLI::App& above, const std::string& name) {
  const std::vector<const CLI::App*> verbs = verbs_of(above);
  const auto found = std::ranges::find(verbs, name, &CLI::App::get_name);
  return found == verbs.end() ? nullptr : *found;
}

// "" for backplane itself, " ctl status" below it.
std::string path_of(const CLI::App& verb) {
  const CLI::App* above = verb.get_parent();
  return above == nullptr ? std::string() : path_of(*above) + " " + verb.get_name();
}

int no_verb(const CLI::App& above, const std::string& verb) {
  std::vector<std::string> names;
  for (const CLI::App* each : verbs_of(above)) {
    names.push_back(each->get_name());
  }
  complain({BP_E_INVALID, fmt::format("no verb '{}'{}; `backplane{} --help` lists them", verb,
                                      name::hint(verb, names), path_of(above))});
  return exit_usage;
}

// What the parser fills in; one for the whole command line.
struct Words {
  Place place;
  std::string text;
  std::string channel;
  std::string json;
  std::string name;
  Migration migration;
  std::int64_t to = 0;
  std::vector<std::string> verbs;
  std::uint64_t count = 0;
  std::uint64_t timeout_ms = 0;
  std::vector<std::string> arguments;
  bool as_json = false;
  bool existing = false;
  std::string match;
  bool quick = false;
  bool list = false;
  int verbosity = 0;
  int exit_code = 0;
};

void place_options(CLI::App* verb, Words& words, bool remote) {
  verb->add_option("-c,--config", words.place.manifest, "The manifest")->capture_default_str();
  if (remote) {
    verb->add_option("--socket", words.place.socket,
                     "The host's control socket, instead of the manifest's");
  }
}

// The manifest as the verb's own word, or by -c; not by both.
void manifest_options(CLI::App* verb, Words& words) {
  CLI::Option* word =
      verb->add_option("manifest", words.place.manifest, "The manifest")->capture_default_str();
  verb->add_option("-c,--config", words.place.manifest, "The same")->excludes(word);
}

CLI::App* add_verb(CLI::App& above, const std::string& name, const std::string& about,
                   const std::string& example) {
  CLI::App* verb = above.add_subcommand(name, about);
  verb->footer("Example:\n  " + example);
  return verb;
}

void add_serve(CLI::App& app, Words& words) {
  CLI::App* verb = add_verb(app, "serve", "Run the host in the foreground until SIGTERM or SIGINT",
                            "backplane serve -c plugins.json\n\nExit codes: 0 stopped, 66 no "
                            "manifest, 69 a required plugin "
                            "did not start, 73 data folder or\nsocket in use, 75 drain timeout, 76 "
                            "ABI, 77 permission, 78 manifest");
  manifest_options(verb, words);
  verb->add_flag("-v,--verbose", words.verbosity, "More log lines: -v debug, -vv trace");
  verb->callback([&words] {
    daemon::ServeOptions options;
    options.manifest = words.place.manifest;
    options.plugin_path = default_plugin_path();
    if (words.verbosity > 0) {
      options.level = words.verbosity == 1 ? log::Level::Debug : log::Level::Trace;
    }
    words.exit_code = daemon::serve(options);
  });
}

void add_check(CLI::App& app, Words& words) {
  CLI::App* verb = add_verb(
      app, "check",
      "Find what is wrong with a manifest and its plugin files, all at once; runs nothing",
      "backplane check plugins.json\n\nExit codes: 0 no problem, 2 a plugin cannot start, 66 "
      "no manifest or no such plugin file,\n76 ABI, 77 permission, 78 manifest");
  manifest_options(verb, words);
  verb->add_flag("--json", words.as_json, "Problems and warnings as JSON on standard output");
  verb->callback([&words] {
    words.exit_code = daemon::check(words.place.manifest, default_plugin_path(), words.as_json);
  });
}

void add_plugin(CLI::App& app, Words& words) {
  CLI::App* plugin = app.add_subcommand("plugin", "Look at plugin files; no code of theirs runs");
  plugin->require_subcommand(1);
  plugin->footer("Example:\n  backplane plugin info ./hello.so");
  CLI::App* list =
      add_verb(*plugin, "list", "The plugin files this host finds", "backplane plugin list");
  place_options(list, words, false);
  list->add_flag("--json", words.as_json, "As JSON");
  list->callback([&words] { words.exit_code = plugin_list(words.place, words.as_json); });
  CLI::App* info = add_verb(*plugin, "info", "What one plugin file says of itself",
                            "backplane plugin info ./hello.so");
  info->add_option("file", words.text, "The .so or .dll, or a name to look for as `library` does")
      ->required();
  place_options(info, words, false);
  info->add_flag("--json", words.as_json, "As JSON");
  info->callback(
      [&words] { words.exit_code = plugin_info(words.place, words.text, words.as_json); });
}

void add_messages(CLI::App& app, Words& words) {
  CLI::App* pub = add_verb(
      app, "pub", "Publish one JSON message; returns when it was acknowledged",
      R"(backplane pub events '{"id":"e1","name":"door","category":"open","data":{"room":4}}')");
  place_options(pub, words, true);
  pub->add_option("channel", words.channel, "The channel")->required();
  pub->add_option("message", words.json, "JSON; - or nothing reads standard input");
  pub->callback([&words] { words.exit_code = publish(words.place, words.channel, words.json); });

  CLI::App* sub =
      add_verb(app, "sub", "Print a channel's messages, one JSON line each; a queue's are consumed",
               "backplane sub events --count 10");
  place_options(sub, words, true);
  sub->add_option("channel", words.channel, "The channel")->required();
  sub->add_option("-n,--count", words.count, "Stop after so many messages (0: never)");
  sub->callback(
      [&words] { words.exit_code = subscribe(words.place, words.channel, words.count, true); });

  const auto add_tap = [&words](CLI::App& above, const std::string& example) {
    CLI::App* tap =
        add_verb(above, "tap", "Watch a broadcast channel without taking part", example);
    place_options(tap, words, true);
    tap->add_option("channel", words.channel, "The channel")->required();
    tap->add_option("-n,--count", words.count, "Stop after so many messages (0: never)");
    tap->callback(
        [&words] { words.exit_code = subscribe(words.place, words.channel, words.count, false); });
  };
  add_tap(app, "backplane tap events");

  CLI::App* call_verb = add_verb(app, "call", "Call a method of a service with JSON",
                                 R"(backplane call bp.storage.records/1.Page '{"limit":3}')");
  place_options(call_verb, words, true);
  call_verb->add_option("method", words.text, "service/major.Method")->required();
  call_verb->add_option("request", words.json, "JSON; - reads standard input; nothing: {}");
  call_verb
      ->add_option("--timeout-ms", words.timeout_ms,
                   "Give up after so many ms (0: the host's default)")
      ->check(CLI::NonNegativeNumber);
  call_verb->callback(
      [&words] { words.exit_code = call(words.place, words.text, words.json, words.timeout_ms); });
}

void add_control(CLI::App& app, Words& words) {
  CLI::App* ctl = app.add_subcommand("ctl", "Operate the running host");
  ctl->require_subcommand(1);
  ctl->footer("Example:\n  backplane ctl status");
  CLI::App* status =
      add_verb(*ctl, "status", "Every plugin's state; exit 2 when one is not running",
               "backplane ctl status");
  place_options(status, words, true);
  status->add_flag("--json", words.as_json, "As JSON");
  status->callback([&words] { words.exit_code = control_status(words.place, words.as_json); });

  CLI::App* events = add_verb(
      *ctl, "events", "Watch channels and services appear and go, and plugins change their state",
      "backplane ctl events --match 'bp.*'");
  place_options(events, words, true);
  words.match = "*";
  events->add_option("--match", words.match,
                     "Only names that match: * any run of characters, ? one; *");
  events->add_option("-n,--count", words.count, "Stop after so many events (0: never)");
  events->add_flag("--existing", words.existing, "Begin with what is there already");
  events->add_flag("--json", words.as_json, "One JSON object a line");
  events->callback([&words] {
    words.exit_code =
        control_events(words.place, words.match, words.count, words.existing, words.as_json);
  });

  const std::pair<const char*, const char*> plugin_verbs[] = {
      {"restart", "Stop a plugin and start it again; its saved state is kept"},
      {"start", "Start a stopped plugin"},
      {"stop", "Drain and stop a plugin"},
      {"quarantine-clear", "Start a quarantined plugin again"},
  };
  for (const auto& [name, about] : plugin_verbs) {
    CLI::App* verb = add_verb(*ctl, name, about, std::string("backplane ctl ") + name + " storage");
    place_options(verb, words, true);
    verb->add_option("plugin", words.name, "The plugin's id in the manifest")->required();
    const std::string route = std::string(name) == "quarantine-clear" ? "clear-quarantine" : name;
    verb->callback(
        [&words, route] { words.exit_code = control_plugin(words.place, route, words.name); });
  }

  CLI::App* level = add_verb(*ctl, "log-level", "Change the log level now",
                             "backplane ctl log-level debug storage");
  place_options(level, words, true);
  level->add_option("level", words.text, "trace, debug, info, warn, error or off")->required();
  level->add_option("name", words.name, "A plugin's id; nothing: all");
  level->callback(
      [&words] { words.exit_code = control_log_level(words.place, words.text, words.name); });

  CLI::App* shutdown =
      add_verb(*ctl, "shutdown", "Drain everything and end the host", "backplane ctl shutdown");
  place_options(shutdown, words, true);
  shutdown->callback([&words] { words.exit_code = control_shutdown(words.place); });
}

void add_migrate_way(CLI::App& migrate_verb, Words& words, bool up) {
  CLI::App* verb =
      up ? add_verb(
               migrate_verb, "up", "Apply what is pending",
               "backplane migrate up --dry-run\n\nExit codes: 0 done, 64 no such version, 66 no "
               "such component, 69 no host answers")
         : add_verb(
               migrate_verb, "down", "Undo versions of one component, with what they had added",
               "backplane migrate down records --to 2\n\nTakes back version 3 and leaves 1 and 2. "
               "Categories and indexes of records are put aside and come back with `up`; records 1 "
               "and the versions of kv go with all that is in them. Until `backplane migrate up` "
               "the store serves nothing else then. Exit codes as of `up`");
  place_options(verb, words, true);
  CLI::Option* component =
      verb->add_option("component", words.migration.component,
                       up ? "Only this one; nothing: all" : "records, kv, or app: your own files");
  component->required(!up);
  verb->add_option("--to", words.to,
                   up ? "Up to this version; without it the newest"
                      : "Undo all versions above this one; without it only the newest")
      ->check(CLI::NonNegativeNumber);
  verb->add_flag("--dry-run", words.migration.dry_run,
                 "Run every step and roll it back; tell what would be done");
  verb->add_flag("--json", words.as_json, "As JSON");
  verb->callback([verb, &words, up] {
    words.migration.up = up;
    if (verb->count("--to") > 0) {
      words.migration.to = words.to;
    }
    words.exit_code = migrate(words.place, words.migration, words.as_json);
  });
}

void add_migrate(CLI::App& app, Words& words) {
  CLI::App* verb = app.add_subcommand(
      "migrate", "Versions of the storage plugin's tables; asks the running host");
  verb->require_subcommand(1);
  verb->footer("Example:\n  backplane migrate status");
  CLI::App* status = add_verb(*verb, "status", "Every version; exit 2 when one is pending",
                              "backplane migrate status");
  place_options(status, words, true);
  status->add_flag("--json", words.as_json, "As JSON");
  status->callback([&words] { words.exit_code = migrate_status(words.place, words.as_json); });
  add_migrate_way(*verb, words, true);
  add_migrate_way(*verb, words, false);
}

void add_bench(CLI::App& app, Words& words) {
  CLI::App* verb = add_verb(
      app, "bench", "Measure what the bus promises, on this machine and beside its peers",
      "backplane bench one_thread broadcast --rounds 11 --json bench.json\n\nEach consumer is a "
      "plugin in a file of its own, reading every message. Times are medians; the ratios\nwithin "
      "one run are what counts. Exit code 0 when all rows ran, met or not.");
  verb->add_option("row", words.arguments, "Only these rows (--list names them); nothing: all");
  verb->add_option("--rounds", words.count, "Interleaved rounds, of which the median counts; 7");
  verb->add_option("--json", words.json, "Write the figures to this file, too; -: only them");
  verb->add_flag("--quick", words.quick, "One short round: shows that all works, measures nothing");
  verb->add_flag("--list", words.list, "The rows");
  verb->callback([verb, &words] {
    if (verb->count("--rounds") > 0) {
      words.arguments.insert(words.arguments.end(), {"--rounds", std::to_string(words.count)});
    }
    if (verb->count("--json") > 0) {
      words.arguments.insert(words.arguments.end(), {"--json", words.json});
    }
    for (const auto& [given, word] : {std::pair(words.quick, "--quick"), {words.list, "--list"}}) {
      if (given) {
        words.arguments.emplace_back(word);
      }
    }
    words.exit_code = bench(words.arguments);
  });
}

void add_config(CLI::App& app, Words& words) {
  CLI::App* config = app.add_subcommand("config", "The manifest's form and values");
  config->require_subcommand(1);
  config->footer("Example:\n  backplane config print");
  CLI::App* schema = add_verb(*config, "schema", "The JSON Schema of plugins.json",
                              "backplane config schema > plugins.schema.json");
  schema->callback([&words] { words.exit_code = config_schema(); });
  CLI::App* print =
      add_verb(*config, "print", "The manifest with every default; secrets are hidden",
               "backplane config print");
  place_options(print, words, false);
  print->callback([&words] { words.exit_code = config_print(words.place); });
}

std::string version_text() {
  return "backplane " + daemon::version() + " (ABI " + BP_ABI_TEXT + ")";
}

void add_about(CLI::App& app, Words& words) {
  CLI::App* help = add_verb(app, "help", "Tell what a verb does; without one, list them",
                            "backplane help check");
  help->add_option("verb", words.verbs, "The verb: check, or ctl status");
  help->callback([&app, &words] {
    const CLI::App* about = &app;
    for (const std::string& verb : words.verbs) {
      const CLI::App* next = verb_named(*about, verb);
      if (next == nullptr) {
        words.exit_code = no_verb(*about, verb);
        return;
      }
      about = next;
    }
    // Not about->help(): that would tell of this verb, the one that was given.
    fmt::print("{}", about->get_formatter()->make_help(about, "backplane" + path_of(*about),
                                                       CLI::AppFormatMode::Normal));
  });
  CLI::App* version =
      add_verb(app, "version", "Print the version, as --version does", "backplane version");
  version->callback([] { fmt::print("{}\n", version_text()); });
}

// The words that nobody expected, in the order in which they were written: CLI11 tells them
// backwards.
int unexpected_words(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> left = app.remaining(true);
  std::string told;
  for (int i = 1; i < argc; ++i) {
    if (const auto found = std::ranges::find(left, std::string(argv[i])); found != left.end()) {
      told += std::string(told.empty() ? "'" : ", '") + argv[i] + "'";
      left.erase(found);
    }
  }
  const CLI::App* verb = &app;
  while (!verb->get_subcommands().empty()) {
    verb = verb->get_subcommands().front();
  }
  complain({BP_E_INVALID, fmt::format("unexpected on the command line: {}; `backplane{} --help` "
                                      "shows what can stand there",
                                      told, path_of(*verb))});
  return exit_usage;
}

}  // namespace

int run(int argc, char** argv) {
  Words words;
  CLI::App app("A host for plugins that meet on channels and services.", "backplane");
  app.set_version_flag("--version", version_text());
  app.require_subcommand(1);
  app.footer(
      "Example:\n  backplane serve -c plugins.json\n\n`backplane VERB --help` tells more of each "
      "verb.");
  add_serve(app, words);
  add_check(app, words);
  add_plugin(app, words);
  add_messages(app, words);
  add_control(app, words);
  add_migrate(app, words);
  add_config(app, words);
  add_bench(app, words);
  add_about(app, words);
  if (argc > 1 && argv[1][0] != '-' && verb_named(app, argv[1]) == nullptr) {
    return no_verb(app, argv[1]);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    return unexpected_words(app, argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  return words.exit_code;
}

}  // namespace host::cli
