// host/daemon/problems.hpp - what is wrong with a manifest, of all sources, told at once.
//
// Owns: nothing. Thread: any. Errors: none of its own.
#pragma once

#include <vector>

#include "host/manifest/manifest.hpp"

namespace host::daemon {

// What was found with the plugins' files at hand, each with its place, in reading order. Left out
// is what an untold value may have caused: the finding of a wire whose plugin is not readable.
[[nodiscard]] std::vector<manifest::Problem> placed(const manifest::Reading& reading,
                                                    std::vector<manifest::Problem> found);

// The problems of the text and those placed().
[[nodiscard]] std::vector<manifest::Problem> all_problems(const manifest::Reading& reading,
                                                          std::vector<manifest::Problem> found);

}  // namespace host::daemon
