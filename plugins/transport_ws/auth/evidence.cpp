// plugins/transport_ws/auth/evidence.cpp - cookies and query parameters apart; all of it as JSON.
#include "auth/evidence.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "frame/utf8.hpp"
#include "json/json.hpp"

namespace transport_ws::auth {

namespace {

// What is before and behind the first `separator`; without one, all is before it.
std::pair<std::string_view, std::string_view> parted(std::string_view text,
                                                     char separator) noexcept {
  const std::size_t at = text.find(separator);
  return at == std::string_view::npos ? std::pair(text, std::string_view())
                                      : std::pair(text.substr(0, at), text.substr(at + 1));
}

// Calls `take(name, value)` for each "name=value" of a list.
template <typename Take>
void each_pair(std::string_view list, char separator, const Take& take) {
  while (!list.empty()) {
    const auto [item, rest] = parted(list, separator);
    list = rest;
    if (const auto [name, value] = parted(item, '='); !name.empty()) {
      take(name, value);
    }
  }
}

std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const std::string_view digits = text.substr(std::min(i + 1, text.size()), 2);
    if (text[i] == '%' && digits.size() == 2 &&
        std::from_chars(digits.data(), digits.data() + 2, value, 16).ptr == digits.data() + 2) {
      plain += static_cast<char>(value);
      i += 2;
    } else {
      plain += text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

std::string_view find(const std::vector<http::Field>& fields, std::string_view name) noexcept {
  const auto found = std::ranges::find(fields, name, &http::Field::name);
  return found == fields.end() ? std::string_view() : std::string_view(found->value);
}

// Of two, who stands before us may have judged the other one.
template <typename IsIt>
std::string_view find_only(const std::vector<http::Field>& fields, const IsIt& is_it) noexcept {
  const auto found = std::ranges::find_if(fields, is_it);
  const bool only =
      found != fields.end() && std::find_if(found + 1, fields.end(), is_it) == fields.end();
  return only ? std::string_view(found->value) : std::string_view();
}

// Header fields may hold bytes that are no UTF-8; they cannot be part of a JSON text.
void add(std::string& into, const std::vector<http::Field>& fields) {
  into += '[';
  for (const http::Field& field : fields) {
    if (frame::is_utf8(field.name) && frame::is_utf8(field.value)) {
      into += fmt::format(R"({}{{"name":{},"value":{}}})", into.back() == '[' ? "" : ",",
                          json::quoted(field.name), json::quoted(field.value));
    }
  }
  into += ']';
}

std::string certificate_json(const tls::Identity& certificate) {
  std::string names;
  for (const std::string& name : certificate.names) {
    names += (names.empty() ? "" : ",") + json::quoted(name);
  }
  return fmt::format(R"({{"subject":{},"names":[{}],"fingerprint":{}}})",
                     json::quoted(certificate.subject), names,
                     json::quoted(certificate.fingerprint));
}

}  // namespace

std::string_view Evidence::field(std::string_view name) const noexcept {
  const auto found = std::ranges::find_if(
      fields, [&](const http::Field& each) { return http::same_name(each.name, name); });
  return found == fields.end() ? std::string_view() : std::string_view(found->value);
}

std::string_view Evidence::cookie(std::string_view name) const noexcept {
  return find(cookies, name);
}

std::string_view Evidence::parameter(std::string_view name) const noexcept {
  return find_only(query, [&](const http::Field& each) { return each.name == name; });
}

std::string_view Evidence::bearer() const noexcept {
  constexpr std::string_view scheme = "bearer";
  const std::string_view value = find_only(
      fields, [](const http::Field& each) { return http::same_name(each.name, "Authorization"); });
  const std::size_t space = std::min(value.find(' '), value.size());
  return http::same_name(value.substr(0, space), scheme) ? http::trimmed(value.substr(space))
                                                         : std::string_view();
}

Evidence evidence_of(const http::Request& request, std::string address, tls::Identity certificate) {
  Evidence evidence;
  evidence.address = std::move(address);
  evidence.certificate = std::move(certificate);
  const auto [path, query] = parted(request.target, '?');
  evidence.path = path;
  each_pair(query, '&', [&](auto name, auto value) {
    evidence.query.push_back({decoded(name), decoded(value)});
  });
  for (const http::Field& field : request.fields) {
    if (http::same_name(field.name, "Cookie")) {
      each_pair(field.value, ';', [&](auto name, auto value) {
        evidence.cookies.push_back(
            {std::string(http::trimmed(name)), std::string(http::trimmed(value))});
      });
    } else {
      evidence.fields.push_back(field);
    }
  }
  return evidence;
}

std::string to_json(const Evidence& evidence) {
  std::string text =
      fmt::format(R"({{"address":{},"path":{},"headers":)", json::quoted(evidence.address),
                  json::quoted(frame::is_utf8(evidence.path) ? evidence.path : ""));
  add(text, evidence.fields);
  text += R"(,"cookies":)";
  add(text, evidence.cookies);
  text += R"(,"query":)";
  add(text, evidence.query);
  if (!evidence.certificate.empty()) {
    text += R"(,"certificate":)" + certificate_json(evidence.certificate);
  }
  if (!evidence.first_message.empty()) {
    text += R"(,"first_message":)" + json::quoted(evidence.first_message);
  }
  return text + '}';
}

}  // namespace transport_ws::auth
