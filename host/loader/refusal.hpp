// host/loader/refusal.hpp - the named reasons for refusing a plugin file.
//
// Owns: nothing. Thread: any. Errors: this is where they are worded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "backplane/abi/status.h"

#include "host/error/error.hpp"

namespace host::loader {

enum class Rule : std::uint8_t {
#define BP_REFUSAL(name, id, code, sentence, fix) name,
#include "host/loader/refusal.def"
#undef BP_REFUSAL
};

// One row of refusal.def.
struct RuleRow {
  Rule rule;
  std::string_view id;  // "law.one_symbol"
  bp_status code;
  std::string_view sentence;
  std::string_view fix;
};

[[nodiscard]] std::span<const RuleRow> rules() noexcept;
[[nodiscard]] const RuleRow& rule_row(Rule rule) noexcept;

// A broken rule, and what exactly breaks it: "exports 2 symbols (foo, bar)".
struct Finding {
  Rule rule;
  std::string detail;
};

// "<detail>; rule: law.one_symbol (...); fix: ..."
[[nodiscard]] std::string finding_text(const Finding& finding);

// The error for a refused file: the first finding gives the code and the fix, the others are told
// too.
[[nodiscard]] error::Error refusal(const std::filesystem::path& file,
                                   std::span<const Finding> findings);
[[nodiscard]] error::Error refusal(const std::filesystem::path& file, Rule rule,
                                   std::string detail);

}  // namespace host::loader
