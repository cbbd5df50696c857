// host/slot/methods.hpp - the methods of a service, read from what a plugin hands over.
//
// Owns: nothing. Thread: any. Errors: INVALID, RANGE, TOO_NEW, naming the method and the fix.
#pragma once

#include <cstdint>
#include <vector>

#include "backplane/abi/service.h"

#include "host/error/error.hpp"
#include "host/service/service.hpp"

namespace host::slot {

[[nodiscard]] error::Result<std::vector<service::Method>> methods_of(const bp_method* methods,
                                                                     std::uint32_t stride,
                                                                     std::uint32_t count);

}  // namespace host::slot
