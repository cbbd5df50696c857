// plugins/transport_ws/auth/census.cpp - counting in and out.
#include "auth/census.hpp"

namespace transport_ws::auth {

std::optional<Census::Place> Census::enter(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  std::uint32_t& count = inside_[name];
  if (count >= max_) {
    return std::nullopt;
  }
  ++count;
  return Place(*this, name);
}

void Census::leave(const std::string& name) noexcept {
  const std::scoped_lock lock(mutex_);
  const auto found = inside_.find(name);
  if (--found->second == 0) {
    inside_.erase(found);
  }
}

}  // namespace transport_ws::auth
