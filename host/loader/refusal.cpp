// host/loader/refusal.cpp - words a refusal: the file, what is wrong, the rule and the fix.
#include "host/loader/refusal.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

namespace host::loader {

namespace {

constexpr std::array rows{
#define BP_REFUSAL(name, id, code, sentence, fix) \
  RuleRow{Rule::name, (id), (code), (sentence), (fix)},
#include "host/loader/refusal.def"
#undef BP_REFUSAL
};

}  // namespace

std::span<const RuleRow> rules() noexcept {
  return rows;
}

const RuleRow& rule_row(Rule rule) noexcept {
  return rows.at(static_cast<std::size_t>(rule));
}

std::string finding_text(const Finding& finding) {
  const RuleRow& row = rule_row(finding.rule);
  return fmt::format("{}; rule: {} ({}); fix: {}", finding.detail, row.id, row.sentence, row.fix);
}

error::Error refusal(const std::filesystem::path& file, std::span<const Finding> findings) {
  std::string text = fmt::format("plugin file '{}' refused: ", file.string());
  for (std::size_t i = 0; i < findings.size(); ++i) {
    text += (i > 0 ? "; also: " : "") + finding_text(findings[i]);
  }
  return {rule_row(findings.front().rule).code, std::move(text)};
}

error::Error refusal(const std::filesystem::path& file, Rule rule, std::string detail) {
  const Finding finding{rule, std::move(detail)};
  return refusal(file, std::span(&finding, 1));
}

}  // namespace host::loader
