// host/cli/migration_text.hpp - replies of bp.storage.admin/1 for the eye.
//
// Owns: nothing. Thread: any. Errors: UNKNOWN for a text that is no such reply.
#pragma once

#include <string>
#include <string_view>

#include "host/error/error.hpp"

namespace host::cli {

struct MigrationText {
  std::string text;
  bool pending = false;  // something waits to be applied
};

// Of MigrateStatus: a line for each version.
[[nodiscard]] error::Result<MigrationText> status_text(std::string_view reply);
// Of MigrateUp and MigrateDown: a line for each move.
[[nodiscard]] error::Result<std::string> moves_text(std::string_view reply, bool dry_run);

}  // namespace host::cli
