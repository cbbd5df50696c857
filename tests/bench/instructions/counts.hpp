// tests/bench/instructions/counts.hpp - instruction counts that were measured before, as
// contenders.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/race/contender.hpp"

namespace bench {

// `file`: a line each, "<case> <instructions>"; empty: none.
[[nodiscard]] Contenders instruction_contenders(const std::string& file);

void append_absent_instructions(std::vector<std::string>& absent);

}  // namespace bench
