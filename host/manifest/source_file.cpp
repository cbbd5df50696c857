// host/manifest/source_file.cpp - variables, includes and config files, in this order.
#include "host/manifest/source_file.hpp"

#include <algorithm>
#include <fstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "host/manifest/glob.hpp"
#include "host/manifest/key_tables.hpp"
#include "host/manifest/substitution.hpp"
#include "host/name/glob.hpp"

namespace host::manifest {

namespace {

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return std::filesystem::absolute(path).parent_path();
}

class Gatherer {
 public:
  Gatherer(std::filesystem::path folder, const Environment& environment,
           std::vector<Problem>& problems)
      : folder_(std::move(folder)), environment_(environment), problems_(problems) {}

  SourceTree run(std::string_view text, const std::filesystem::path& path) {
    SourceTree tree;
    files_.push_back(path.string());
    JsonReading reading = read_json(text, files_.back());
    take_problems(reading);
    if (reading.root && reading.root->is(Kind::Object)) {
      root_ = std::move(*reading.root);
      allowed_ = texts(root_.find("env") != nullptr ? root_.find("env")->find("allow") : nullptr);
      substitute(root_, allowed_, environment_, problems_);
      include_files();
      put_config_files();
      tree.root = std::move(root_);
    } else if (reading.root) {
      problem(reading.root->at, "", "an object is expected here: {...}");
    }
    tree.files = std::move(files_);
    return tree;
  }

 private:
  void take_problems(JsonReading& reading) {
    std::ranges::move(reading.problems, std::back_inserter(problems_));
    reading.problems.clear();
  }

  void problem(const Position& at, std::string pointer, std::string message) {
    problems_.push_back(problem_at(at, std::move(pointer), std::move(message)));
  }

  static std::vector<std::string> texts(const Node* list) {
    std::vector<std::string> found;
    if (list != nullptr && list->is(Kind::Array)) {
      for (const Node& item : list->children) {
        if (item.is(Kind::String)) {
          found.push_back(item.text);
        }
      }
    }
    return found;
  }

  // The file's tree with its variables replaced; nothing after a problem. `at` and `pointer` tell
  // where the file is named.
  std::optional<Node> read_tree(const std::filesystem::path& path, const Position& at,
                                const std::string& pointer) {
    const error::Result<std::string> text = read_whole_file(path, json_bytes_max);
    if (!text) {
      problem(at, pointer, text.error().text());
      return std::nullopt;
    }
    files_.push_back(path.string());
    JsonReading reading = read_json(*text, files_.back());
    take_problems(reading);
    if (reading.root && !reading.root->is(Kind::Object)) {
      problem(reading.root->at, "", "an object is expected here: {...}");
      return std::nullopt;
    }
    if (reading.root) {
      substitute(*reading.root, allowed_, environment_, problems_);
    }
    return std::move(reading.root);
  }

  void include_files() {
    const Node* include = root_.find("include");
    if (include == nullptr || !include->is(Kind::Array)) {
      return;
    }
    const Node list = *include;  // merging moves the members of root_
    for (std::size_t i = 0; i < list.children.size(); ++i) {
      if (list.children[i].is(Kind::String) && !list.children[i].text.empty()) {
        include_pattern(list.children[i], fmt::format("/include/{}", i));
      }
    }
  }

  void include_pattern(const Node& item, const std::string& pointer) {
    const std::filesystem::path pattern = (folder_ / item.text).lexically_normal();
    if (name::is_glob(pattern.parent_path().string())) {
      problem(item.at, pointer, "* and ? are possible only in the last part of a path");
      return;
    }
    std::vector<std::filesystem::path> found{pattern};
    if (name::is_glob(pattern.filename().string())) {
      found = glob_files(pattern);
    }
    for (const std::filesystem::path& file : found) {
      if (++included_ > include_files_max) {
        problem(item.at, pointer, fmt::format("more than {} included files", include_files_max));
        return;
      }
      if (std::optional<Node> tree = read_tree(file, item.at, pointer)) {
        merge_file(std::move(*tree));
      }
    }
  }

