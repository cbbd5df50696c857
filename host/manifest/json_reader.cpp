// host/manifest/json_reader.cpp - RapidJSON's iterative SAX pass, with positions and limits added.
#include <cassert>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include "backplane/cpp/utf8.hpp"

#include "host/manifest/json_tree.hpp"

namespace host::manifest {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::size_t duplicates_max = 100;

// Bounds-checked input for RapidJSON, which takes a NUL as the end of the text.
class Text {
 public:
  using Ch = char;

  explicit Text(std::string_view text) : text_(text) {}

  [[nodiscard]] Ch Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  Ch Take() { return at_ < text_.size() ? text_[at_++] : '\0'; }

  [[nodiscard]] std::size_t Tell() const { return at_; }

  // The writing half of RapidJSON's stream concept; a reader never calls it.
  Ch* PutBegin() { return nullptr; }

  void Put(Ch) {}

  void Flush() {}

  std::size_t PutEnd(Ch*) { return 0; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// Line and column of growing offsets, in one pass over the text.
class Ruler {
 public:
  Ruler(std::string_view text, std::shared_ptr<const std::string> source)
      : text_(text), source_(std::move(source)) {}

  Position at(std::size_t offset) {
    if (offset < at_) {
      at_ = 0;
      line_ = 1;
      column_ = 1;
    }
    for (; at_ < offset && at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') {
        ++line_;
        column_ = 1;
      } else if (((static_cast<unsigned char>(text_[at_]) & 0xC0U) != 0x80U)) {
        ++column_;
      }
    }
    return {source_, line_, column_};
  }

 private:
  std::string_view text_;
  std::shared_ptr<const std::string> source_;
  std::size_t at_ = 0;
  int line_ = 1;
  int column_ = 1;
};

class Builder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Builder> {
 public:
  Builder(std::string_view text, const Text& input, Ruler& ruler, std::vector<Problem>& problems)
      : text_(text), input_(input), ruler_(ruler), problems_(problems) {}

  bool Null() { return add_scalar(Kind::Null); }

  bool Bool(bool) { return add_scalar(Kind::Boolean); }

  bool Int(int) { return add_scalar(Kind::Number); }

  bool Uint(unsigned) { return add_scalar(Kind::Number); }

  bool Int64(std::int64_t) { return add_scalar(Kind::Number); }

  bool Uint64(std::uint64_t) { return add_scalar(Kind::Number); }

  bool Double(double) { return add_scalar(Kind::Number); }

  bool String(const char* data, rapidjson::SizeType size, bool) {
    const std::size_t start = token_start();
    return text_is_sound({data, size}, start) && add(Kind::String, std::string(data, size), start);
  }

  bool Key(const char* data, rapidjson::SizeType size, bool) {
    const std::size_t start = token_start();
    if (!text_is_sound({data, size}, start)) {
      return false;
    }
    key_.assign(data, size);
    key_at_ = ruler_.at(start);
    last_ = input_.Tell();
    return true;
  }

  bool StartObject() { return open(Kind::Object); }

  bool StartArray() { return open(Kind::Array); }

  bool EndObject(rapidjson::SizeType) {
    drop_duplicates(*open_.back());
    return close();
  }

  bool EndArray(rapidjson::SizeType) { return close(); }

  [[nodiscard]] bool refused() const noexcept { return refused_; }

  [[nodiscard]] Node take() { return std::move(root_); }

 private:
  // A scalar is reported behind its last character: its first is the one behind the separators
  // (blanks, comments, commas, colons) that follow the token before.
  [[nodiscard]] std::size_t token_start() const {
    std::size_t i = last_;
    while (i < text_.size()) {
      const char c = text_[i];
      if (c == '/') {
        const bool line = text_.substr(i).starts_with("//");
        const std::size_t end = text_.find(line ? "\n" : "*/", i + 2);
        i = end == std::string_view::npos ? text_.size() : end + (line ? 1 : 2);
      } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ':') {
        ++i;
      } else {
        break;
      }
    }
    return i;
  }

  [[nodiscard]] std::string pointer() const {
    return open_.empty() ? std::string() : pointer_to(root_, *open_.back());
  }

  bool refuse(std::size_t offset, std::string message) {
    problems_.push_back(problem_at(ruler_.at(offset), pointer(), std::move(message)));
    refused_ = true;
    return false;
  }

