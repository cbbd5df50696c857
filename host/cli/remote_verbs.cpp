// host/cli/remote_verbs.cpp - verbs that ask the running host over its control socket.
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string_view>

#include <fmt/format.h>
#include <rapidjson/document.h>

#include "host/admin/client.hpp"
#include "host/cli/ask.hpp"
#include "host/cli/verbs.hpp"

namespace host::cli {

namespace {

// "-" and nothing read standard input.
std::string text_or_input(const std::string& text) {
  if (!text.empty() && text != "-") {
    return text;
  }
  std::string input;
  std::array<char, 65'536> chunk{};
  for (std::size_t size = 0; (size = std::fread(chunk.data(), 1, chunk.size(), stdin)) > 0;) {
    input.append(chunk.data(), size);
  }
  return input;
}

struct MethodName {
  std::string service;
  std::string major;
  std::string method;
};

// "bp.storage.records/1.Page"; "/1" may be left out, and then the method follows the last dot.
error::Result<MethodName> method_named(const std::string& text) {
  const std::size_t slash = text.rfind('/');
  const std::size_t dot = slash == std::string::npos ? text.rfind('.') : text.find('.', slash);
  if (slash == std::string::npos && dot != std::string::npos && dot > 0 && dot + 1 < text.size()) {
    return MethodName{text.substr(0, dot), "1", text.substr(dot + 1)};
  }
  if (slash == std::string::npos || slash == 0 || slash + 1 == std::min(dot, text.size())) {
    return error::fail(BP_E_INVALID,
                       "'" + text +
                           "' is no method; a call is SERVICE/MAJOR.Method, for example "
                           "bp.storage.records/1.Page");
  }
  const std::string major =
      text.substr(slash + 1, dot == std::string::npos ? dot : dot - slash - 1);
  return MethodName{text.substr(0, slash), major,
                    dot == std::string::npos ? "" : text.substr(dot + 1)};
}

int print_or_complain(const error::Result<std::string>& answer) {
  if (!answer) {
    return complain(answer.error());
  }
  fmt::print("{}", *answer);
  return 0;
}

}  // namespace

int publish(const Place& place, const std::string& channel, const std::string& json) {
  return print_or_complain(ask(place, "POST",
                               "/v1/channels/" + admin::percent_encoded(channel) + "/publish",
                               text_or_input(json)));
}

int subscribe(const Place& place, const std::string& channel, std::uint64_t count, bool consume) {
  const auto print = [](std::string_view line) {
    fmt::print("{}\n", line);
    return std::fflush(stdout) == 0;
  };
  const std::string target =
      fmt::format("/v1/channels/{}/tap?count={}{}", admin::percent_encoded(channel), count,
                  consume ? "&consume=1" : "");
  const auto answer = ask(place, "GET", target, "", print);
  return answer ? 0 : complain(answer.error());
}

int call(const Place& place, const std::string& method, const std::string& json,
         std::uint64_t timeout_ms) {
  const auto wanted = method_named(method);
  if (!wanted) {
    return complain(wanted.error());
  }
  std::string target = "/v1/services/" + admin::percent_encoded(wanted->service) + "/" +
                       admin::percent_encoded(wanted->major);
  if (!wanted->method.empty()) {  // without one, the host tells which there are
    target += "/" + admin::percent_encoded(wanted->method);
  }
  if (timeout_ms > 0) {
    target += "?timeout_ms=" + std::to_string(timeout_ms);
  }
  return print_or_complain(ask(place, "POST", target, json == "-" ? text_or_input(json) : json));
}

namespace {

std::string text_in(const rapidjson::Document& event, const char* key) {
  return event.HasMember(key) && event[key].IsString() ? event[key].GetString() : "";
}

std::string number_in(const rapidjson::Document& event, const char* key) {
  return event.HasMember(key) && event[key].IsUint64() ? std::to_string(event[key].GetUint64())
                                                       : "";
}

// One event for the eye; as it is when it is none.
std::string event_text(std::string_view line) {
  rapidjson::Document event;
  event.Parse<rapidjson::kParseIterativeFlag>(line.data(), line.size());
  if (!event.IsObject()) {
    return std::string(line);
  }
  const std::string what = text_in(event, "what");
  std::string name = text_in(event, "name");
  std::string detail = text_in(event, "reason");
  if (what == "channel") {
    detail = fmt::format("{} {} of {}", text_in(event, "kind"), text_in(event, "type"),
                         text_in(event, "owner"));
  } else if (what == "service") {
    name += "/" + number_in(event, "major") + "." + number_in(event, "minor");
    detail = "of " + text_in(event, "owner");
  } else if (const std::string missed = number_in(event, "missed"); !missed.empty()) {
    detail = missed + " events were missed";
  }
  const std::string text = fmt::format("{:<25} {:<12} {:<9} {:<28} {}", text_in(event, "time"),
                                       text_in(event, "event"), what, name, detail);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

}  // namespace

int control_events(const Place& place, const std::string& match, std::uint64_t count, bool existing,
                   bool json) {
  const auto print = [json](std::string_view line) {
    fmt::print("{}\n", json ? std::string(line) : event_text(line));
    return std::fflush(stdout) == 0;
  };
  const std::string target =
      fmt::format("/v1/events?match={}&count={}{}", admin::percent_encoded(match), count,
                  existing ? "&existing=1" : "");
  const auto answer = ask(place, "GET", target, "", print);
  return answer ? 0 : complain(answer.error());
}

int control_status(const Place& place, bool json) {
  const auto answer = ask(place, "GET", "/v1/plugins", "");
  if (!answer || json) {
    return print_or_complain(answer);
  }
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(answer->data(), answer->size());
  if (!document.IsArray()) {
    return complain({BP_E_UNKNOWN, "the host's answer is not a list of plugins: " + *answer});
  }
  fmt::print("{:<16} {:<12} {:<10} {:>8}  {:<25} {}\n", "PLUGIN", "STATE", "VERSION", "RESTARTS",
             "SINCE", "REASON");
  int exit_code = 0;
  for (const auto& plugin : document.GetArray()) {
    const std::string_view state = plugin["state"].GetString();
    std::string reason = plugin["reason"].GetString();
    if (const char* notice = plugin["notice"].GetString(); *notice != '\0') {
      reason += fmt::format(" ({})", notice);
    }
    fmt::print("{:<16} {:<12} {:<10} {:>8}  {:<25} {}\n", plugin["id"].GetString(), state,
               plugin["version"].GetString(), plugin["restarts"].GetUint64(),
               plugin["since"].GetString(), reason);
    if (state != "running") {
      exit_code = 2;
    }
  }
  return exit_code;
}

int control_plugin(const Place& place, const std::string& verb, const std::string& id) {
  return print_or_complain(
      ask(place, "POST", "/v1/plugins/" + admin::percent_encoded(id) + "/" + verb, ""));
}

int control_log_level(const Place& place, const std::string& level, const std::string& name) {
  return print_or_complain(ask(place, "POST",
                               "/v1/log-level?level=" + admin::percent_encoded(level) +
                                   (name.empty() ? "" : "&name=" + admin::percent_encoded(name)),
                               ""));
}

int control_shutdown(const Place& place) {
  return print_or_complain(ask(place, "POST", "/v1/shutdown", ""));
}

}  // namespace host::cli