  void merge_file(Node tree) {
    for (Node& member : tree.children) {
      if (member.key == "env" || member.key == "include") {
        problem(member.key_at, "/" + member.key,
                "an included file cannot hold \"" + member.key +
                    "\"; it belongs into the manifest itself");
      } else if (member.key == "schema") {
        if (std::string fault = schema_version_fault(member); !fault.empty()) {
          problem(member.at, "/schema", std::move(fault));
        }
      } else {
        merge_member(root_, std::move(member), "");
      }
    }
  }

  // Objects are merged; a value that both sides give is a mistake; wires are a list of routes.
  void merge_member(Node& into, Node member, const std::string& pointer) {
    const std::string here = pointer + '/' + pointer_token(member.key);
    Node* old = into.find(member.key);
    if (old == nullptr) {
      into.children.push_back(std::move(member));
      return;
    }
    if (old->is(Kind::Object) && member.is(Kind::Object)) {
      for (Node& child : member.children) {
        merge_member(*old, std::move(child), here);
      }
    } else if (here == "/wires" && old->is(Kind::Array) && member.is(Kind::Array)) {
      std::ranges::move(member.children, std::back_inserter(old->children));
    } else {
      problem(member.key_at, here,
              fmt::format("given already in {}, line {}, column {}; keep one of the two",
                          old->key_at.file(), old->key_at.line, old->key_at.column));
    }
  }

  void put_config_files() {
    Node* plugins = root_.find("plugins");
    if (plugins == nullptr || !plugins->is(Kind::Object)) {
      return;
    }
    for (Node& plugin : plugins->children) {
      const Node* file = plugin.find("config_file");
      if (file == nullptr || !file->is(Kind::String) || file->text.empty()) {
        continue;
      }
      const std::string pointer = "/plugins/" + pointer_token(plugin.key) + "/config_file";
      if (plugin.find("config") != nullptr) {
        problem(file->at, pointer,
                "both \"config\" and \"config_file\" are given; keep one of the two");
        continue;
      }
      const std::filesystem::path path = (folder_ / file->text).lexically_normal();
      if (std::optional<Node> config = read_tree(path, file->at, pointer)) {
        config->key_at = file->key_at;
        // `file` is no longer valid behind this line.
        plugin.set("config", std::move(*config));
      }
    }
  }

  std::filesystem::path folder_;
  const Environment& environment_;
  std::vector<Problem>& problems_;
  std::vector<std::string> files_;
  std::vector<std::string> allowed_;
  Node root_;
  std::size_t included_ = 0;
};

}  // namespace

error::Result<std::string> read_whole_file(const std::filesystem::path& path,
                                           std::size_t bytes_max) {
  std::error_code code;
  const std::filesystem::file_status status = std::filesystem::status(path, code);
  if (status.type() == std::filesystem::file_type::not_found) {
    return error::fail(BP_E_NOT_FOUND, fmt::format("there is no file {}", path.string()));
  }
  if (code) {
    return error::fail(BP_E_IO, fmt::format("{}: {}", path.string(), code.message()));
  }
  if (status.type() != std::filesystem::file_type::regular) {
    return error::fail(BP_E_INVALID, fmt::format("{} is not a regular file", path.string()));
  }
  std::ifstream input(path, std::ios::binary);
  if (!input) {
    return error::fail(BP_E_PERMISSION, fmt::format("{} cannot be opened for reading; check its "
                                                    "permissions",
                                                    path.string()));
  }
  std::string text(bytes_max + 1, '\0');
  input.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (input.bad()) {
    return error::fail(BP_E_IO, fmt::format("{}: reading failed", path.string()));
  }
  text.resize(static_cast<std::size_t>(input.gcount()));
  if (text.size() > bytes_max) {
    return error::fail(BP_E_TOO_LARGE,
                       fmt::format("{} is larger than {} bytes", path.string(), bytes_max));
  }
  return text;
}

SourceTree gather(std::string_view text, const std::filesystem::path& path,
                  const Environment& environment, std::vector<Problem>& problems) {
  return Gatherer(folder_of(path), environment, problems).run(text, path);
}

}  // namespace host::manifest