  bool text_is_sound(std::string_view text, std::size_t start) {
    if (text.find('\0') != std::string_view::npos) {
      return refuse(start, "a text may not contain U+0000; remove \\u0000");
    }
    // RapidJSON checks raw bytes, but lets a lone low surrogate escape through.
    return is_utf8(text) || refuse(start, "a lone surrogate escape is no character; pair it");
  }

  bool add_scalar(Kind kind) {
    const std::size_t start = token_start();
    return add(kind, std::string(text_.substr(start, input_.Tell() - start)), start);
  }

  bool add(Kind kind, std::string text, std::size_t start) {
    if (++values_ > json_values_max) {
      return refuse(start, fmt::format("more than {} values", json_values_max));
    }
    Node node;
    node.kind = kind;
    node.text = std::move(text);
    node.key = std::exchange(key_, {});
    node.key_at = std::exchange(key_at_, {});
    node.at = ruler_.at(start);
    last_ = input_.Tell();
    if (open_.empty()) {
      root_ = std::move(node);
    } else {
      open_.back()->children.push_back(std::move(node));
    }
    return true;
  }

  // Containers are reported at their bracket, before it is taken.
  bool open(Kind kind) {
    if (open_.size() == json_depth_max) {
      return refuse(input_.Tell(), fmt::format("nested deeper than {} levels", json_depth_max));
    }
    if (!add(kind, "", input_.Tell())) {
      return false;
    }
    ++last_;
    open_.push_back(open_.empty() ? &root_ : &open_.back()->children.back());
    return true;
  }

  bool close() {
    open_.pop_back();
    last_ = input_.Tell() + 1;
    return true;
  }

  void drop_duplicates(Node& object) {
    std::unordered_map<std::string_view, const Node*> seen;
    std::vector<bool> repeated(object.children.size(), false);
    for (std::size_t i = 0; i < object.children.size(); ++i) {
      const Node& member = object.children[i];
      const auto [first, fresh] = seen.emplace(member.key, &member);
      repeated[i] = !fresh;
      if (fresh || problems_.size() == duplicates_max) {
        continue;
      }
      const Position& before = first->second->key_at;
      problems_.push_back(problem_at(
          member.key_at, pointer() + '/' + pointer_token(member.key),
          fmt::format("duplicate key \"{}\", first given at line {}, column {}; keep one "
                      "of the two",
                      member.key, before.line, before.column)));
    }
    std::size_t index = 0;
    std::erase_if(object.children, [&](const Node&) { return repeated[index++]; });
  }

  std::string_view text_;
  const Text& input_;
  Ruler& ruler_;
  std::vector<Problem>& problems_;
  Node root_;
  std::vector<Node*> open_;
  std::string key_;
  Position key_at_;
  std::size_t last_ = 0;  // the offset behind the token before
  std::size_t values_ = 0;
  bool refused_ = false;
};

std::string syntax_message(rapidjson::ParseErrorCode code) {
  if (code == rapidjson::kParseErrorUnspecificSyntaxError) {
    return "a comment that does not end, or a stray '/'";
  }
  std::string message = rapidjson::GetParseError_En(code);
  while (message.ends_with('.')) {
    message.pop_back();
  }
  return "not valid JSON: " + message;
}

}  // namespace

bool is_utf8(std::string_view text) {
  return bp::utf8::valid(text);
}

JsonReading read_json(std::string_view text, std::string file) {
  JsonReading reading;
  const auto source = std::make_shared<const std::string>(std::move(file));
  if (text.size() > json_bytes_max) {
    reading.problems.push_back(problem_at(
        {source}, "", fmt::format("{} bytes; the limit is {}", text.size(), json_bytes_max)));
    return reading;
  }
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  Ruler ruler(text, source);
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    reading.problems.push_back(problem_at(ruler.at(nul), "", "a NUL byte; this is not a text"));
    return reading;
  }
  Text input(text);
  Builder builder(text, input, ruler, reading.problems);
  rapidjson::Reader reader;
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseCommentsFlag |
                             rapidjson::kParseTrailingCommasFlag |
                             rapidjson::kParseValidateEncodingFlag;
  const rapidjson::ParseResult result = reader.Parse<flags>(input, builder);
  if (!result.IsError()) {
    reading.root = builder.take();
  } else if (!builder.refused()) {
    reading.problems.push_back(
        problem_at(ruler.at(result.Offset()), "", syntax_message(result.Code())));
  }
  return reading;
}

Node json_literal(std::string_view text) {
  JsonReading reading = read_json(text, "");
  assert(reading.root && reading.problems.empty());
  return std::move(*reading.root);
}

}  // namespace host::manifest
