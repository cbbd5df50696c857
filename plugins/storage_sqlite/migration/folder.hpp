// plugins/storage_sqlite/migration/folder.hpp - migrations that an operator wrote: pairs of files,
// for the tables of bp.storage.sql/1.
//
// `0001_customers.up.sql` and `0001_customers.down.sql`, numbered from 1 without gaps.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "engine/guard.hpp"
#include "migration/migration.hpp"

namespace storage_sqlite::migration {

inline constexpr std::string_view folder_component = "app";
inline constexpr std::size_t file_bytes_max = std::size_t{1} << 20U;
inline constexpr std::size_t files_max = 20'000;

/// The texts, and the plan that points into them. A resource: it stays where it is.
class Folder {
 public:
  /// Errors: CONFIG naming the file that is missing, too large, or has no such name; IO.
  [[nodiscard]] static bp::result<std::unique_ptr<Folder>> read(const std::string& path,
                                                                engine::Rules rules);

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Folder(Folder&&) = delete;
  Folder& operator=(Folder&&) = delete;
  ~Folder() = default;

  [[nodiscard]] Plan plan() const noexcept { return {folder_component, steps_, origin_, &rules_}; }

 private:
  struct Text {
    std::string name;
    std::string up;
    std::string down;
  };

  Folder(const std::string& path, engine::Rules rules);
  [[nodiscard]] bp::result<void> add(const std::string& path, const std::string& file);
  [[nodiscard]] bp::result<void> finish();

  std::string path_;
  std::string origin_;
  engine::Rules rules_;
  std::vector<Text> texts_;
  std::vector<Step> steps_;
};

}  // namespace storage_sqlite::migration
