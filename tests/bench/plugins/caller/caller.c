/* tests/bench/plugins/caller/caller.c - calls bench.echo: inline in a loop, or queued with the next
 * call made when the last was answered. */
#include "../instance.h"

typedef struct caller {
  bench_instance at;
  bp_svc service;
  uint64_t made;
} caller;

static void stop_short(caller* self, bp_status status) {
  bench_fail(&self->at, status);
  bench_finish(self->at.board);
}

static void took(caller* self, const bp_buf* reply) {
  bench_board* board = self->at.board;
  if (reply->size == 16) {
    board->sum += bench_sum(reply->data, 16);
  } else if (board->method != BENCH_INLINE_EMPTY) {
    bench_fail(&self->at, BP_E_CORRUPT);
  }
  ++board->handled;
}

/* Not inlined: its instructions are counted under its name. */
__attribute__((noinline)) static bp_status bench_call(caller* self, uint64_t count) {
  const bench_board* board = self->at.board;
  for (; count > 0; --count) {
    uint64_t words[2];
    bp_buf request = {words, sizeof words, sizeof words, 0};
    bp_buf reply = {NULL, 0, 0, 0};
    bp_call handle = 0;
    bench_fill(words, sizeof words, self->made);
    const bp_status status = self->at.svc->call(self->at.host, self->service, board->method,
                                                &request, 0, NULL, 1, &reply, &handle, NULL);
    ++self->made;
    if (status != BP_DONE) {
      return status;
    }
    took(self, &reply);
    if (reply.lease != 0) {
      self->at.chan->release(self->at.host, &reply);
    }
  }
  return BP_DONE;
}

static void go_on(caller* self) {
  bench_board* board = self->at.board;
  const uint64_t rest = board->total - self->made;
  bp_status status = BP_DONE;
  if (board->method == BENCH_QUEUED) {
    status = bench_call(self, 1); /* BP_EV_REPLY follows */
  } else {
    status = bench_call(self, rest < board->batch ? rest : board->batch);
  }
  if (status < 0 || (status == BP_OK && board->method != BENCH_QUEUED)) {
    stop_short(self, status < 0 ? status : BP_E_UNSUPPORTED);
  } else if (status == BP_DONE && self->made == board->total) {
    bench_finish(self->at.board);
  } else if (status == BP_DONE) {
    self->at.core->post(self->at.host, self->at.instance, 1);
  }
}

static void on_reply(caller* self, const bp_event* event) {
  if (event->status < 0) {
    stop_short(self, event->status);
    return;
  }
  took(self, &event->buf);
  if (self->made == self->at.board->total) {
    bench_finish(self->at.board);
  } else {
    go_on(self);
  }
}

BENCH_LIFE(caller)

static void BP_CALL on_events(void* self, const bp_event* first, uint32_t stride, uint32_t count) {
  caller* me = self;
  for (uint32_t i = 0; i < count; ++i) {
    const bp_event* event = BP_EVENT_AT(first, stride, i);
    if (event->type == BP_EV_REPLY) {
      on_reply(me, event);
    } else if (event->type == BP_EV_POSTED) {
      if (event->token == 0) {
        me->made = 0;
        me->at.board->begin_ns = bench_now_ns();
      }
      go_on(me);
    } else if (event->type == BP_EV_START) {
      bench_require(&me->at, "bench.echo", event->handle, &me->service);
    } else if (event->type < BP_EV_MESSAGE) {
      bench_complete(&me->at, event->handle, BP_OK, NULL);
    }
  }
}

BENCH_PLUGIN;
