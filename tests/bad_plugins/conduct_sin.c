/* tests/bad_plugins/conduct_sin.c - a well-built plugin that breaks the rules while it runs.
 *
 * What the host answered to each sin is logged as "sin answered" with the pairs sin=<what>,
 * status=<number>; an answer that lets the sin through is reported with core->fault() as well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backplane/abi/channel.h"
#include "backplane/abi/core.h"

#include "entry.h"

struct sinner {
  const bp_host* host;
  const bp_core* core;
  const bp_chan_api* channels;
  bp_inst instance;
  bp_chan out;
};

static bp_str text_of(const char* text) {
  const bp_str result = {text, strlen(text)};
  return result;
}

static inline void report(const struct sinner* self, const char* sin, bp_status status) {
  char number[16];
  snprintf(number, sizeof number, "%d", (int)status);
  const bp_str message = text_of("sin answered");
  const bp_str pairs[] = {text_of("sin"), text_of(sin), text_of("status"), text_of(number)};
  self->core->log(self->host, self->instance, BP_LOG_INFO, &message, pairs, 2, NULL);
  if (status >= 0) {
    bp_error error = {(uint32_t)sizeof error, BP_E_UNKNOWN, 0, 0, {0}};
    error.text_len =
        (uint32_t)snprintf(error.text, sizeof error.text, "the host allowed: %s", sin) + 1;
    self->core->fault(self->host, self->instance, &error);
  }
}

static inline bp_status open_out(struct sinner* self, bp_error* error) {
  bp_chan_desc desc;
  memset(&desc, 0, sizeof desc);
  desc.struct_size = (uint32_t)sizeof desc;
  desc.kind = BP_KIND_BROADCAST;
  desc.direction = BP_DIR_SEND;
  desc.name = text_of("bad.out");
  desc.type = text_of("bytes");
  return self->channels->open(self->host, self->instance, &desc, 7, &self->out, error);
}

static inline bp_status send_hello(const struct sinner* self, bp_chan channel) {
  bp_buf lease;
  memset(&lease, 0, sizeof lease);
  bp_status status = self->channels->reserve(self->host, channel, 5, &lease);
  if (status < 0) {
    return status;
  }
  memcpy(lease.data, "hello", 5);
  lease.size = 5;
  status = self->channels->send(self->host, channel, &lease);
  if (lease.lease != 0) {
    self->channels->release(self->host, &lease);
  }
  return status;
}

static void on_start(struct sinner* self, const bp_event* event) {
#ifdef SIN_NEVER_COMPLETES
  (void)self;
  (void)event;
#else
  bp_error error;
  memset(&error, 0, sizeof error);
  error.struct_size = (uint32_t)sizeof error;
  const bp_status status = open_out(self, &error);
  if (status < 0) {
    self->core->complete(self->host, event->handle, status, &error);
    return;
  }
#ifdef SIN_STALE_HANDLE
  const bp_chan closed = self->out;
  self->channels->close(self->host, closed);
  report(self, "send to a closed end", send_hello(self, closed));
  report(self, "send to an invented handle", send_hello(self, 0x0123456789abcdefu));
  report(self, "send to no handle", send_hello(self, 0));
  report(self, "close twice", self->channels->close(self->host, closed));
  bp_buf forged = {(void*)8, 64, 64, 0xfedcba9876543210u};
  report(self, "release an invented lease", self->channels->release(self->host, &forged));
#endif
  self->core->complete(self->host, event->handle, BP_OK, NULL);
#ifdef SIN_COMPLETES_TWICE
  report(self, "complete twice", self->core->complete(self->host, event->handle, BP_OK, NULL));
#endif
#endif
}

static void on_stop(const struct sinner* self, const bp_event* event) {
  self->core->complete(self->host, event->handle, BP_OK, NULL);
#ifdef SIN_SENDS_AFTER_STOP
  report(self, "send after stop", send_hello(self, self->out));
#endif
}

static bp_status BP_CALL create(const bp_host* host, bp_inst instance, void** self,
                                bp_error* error) {
  struct sinner* made = calloc(1, sizeof *made);
  (void)error;
  if (made == NULL) {
    return BP_E_NO_MEMORY;
  }
  made->host = host;
  made->core = host->query(host, BP_CORE_ID);
  made->channels = host->query(host, BP_CHAN_ID);
  made->instance = instance;
  *self = made;
  return BP_OK;
}

static void BP_CALL destroy(void* self) {
  free(self);
}

static void BP_CALL on_events(void* self, const bp_event* first, uint32_t stride, uint32_t count) {
  struct sinner* sinner = self;
  for (uint32_t i = 0; i < count; ++i) {
    const bp_event* event = BP_EVENT_AT(first, stride, i);
    if (event->type == BP_EV_START) {
      on_start(sinner, event);
    } else if (event->type == BP_EV_STOP) {
      on_stop(sinner, event);
    } else if (event->type < BP_EV_MESSAGE) {
      sinner->core->complete(sinner->host, event->handle, BP_OK, NULL);
    }
  }
}
