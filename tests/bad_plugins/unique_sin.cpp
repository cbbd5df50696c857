// tests/bad_plugins/unique_sin.cpp - has a UNIQUE symbol, which the system binds across all
// libraries.
#include "entry.h"

template <typename Type>
struct Shared {
  static int counter;
};

template <typename Type>
int Shared<Type>::counter = 0;

static bp_status BP_CALL create(const bp_host* /*host*/, bp_inst /*instance*/, void** self,
                                bp_error* /*error*/) {
  *self = &Shared<char>::counter;
  return ++Shared<char>::counter > 0 ? BP_OK : BP_E_STATE;
}

static void BP_CALL destroy(void* /*self*/) {}

static void BP_CALL on_events(void* /*self*/, const bp_event* /*first*/, uint32_t /*stride*/,
                              uint32_t /*count*/) {}
