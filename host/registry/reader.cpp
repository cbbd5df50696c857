// host/registry/reader.cpp - a reader takes its seat, and gives it back.
#include "host/registry/reader.hpp"

#include "host/registry/registry.hpp"

namespace host::registry {

Reader::Reader(Registry& registry)
    : registry_(registry),
      grace_(registry.grace_),
      channels_(registry.channels_),
      services_(registry.services_) {
  const std::lock_guard lock(registry_.mutex_);
  grace_.add(seat_);
}

Reader::~Reader() {
  const std::lock_guard lock(registry_.mutex_);
  grace_.remove(seat_);
}

}  // namespace host::registry
