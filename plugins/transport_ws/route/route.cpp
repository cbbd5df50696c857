// plugins/transport_ws/route/route.cpp - finding the route of a request.
#include "route/route.hpp"

#include <algorithm>

namespace transport_ws::route {

std::size_t Table::find(std::string_view target) const noexcept {
  const std::string_view path = target.substr(0, target.find('?'));
  auto found = std::ranges::find(routes_, path, &Route::path);
  if (found == routes_.end()) {
    found = std::ranges::find(routes_, "*", &Route::path);
  }
  return static_cast<std::size_t>(found - routes_.begin());
}

}  // namespace transport_ws::route
