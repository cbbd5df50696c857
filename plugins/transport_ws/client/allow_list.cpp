// plugins/transport_ws/client/allow_list.cpp - part by part, so that no '*' crosses a border.
#include "client/allow_list.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "auth/principal.hpp"

namespace transport_ws::client {

namespace {

constexpr std::string_view plain_scheme = "ws://";
constexpr std::string_view secure_scheme = "wss://";

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

void replace_all(std::string& text, std::string_view what, char with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    text.replace(at, what.size(), 1, with);
  }
}

// Also in the spellings that some servers take apart before they look at segments.
bool has_dot_segment(std::string_view path) {
  std::string plain = lower(path);
  replace_all(plain, "%2e", '.');
  replace_all(plain, "%2f", '/');
  replace_all(plain, "%5c", '/');
  replace_all(plain, "\\", '/');
  plain += '/';
  return plain.find("/./") != std::string::npos || plain.find("/../") != std::string::npos;
}

std::string without_brackets(std::string_view host) {
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  return lower(bracketed ? host.substr(1, host.size() - 2) : host);
}

}  // namespace

bp::result<AllowList> AllowList::parse(const std::vector<std::string>& patterns) {
  AllowList list;
  for (const std::string& pattern : patterns) {
    const std::string_view whole = pattern;
    const bool secure = whole.starts_with(secure_scheme);
    const std::string_view scheme = secure ? secure_scheme : plain_scheme;
    const std::string_view rest = whole.starts_with(scheme) ? whole.substr(scheme.size()) : "";
    const std::string_view authority = rest.substr(0, rest.find('/'));
    const std::size_t bracket = authority.find(']');
    const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const std::string_view host = authority.substr(0, colon);
    const std::string_view usual_port = secure ? "443" : "80";
    const std::string_view port =
        colon == std::string_view::npos ? usual_port : authority.substr(colon + 1);
    if (host.empty() || port.empty() || whole.find_first_of("?#@ ") != std::string_view::npos) {
      return bp::fail(BP_E_CONFIG,
                      fmt::format("'{}' is no pattern of addresses: write wss://host:port/path or "
                                  "ws://, with '*' for any characters of a part",
                                  pattern));
    }
    const std::string_view path = rest.substr(authority.size());
    list.entries_.push_back({secure, without_brackets(host), std::string(port),
                             path.empty() ? std::string("*") : std::string(path)});
  }
  return list;
}

bool AllowList::allows(const Url& url) const {
  const std::string host = lower(url.host);
  const std::string path = url.target.substr(0, url.target.find('?'));
  if (has_dot_segment(path)) {
    return false;
  }
  return std::ranges::any_of(entries_, [&](const Entry& entry) {
    return entry.secure == url.secure && auth::matches(entry.host, host) &&
           auth::matches(entry.port, url.port) && auth::matches(entry.path, path);
  });
}

}  // namespace transport_ws::client
