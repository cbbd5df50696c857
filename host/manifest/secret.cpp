// host/manifest/secret.cpp - reading secrets and putting them into a configuration.
#include "host/manifest/secret.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "host/manifest/source_file.hpp"
#include "host/manifest/suggest.hpp"

namespace host::manifest {

namespace {

constexpr std::string_view reference_key = "$secret";

// RapidJSON's message and the place are safe to show; the text is not.
error::Result<std::string> member_of(const std::string& text, const std::string& name,
                                     const std::string& key) {
  const JsonReading reading = read_json(text, "");
  if (!reading.root || !reading.root->is(Kind::Object)) {
    return error::fail(BP_E_CONFIG, fmt::format("the secret \"{}\" is not a JSON object, so it has "
                                                "no key \"{}\"; refer to it as \"{}\"",
                                                name, key, name));
  }
  const Node* member = reading.root->find(key);
  if (member == nullptr || !member->is(Kind::String)) {
    return error::fail(BP_E_CONFIG,
                       fmt::format("the secret \"{}\" has no text under \"{}\"", name, key));
  }
  return member->text;
}

}  // namespace

bool is_secret_reference(const Node& node) noexcept {
  return node.is(Kind::Object) && node.find(reference_key) != nullptr;
}

error::Result<std::string> SecretReader::whole(const Secret& secret) {
  std::filesystem::path path;
  if (secret.file) {
    path = *secret.file;
  } else if (secret.credential) {
    const auto folder =
        environment_.variable ? environment_.variable("CREDENTIALS_DIRECTORY") : std::nullopt;
    if (!folder) {
      return error::fail(BP_E_CONFIG,
                         fmt::format("the secret \"{}\" is a systemd credential, but "
                                     "CREDENTIALS_DIRECTORY is not set; add LoadCredential={} to "
                                     "the unit",
                                     secret.name, *secret.credential));
    }
    path = std::filesystem::path(*folder) / *secret.credential;
  } else {
    return error::fail(BP_E_CONFIG, fmt::format("the secret \"{}\" names no source", secret.name));
  }
  error::Result<std::string> text = read_whole_file(path, secret_bytes_max);
  if (!text) {
    return std::unexpected(
        std::move(text.error()).during(fmt::format("reading the secret \"{}\"", secret.name)));
  }
  if (text->ends_with('\n')) {
    text->pop_back();
    if (text->ends_with('\r')) {
      text->pop_back();
    }
  }
  if (!is_utf8(*text) || text->contains('\0')) {
    return error::fail(BP_E_CONFIG, fmt::format("the secret \"{}\" ({}) is not a text in UTF-8; "
                                                "store it as base64 or hex",
                                                secret.name, path.string()));
  }
  return text;
}

error::Result<std::string> SecretReader::text(std::string_view reference) {
  const std::size_t colon = std::min(reference.find(':'), reference.size());
  const std::string name(reference.substr(0, colon));
  const auto secret = std::ranges::find(secrets_, name, &Secret::name);
  if (secret == secrets_.end()) {
    std::vector<std::string> names;
    for (const Secret& known : secrets_) {
      names.push_back(known.name);
    }
    return error::fail(BP_E_CONFIG, fmt::format("there is no secret \"{}\"{}; declare it under "
                                                "\"secrets\"",
                                                name, did_you_mean(name, names)));
  }
  auto found = read_.find(name);
  if (found == read_.end()) {
    found = read_.emplace(name, whole(*secret)).first;
  }
  if (!found->second || colon == reference.size()) {
    return found->second;
  }
  return member_of(*found->second, name, std::string(reference.substr(colon + 1)));
}

// Recursion is bounded by json_depth_max.
void SecretReader::fill(Node& node, const std::string& pointer, std::vector<Problem>& problems) {
  if (is_secret_reference(node)) {
    const Node* reference = node.find(reference_key);
    if (node.children.size() != 1 || !reference->is(Kind::String)) {
      problems.push_back(
          problem_at(node.at, pointer, R"(a secret is referred to as {"$secret":"name"}, alone)"));
      return;
    }
    error::Result<std::string> value = text(reference->text);
    if (!value) {
      problems.push_back(problem_at(node.at, pointer, value.error().text()));
      return;
    }
    Node filled_in = json_string(std::move(*value));
    filled_in.key = node.key;
    node = std::move(filled_in);
    return;
  }
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    Node& child = node.children[i];
    const bool member = node.is(Kind::Object);
    fill(child, pointer + '/' + (member ? pointer_token(child.key) : std::to_string(i)), problems);
  }
}

Node SecretReader::filled(const Node& config, const std::string& pointer,
                          std::vector<Problem>& problems) {
  Node copy = config;
  fill(copy, pointer, problems);
  return copy;
}

}  // namespace host::manifest
