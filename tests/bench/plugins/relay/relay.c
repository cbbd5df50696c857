/* tests/bench/plugins/relay/relay.c - passes every message on as the lease it came in. */
#include "../instance.h"

enum { PENDING_MAX = 4096 }; /* messages taken while the next channel is full; above: a failure */

typedef struct relay {
  bench_instance at;
  bp_chan in, out;
  uint32_t first, n_pending;
  bp_buf pending[PENDING_MAX];
} relay;

static void flush(relay* self) {
  while (self->n_pending > 0) {
    const bp_status status =
        self->at.chan->send(self->at.host, self->out, &self->pending[self->first]);
    if (status == BP_E_WOULD_BLOCK) {
      return; /* BP_EV_WRITABLE follows */
    }
    if (status < 0) {
      bench_fail(&self->at, status);
    }
    self->first = (self->first + 1) % PENDING_MAX;
    --self->n_pending;
  }
}

static void pass_on(relay* self, bp_buf lease) {
  bp_status status = self->at.chan->retain(self->at.host, &lease);
  if (status >= 0 && self->n_pending == 0) {
    status = self->at.chan->send(self->at.host, self->out, &lease);
    if (status != BP_E_WOULD_BLOCK) {
      if (status < 0) {
        bench_fail(&self->at, status);
      }
      return;
    }
    status = BP_OK;
  }
  if (status < 0 || self->n_pending == PENDING_MAX) {
    bench_fail(&self->at, status < 0 ? status : BP_E_FULL);
    return;
  }
  self->pending[(self->first + self->n_pending++) % PENDING_MAX] = lease;
}

static void start(relay* self, bp_op op) {
  bp_error error = {sizeof error, BP_OK, 0, 0, {0}};
  const bench_board* board = self->at.board;
  bp_status status = bench_open(&self->at, board->out, BP_DIR_SEND, &self->out, &error);
  if (status >= 0) {
    status = bench_open(&self->at, board->in, BP_DIR_RECEIVE, &self->in, &error);
  }
  bench_complete(&self->at, op, status, &error);
}

BENCH_LIFE(relay)

static void BP_CALL on_events(void* self, const bp_event* first, uint32_t stride, uint32_t count) {
  relay* me = self;
  for (uint32_t i = 0; i < count; ++i) {
    const bp_event* event = BP_EVENT_AT(first, stride, i);
    if (event->type == BP_EV_MESSAGE) {
      pass_on(me, event->buf);
    } else if (event->type == BP_EV_WRITABLE) {
      flush(me);
    } else if (event->type == BP_EV_START) {
      start(me, event->handle);
    } else if (event->type < BP_EV_MESSAGE) {
      bench_complete(&me->at, event->handle, BP_OK, NULL);
    }
  }
}

BENCH_PLUGIN;
