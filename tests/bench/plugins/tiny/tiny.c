/* tests/bench/plugins/tiny/tiny.c - the smallest plugin: it starts and it stops. */
#include <stdlib.h>

#include "backplane/backplane.h"

#include "backplane_manifest.h"

typedef struct tiny {
  const bp_host* host;
  const bp_core* core;
} tiny;

static bp_status BP_CALL create(const bp_host* host, bp_inst instance, void** self,
                                bp_error* error) {
  tiny* made = calloc(1, sizeof *made);
  (void)instance;
  (void)error;
  if (made == NULL) {
    return BP_E_NO_MEMORY;
  }
  made->host = host;
  made->core = host->query(host, BP_CORE_ID);
  *self = made;
  return BP_OK;
}

static void BP_CALL destroy(void* self) {
  free(self);
}

static void BP_CALL on_events(void* self, const bp_event* first, uint32_t stride, uint32_t count) {
  const tiny* me = self;
  for (uint32_t i = 0; i < count; ++i) {
    const bp_event* event = BP_EVENT_AT(first, stride, i);
    if (event->type < BP_EV_MESSAGE) {
      me->core->complete(me->host, event->handle, BP_OK, NULL);
    }
  }
}

static const bp_plugin plugin = {sizeof plugin, 0,       BP_PLUGIN_ID, BP_PLUGIN_VERSION,
                                 create,        destroy, on_events,    NULL};
static const bp_plugin* const plugins[] = {&plugin};
__attribute__((section(".bp_manifest"), used)) static const char manifest[] = {BP_MANIFEST_BYTES};
BP_EXPORT const bp_entry bp_plugin_v1 = {BP_ENTRY_MAGIC, sizeof(bp_entry),
                                         BP_ABI_MAJOR,   0,
                                         BP_ABI_MINOR,   1,
                                         sizeof(void*),  0,
                                         BP_LAYOUT,      plugins,
                                         manifest,       sizeof manifest};
