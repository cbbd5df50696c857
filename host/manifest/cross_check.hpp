// host/manifest/cross_check.hpp - what only several keys together can get wrong.
//
// Owns: nothing. Thread: any. Errors: problems.
#pragma once

#include "host/manifest/binder.hpp"
#include "host/manifest/manifest.hpp"

namespace host::manifest {

// `root` is the tree that `manifest` was bound from.
void cross_check(Binder& binder, const Node& root, const Manifest& manifest);

}  // namespace host::manifest
