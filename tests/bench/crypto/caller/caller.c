/* tests/bench/crypto/caller/caller.c - calls an inline method of bp.crypto.aead in a loop, always
 * with the request that lies at `in` (`message_bytes`); the last reply is copied to `out`. */
#include "../../plugins/instance.h"

typedef struct crypto_caller {
  bench_instance at;
  bp_svc service;
  uint64_t made;
} crypto_caller;

static bp_status call_many(crypto_caller* self, uint64_t count) {
  bench_board* board = self->at.board;
  for (; count > 0; --count) {
    bp_buf request = {(void*)(uintptr_t)board->in, board->message_bytes, board->message_bytes, 0};
    bp_buf reply = {NULL, 0, 0, 0};
    bp_call handle = 0;
    const bp_status status = self->at.svc->call(self->at.host, self->service, board->method,
                                                &request, 0, NULL, 1, &reply, &handle, NULL);
    if (status != BP_DONE) {
      return status < 0 ? status : BP_E_UNSUPPORTED;
    }
    ++self->made;
    ++board->handled;
    board->sum += reply.size;
    if (self->made == board->total) {
      memcpy((void*)(uintptr_t)board->out, reply.data, reply.size);
    }
    if (reply.lease != 0) {
      self->at.chan->release(self->at.host, &reply);
    }
  }
  return BP_DONE;
}

static void go_on(crypto_caller* self) {
  bench_board* board = self->at.board;
  const uint64_t rest = board->total - self->made;
  const bp_status status = call_many(self, rest < board->batch ? rest : board->batch);
  if (status < 0) {
    bench_fail(&self->at, status);
  }
  if (status < 0 || self->made == board->total) {
    bench_finish(self->at.board);
  } else {
    self->at.core->post(self->at.host, self->at.instance, 1);
  }
}

BENCH_LIFE(crypto_caller)

static void BP_CALL on_events(void* self, const bp_event* first, uint32_t stride, uint32_t count) {
  crypto_caller* me = self;
  for (uint32_t i = 0; i < count; ++i) {
    const bp_event* event = BP_EVENT_AT(first, stride, i);
    if (event->type == BP_EV_POSTED) {
      if (event->token == 0) {
        me->made = 0;
        me->at.board->begin_ns = bench_now_ns();
      }
      go_on(me);
    } else if (event->type == BP_EV_START) {
      bench_require(&me->at, "bp.crypto.aead", event->handle, &me->service);
    } else if (event->type < BP_EV_MESSAGE) {
      bench_complete(&me->at, event->handle, BP_OK, NULL);
    }
  }
}

BENCH_PLUGIN;
