/* plugin.c - passes every message of "relay.in" on to "relay.out", without a copy. */
#include <stdlib.h>

#include "backplane/backplane.h"

#include "backplane_manifest.h" /* made from plugin.json by the build */

typedef struct relay {
  const bp_host* host;
  const bp_core* core;
  const bp_chan_api* chan;
  bp_inst instance;
  bp_chan in, out;
} relay;

static bp_status BP_CALL create(const bp_host* host, bp_inst instance, void** self,
                                bp_error* error) {
  const bp_core* core = host->query(host, BP_CORE_ID);
  const bp_chan_api* chan = host->query(host, BP_CHAN_ID);
  relay* made = calloc(1, sizeof *made);
  (void)error;
  if (!made) {
    return BP_E_NO_MEMORY;
  }
  if (!BP_HAS(bp_core, core, complete) || !BP_HAS(bp_chan_api, chan, nack)) {
    free(made);
    return BP_E_UNSUPPORTED;
  }
  made->host = host, made->core = core, made->chan = chan, made->instance = instance;
  *self = made;
  return BP_OK;
}

static void BP_CALL destroy(void* self) {
  free(self);
}

static void start(relay* self, bp_op op) {
  bp_error error = {sizeof error, BP_OK, 0, 0, {0}};
  bp_chan_desc in = {
      sizeof in, BP_KIND_QUEUE, BP_DIR_RECEIVE, 0, {"relay.in", 8}, {"bytes", 5}, 0, 0, 0, 0, 0};
  bp_chan_desc out = {
      sizeof out, BP_KIND_BROADCAST, BP_DIR_SEND, 0, {"relay.out", 9}, {"bytes", 5}, 0, 0, 0, 0, 0};
  bp_status status = self->chan->open(self->host, self->instance, &out, 0, &self->out, &error);
  if (status >= 0) {
    status = self->chan->open(self->host, self->instance, &in, 0, &self->in, &error);
  }
  self->core->complete(self->host, op, status, &error);
}

static void pass_on(relay* self, bp_buf lease) {
  if (self->chan->retain(self->host, &lease) < 0) {
    return; /* returning acknowledges it */
  }
  bp_status status = self->chan->send(self->host, self->out, &lease);
  if (lease.lease) {
    self->chan->nack(self->host, &lease, 1000000, status, NULL); /* again in 1 ms */
  }
}

static void BP_CALL on_events(void* self, const bp_event* first, uint32_t stride, uint32_t count) {
  relay* me = self;
  for (uint32_t i = 0; i < count; ++i) {
    const bp_event* event = BP_EVENT_AT(first, stride, i);
    if (event->type == BP_EV_START) {
      start(me, event->handle);
    } else if (event->type == BP_EV_MESSAGE) {
      pass_on(me, event->buf);
    } else if (event->type < BP_EV_MESSAGE) { /* STOP, QUIESCE, ...: nothing to be done */
      me->core->complete(me->host, event->handle,
                         event->type == BP_EV_CONFIG ? BP_E_UNSUPPORTED : BP_OK, NULL);
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
