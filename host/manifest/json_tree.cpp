// host/manifest/json_tree.cpp - the tree: building, searching and writing it.
#include "host/manifest/json_tree.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "host/error/error.hpp"

namespace host::manifest {

namespace {

Node scalar(Kind kind, std::string text) {
  Node node;
  node.kind = kind;
  node.text = std::move(text);
  return node;
}

// The first token of `pointer` unescaped; the rest stays in `pointer`.
std::string take_token(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const std::size_t end = std::min(pointer.find('/'), pointer.size());
  std::string token;
  for (std::size_t i = 0; i < end; ++i) {
    if (pointer[i] == '~' && i + 1 < end) {
      token += pointer[++i] == '1' ? '/' : '~';
    } else {
      token += pointer[i];
    }
  }
  pointer.remove_prefix(end);
  return token;
}

const Node* child_of(const Node& node, const std::string& token) {
  if (node.is(Kind::Object)) {
    return node.find(token);
  }
  std::size_t index = 0;
  const auto [end, code] = std::from_chars(token.data(), token.data() + token.size(), index);
  const bool number = code == std::errc() && end == token.data() + token.size() &&
                      (token == "0" || !token.starts_with('0'));
  return node.is(Kind::Array) && number && index < node.children.size() ? &node.children[index]
                                                                        : nullptr;
}

// Follows `pointer` from `node` as far as it goes; `pointer` keeps what was not found.
const Node& follow(const Node& node, std::string_view& pointer) {
  const Node* here = &node;
  while (pointer.starts_with('/')) {
    std::string_view rest = pointer;
    const Node* next = child_of(*here, take_token(rest));
    if (next == nullptr) {
      break;
    }
    here = next;
    pointer = rest;
  }
  return *here;
}

// Recursion is bounded by json_depth_max.
bool find_path(const Node& here, const Node& target, std::string& path) {
  if (&here == &target) {
    return true;
  }
  const std::size_t length = path.size();
  for (std::size_t i = 0; i < here.children.size(); ++i) {
    const Node& child = here.children[i];
    path += '/' + (here.is(Kind::Object) ? pointer_token(child.key) : std::to_string(i));
    if (find_path(child, target, path)) {
      return true;
    }
    path.resize(length);
  }
  return false;
}

void write(const Node& node, int indent, int depth, std::string& out);

void write_children(const Node& node, int indent, int depth, std::string& out) {
  const auto line = [&](int levels) {
    if (indent > 0) {
      out += '\n';
      out.append(static_cast<std::size_t>(indent * levels), ' ');
    }
  };
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    out += i > 0 ? "," : "";
    line(depth + 1);
    if (node.is(Kind::Object)) {
      out += error::json_quoted(node.children[i].key) + (indent > 0 ? ": " : ":");
    }
    write(node.children[i], indent, depth + 1, out);
  }
  if (!node.children.empty()) {
    line(depth);
  }
}

void write(const Node& node, int indent, int depth, std::string& out) {
  switch (node.kind) {
    case Kind::Object:
      out += '{';
      write_children(node, indent, depth, out);
      out += '}';
      break;
    case Kind::Array:
      out += '[';
      write_children(node, indent, depth, out);
      out += ']';
      break;
    case Kind::String:
      out += error::json_quoted(node.text);
      break;
    default:
      out += node.text;
  }
}

}  // namespace

std::string_view kind_name(Kind kind) noexcept {
  switch (kind) {
    case Kind::Null:
      return "null";
    case Kind::Boolean:
      return "true or false";
    case Kind::Number:
      return "a number";
    case Kind::String:
      return "a string";
    case Kind::Array:
      return "an array";
    case Kind::Object:
      return "an object";
  }
  return "a value";
}

const Node* Node::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(children, name, &Node::key);
  return found == children.end() ? nullptr : &*found;
}

Node* Node::find(std::string_view name) noexcept {
  const auto found = std::ranges::find(children, name, &Node::key);
  return found == children.end() ? nullptr : &*found;
}

Node& Node::set(std::string name, Node value) {
  value.key = std::move(name);
  if (Node* old = find(value.key); old != nullptr) {
    *old = std::move(value);
    return *old;
  }
  return children.emplace_back(std::move(value));
}

Node& Node::push(Node value) {
  return children.emplace_back(std::move(value));
}

const Node* Node::resolve(std::string_view pointer) const {
  const Node& found = follow(*this, pointer);
  return pointer.empty() ? &found : nullptr;
}

const Node& Node::nearest(std::string_view pointer) const {
  return follow(*this, pointer);
}

bool operator==(const Node& left, const Node& right) {
  return left.kind == right.kind && left.key == right.key && left.text == right.text &&
         left.children == right.children;
}

Node json_null() {
  return {};
}

Node json_flag(bool value) {
  return scalar(Kind::Boolean, value ? "true" : "false");
}

Node json_string(std::string value) {
  return scalar(Kind::String, std::move(value));
}

Node json_integer(std::int64_t value) {
  return scalar(Kind::Number, std::to_string(value));
}

Node json_unsigned(std::uint64_t value) {
  return scalar(Kind::Number, std::to_string(value));
}

Node json_double(double value) {
  return scalar(Kind::Number, fmt::format("{}", value));
}

Node json_array() {
  return scalar(Kind::Array, "");
}

Node json_object() {
  return scalar(Kind::Object, "");
}

std::string compact(const Node& node) {
  std::string out;
  write(node, 0, 0, out);
  return out;
}

std::string pretty(const Node& node) {
  std::string out;
  write(node, 2, 0, out);
  return out + '\n';
}

std::string pointer_token(std::string_view key) {
  std::string token;
  for (const char c : key) {
    if (c == '~') {
      token += "~0";
    } else if (c == '/') {
      token += "~1";
    } else {
      token += c;
    }
  }
  return token;
}

std::string pointer_to(const Node& root, const Node& target) {
  std::string path;
  find_path(root, target, path);
  return path;
}

bool is_pointer(std::string_view text) noexcept {
  if (!text.empty() && text.front() != '/') {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) {
      return false;
    }
  }
  return true;
}

}  // namespace host::manifest
