// host/metric/joined.hpp - one list of what several sources told.
//
// Thread: values. Errors: none.
#pragma once

#include <vector>

#include "host/metric/family.hpp"

namespace host::metric {

// Orders families, joins what has the same name and labels, leaves out what no exposition could
// carry.
[[nodiscard]] std::vector<Family> in_order(std::vector<Family> families);

}  // namespace host::metric
