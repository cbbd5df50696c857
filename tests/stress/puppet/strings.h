/* tests/stress/puppet/strings.h - what a puppet is moved by: its configuration carries the address
 * of these, in the process of the test. */
#ifndef STRESS_PUPPET_STRINGS_H
#define STRESS_PUPPET_STRINGS_H

#include "backplane/abi/event.h"
#include "backplane/abi/host.h"

typedef struct puppet_strings {
  void* role; /**< first argument of `create` */
  /** The `self` of one life; NULL: it cannot be. */
  void* (*create)(void* role, const bp_host* host, bp_inst instance);
  void (*on_events)(void* self, const bp_event* first, uint32_t stride, uint32_t count);
  void (*destroy)(void* self);
} puppet_strings;

#endif
