// backplane/kit/small_vector.hpp - a vector whose first N items need no allocation.
//
//   bp::kit::small_vector<std::string_view, 8> fields;   // std::vector's interface
//
// Since: 1.0. Thread: one at a time. Blocks: no. Owns: its items. Errors: std::bad_alloc beyond N,
// std::out_of_range from at().
//
// It is Boost.Container's (1.81 or later, headers only). Nothing else of the SDK includes this
// file, so only plugins that do need Boost when they are built; nobody needs it when they run.
#pragma once

#include <cstddef>

#include <boost/container/small_vector.hpp>

namespace bp::kit {

template <typename Item, std::size_t InPlace>
using small_vector = boost::container::small_vector<Item, InPlace>;

}  // namespace bp::kit
