/* tests/bad_plugins/entry_sin.c - sins of the entry and of the file; what runs in it is in order.
 */
#include <stdlib.h>

#include "backplane/abi/core.h"

#include "entry.h"

struct minimal {
  const bp_host* host;
  const bp_core* core;
};

#ifdef SIN_THREAD_LOCAL
static __thread int calls;
#endif
#ifdef SIN_UNRESOLVED
int a_function_that_nobody_has(void);
#endif
#ifdef SIN_SECOND_EXPORT
BP_EXPORT int second_export(void);

int second_export(void) {
  return 1;
}
#endif

static bp_status BP_CALL create(const bp_host* host, bp_inst instance, void** self,
                                bp_error* error) {
  struct minimal* made = malloc(sizeof *made);
  (void)instance;
  (void)error;
  if (made == NULL) {
    return BP_E_NO_MEMORY;
  }
  made->host = host;
  made->core = host->query(host, BP_CORE_ID);
#ifdef SIN_THREAD_LOCAL
  ++calls;
#endif
#ifdef SIN_UNRESOLVED
  if (a_function_that_nobody_has() != 0) {
    return BP_E_STATE;
  }
#endif
#ifdef SIN_ABSOLUTE_ADDRESS
  /* Written into the code by the linker: somebody has to correct the code itself when it is loaded.
   */
  __asm__ volatile(
      "movabs $plugin_marker, %%rax\n.pushsection .data\nplugin_marker: .quad 0\n.popsection" ::
          : "rax");
#endif
  *self = made;
  return BP_OK;
}

static void BP_CALL destroy(void* self) {
  free(self);
}

static void BP_CALL on_events(void* self, const bp_event* first, uint32_t stride, uint32_t count) {
  const struct minimal* minimal = self;
  for (uint32_t i = 0; i < count; ++i) {
    const bp_event* event = BP_EVENT_AT(first, stride, i);
    if (event->type < BP_EV_MESSAGE) {
      minimal->core->complete(minimal->host, event->handle, BP_OK, NULL);
    }
  }
}
