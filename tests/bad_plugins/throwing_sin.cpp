// tests/bad_plugins/throwing_sin.cpp - lets exceptions out of the functions that the host calls.
#include <stdexcept>

#include "backplane/abi/core.h"

#include "entry.h"

namespace {

struct Thrower {
  const bp_host* host;
  const bp_core* core;
  bp_inst instance;
};

void take(const Thrower& self, const bp_event& event) {
#ifdef SIN_THROWS_IN_START
  if (event.type == BP_EV_START) {
    throw std::runtime_error("thrown in START");
  }
#endif
#ifdef SIN_THROWS_IN_EVENT
  if (event.type == BP_EV_START) {
    self.core->post(self.host, self.instance, 1);
  }
  if (event.type == BP_EV_POSTED) {
    throw std::runtime_error("thrown in an event");
  }
#endif
  if (event.type < BP_EV_MESSAGE) {
    self.core->complete(self.host, event.handle, BP_OK, nullptr);
  }
}

}  // namespace

static bp_status BP_CALL create(const bp_host* host, bp_inst instance, void** self,
                                bp_error* /*error*/) {
#ifdef SIN_THROWS_IN_CREATE
  throw std::runtime_error("thrown in create");
#endif
  *self = new Thrower{host, static_cast<const bp_core*>(host->query(host, BP_CORE_ID)), instance};
  return BP_OK;
}

static void BP_CALL destroy(void* self) {
  delete static_cast<Thrower*>(self);
}

static void BP_CALL on_events(void* self, const bp_event* first, uint32_t stride, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    take(*static_cast<const Thrower*>(self), *BP_EVENT_AT(first, stride, i));
  }
}
