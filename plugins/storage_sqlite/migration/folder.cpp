// plugins/storage_sqlite/migration/folder.cpp - reading pairs of files, all or none.
#include "migration/folder.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace storage_sqlite::migration {
namespace {

constexpr std::size_t number_digits = 4;
constexpr std::string_view up_ending = ".up.sql";
constexpr std::string_view down_ending = ".down.sql";

struct Name {
  std::size_t version = 0;
  std::string title;
  bool up = true;
};

bp::error wrong(const std::string& file, const std::string& why) {
  return {BP_E_CONFIG, "the migration '" + file + "' " + why};
}

/// "0001_customers.up.sql"
bp::result<Name> read_name(const std::string& file) {
  Name name;
  name.up = file.ends_with(up_ending);
  const std::string_view ending = name.up ? up_ending : down_ending;
  const auto end = std::from_chars(file.data(), file.data() + std::min(file.size(), number_digits),
                                   name.version);
  const bool numbered = end.ec == std::errc() && end.ptr == file.data() + number_digits &&
                        name.version > 0 && file.size() > number_digits + 1 + ending.size() &&
                        file[number_digits] == '_' && file.ends_with(ending);
  if (!numbered) {
    return std::unexpected(
        wrong(file, "has no name like 0001_title.up.sql or 0001_title.down.sql; rename it"));
  }
  name.title = file.substr(number_digits + 1, file.size() - number_digits - 1 - ending.size());
  return name;
}

}  // namespace

Folder::Folder(const std::string& path, engine::Rules rules)
    : path_(path), origin_("the folder '" + path + "'"), rules_(std::move(rules)) {}

bp::result<std::unique_ptr<Folder>> Folder::read(const std::string& path, engine::Rules rules) {
  std::error_code code;
  std::filesystem::directory_iterator entries(path, code);
  if (code) {
    return bp::fail(BP_E_CONFIG, "cannot read the folder of migrations '" + path +
                                     "': " + code.message() + "; make it, or leave the key out");
  }
  std::vector<std::string> files;
  for (const auto& entry : entries) {
    std::string file = entry.path().filename().string();
    if (!file.starts_with('.') && file.ends_with(".sql")) {
      files.push_back(std::move(file));
    }
  }
  if (files.size() > files_max) {
    return bp::fail(BP_E_CONFIG, "the folder '" + path + "' has more than " +
                                     std::to_string(files_max) + " migration files");
  }
  std::ranges::sort(files);
  std::unique_ptr<Folder> folder(new Folder(path, std::move(rules)));
  for (const std::string& file : files) {
    BP_TRY(folder->add(path, file));
  }
  BP_TRY(folder->finish());
  return folder;
}

bp::result<void> Folder::add(const std::string& path, const std::string& file) {
  const auto name = read_name(file);
  BP_TRY(name);
  if (name->version > texts_.size() + 1) {
    return std::unexpected(
        wrong(file, "comes after a gap: there is no version " + std::to_string(texts_.size() + 1)));
  }
  if (name->version == texts_.size() + 1) {
    texts_.push_back({.name = name->title, .up = {}, .down = {}});
  }
  Text& text = texts_[name->version - 1];
  std::string& content = name->up ? text.up : text.down;
  if (text.name != name->title || !content.empty()) {
    return std::unexpected(
        wrong(file, "shares its number with another one; give each version one title"));
  }
  std::ifstream in(std::filesystem::path(path) / file, std::ios::binary);
  content.assign(std::istreambuf_iterator<char>(in), {});
  if (!in && !in.eof()) {
    return bp::fail(BP_E_IO, "IO: cannot read the migration '" + file + "'");
  }
  if (content.empty() || content.size() > file_bytes_max ||
      content.find('\0') != std::string::npos) {
    return std::unexpected(wrong(file, "is empty, larger than 1 MiB, or no text"));
  }
  return {};
}

bp::result<void> Folder::finish() {
  for (const Text& text : texts_) {
    if (text.up.empty() || text.down.empty()) {
      return std::unexpected(wrong(text.name, text.up.empty() ? "has no .up.sql file"
                                                              : "has no .down.sql file; write what "
                                                                "undoes it"));
    }
    steps_.push_back({text.name, text.up, text.down});
  }
  return {};
}

}  // namespace storage_sqlite::migration
