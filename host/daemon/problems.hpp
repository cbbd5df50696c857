// host/daemon/problems.hpp - what is wrong with a manifest, of all sources, told at once.
//
// Owns: nothing. Thread: any. Errors: none of its own.
#pragma once

#include <vector>

#include "host/manifest/manifest.hpp"

namespace host::daemon {

// The problems of the text and, each with its place, those found with the plugins' files at hand.
// Left out is what an untold value may have caused: the finding of a wire whose plugin is not
// readable.
[[nodiscard]] std::vector<manifest::Problem> all_problems(const manifest::Reading& reading,
                                                          std::vector<manifest::Problem> found);

}  // namespace host::daemon
