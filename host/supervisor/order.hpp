// host/supervisor/order.hpp - who starts before whom.
//
// Owns: nothing. Thread: any. Errors: INVALID with the cycle written out.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "host/error/error.hpp"

namespace host::supervisor {

// `needs[i]`: indices that must be up before i. Ties keep the given order.
[[nodiscard]] error::Result<std::vector<std::size_t>> start_order(
    const std::vector<std::string>& names, const std::vector<std::set<std::size_t>>& needs);

}  // namespace host::supervisor
