// host/manifest/pattern_reach.hpp - which texts of a configuration a pattern of its schema may
// meet.
//
// std::regex recurses over its input, so texts that a pattern meets must be short; others need not.
// Thread: any.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "host/manifest/json_tree.hpp"

namespace host::manifest {

/// Pointers to the texts and members that have more than `bytes_max` bytes, in text or name, and
/// may be compared with a pattern. Never too few: below a combination ($ref, anyOf, if, ...) with a
/// pattern anywhere in it, every text counts.
[[nodiscard]] std::vector<std::string> too_long_for_patterns(const Node& schema, const Node& config,
                                                             std::size_t bytes_max);

}  // namespace host::manifest
