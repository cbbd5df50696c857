// plugins/transport_ws/rest/table.cpp - finding the endpoint, making the request.
#include "rest/table.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "json/json.hpp"
#include "limits.hpp"

namespace transport_ws::rest {

namespace {

using Refused = std::unexpected<http::Refusal>;
using Arguments = std::vector<Argument>;

Refused refused(unsigned status, std::string reason) {
  return Refused(http::Refusal{status, std::move(reason)});
}

std::expected<void, http::Refusal> add(Arguments& to, const Parameter& parameter,
                                       std::string_view encoded) {
  const auto value = decoded(encoded);
  if (!value) {
    return refused(400, fmt::format("'{}' must be percent-encoded, without %00", parameter.name));
  }
  auto made = argument(parameter, *value);
  if (!made) {
    return refused(400, made.error().message());
  }
  if (std::ranges::find(to, made->name, &Argument::name) != to.end()) {
    return refused(400, fmt::format("'{}' is given twice", made->name));
  }
  to.push_back(std::move(*made));
  return {};
}

std::expected<void, http::Refusal> add_query(Arguments& to, const Endpoint& endpoint,
                                             std::string query, std::string_view credentials) {
  std::ranges::replace(query, '+', ' ');
  for (std::string_view rest = query; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = decoded(pair.substr(0, equals));
    if (name && !credentials.empty() && *name == credentials) {
      continue;
    }
    const auto known =
        name ? std::ranges::find(endpoint.query, *name, &Parameter::name) : endpoint.query.end();
    if (known == endpoint.query.end()) {
      return refused(400, fmt::format("no parameter '{}' is known here",
                                      name ? name->substr(0, name_bytes_max) : "?"));
    }
    if (auto added = add(to, *known, pair.substr(std::min(equals + 1, pair.size()))); !added) {
      return added;
    }
  }
  return {};
}

std::expected<void, http::Refusal> add_body(Arguments& to, const http::Request& request) {
  if (request.body.empty()) {
    return {};
  }
  const std::string_view type = request.field("Content-Type");
  if (!type.starts_with("application/json")) {
    return refused(415, "the body must be application/json");
  }
  const auto body = json::read(request.body);
  if (!body || body->kind != json::Kind::Object) {
    return refused(400, body ? "the body must be a JSON object" : body.error().message());
  }
  for (const json::Child& child : body->children) {
    if (std::ranges::find(to, child.name, &Argument::name) != to.end()) {
      return refused(400, fmt::format("'{}' is given twice", child.name));
    }
    to.push_back({child.name, std::string(child.text)});
  }
  return {};
}

}  // namespace

Table::Table(std::vector<Endpoint> endpoints) {
  for (Endpoint& each : endpoints) {
    endpoints_.push_back(std::make_shared<const Endpoint>(std::move(each)));
  }
}

Table Table::of(std::vector<SharedEndpoint> endpoints) {
  Table table;
  table.endpoints_ = std::move(endpoints);
  return table;
}

Table::Hit Table::find(std::string_view verb, std::string_view path) const {
  const std::string_view wanted = verb == "HEAD" ? "GET" : verb;
  Hit hit;
  for (const SharedEndpoint& each : endpoints_) {
    auto values = each->pattern.match(path);
    if (!values) {
      continue;
    }
    hit.verbs.emplace_back(each->verb);
    const bool nearer = hit.endpoint == nullptr || (each->pattern.parameters().empty() &&
                                                    !hit.endpoint->pattern.parameters().empty());
    if (each->verb == wanted && nearer) {
      hit.endpoint = each;
      hit.values = std::move(*values);
    }
  }
  return hit;
}

std::expected<std::string, http::Refusal> arguments_of(const Endpoint& endpoint,
                                                       const std::vector<std::string_view>& values,
                                                       const http::Request& request,
                                                       std::string_view credentials) {
  Arguments arguments;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (auto added = add(arguments, endpoint.pattern.parameters()[i], values[i]); !added) {
      return Refused(std::move(added).error());
    }
  }
  const std::size_t mark = std::min(request.target.find('?'), request.target.size());
  const std::string query = request.target.substr(std::min(mark + 1, request.target.size()));
  if (auto added = add_query(arguments, endpoint, query, credentials); !added) {
    return Refused(std::move(added).error());
  }
  if (auto added = add_body(arguments, request); !added) {
    return Refused(std::move(added).error());
  }
  std::string text = "{";
  for (const Argument& each : arguments) {
    text += text.size() > 1 ? "," : "";
    text += json::quoted(each.name) + ":" + each.json;
  }
  return text + "}";
}

unsigned status_of(bp_status code) noexcept {
  switch (code) {
#define BP_STATUS(status, number, exit_code, http_status, sentence) \
  case (number):                                                    \
    return http_status;
#include "backplane/abi/status.def"
#undef BP_STATUS
    default:
      return 500;
  }
}

}  // namespace transport_ws::rest
