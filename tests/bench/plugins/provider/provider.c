/* tests/bench/plugins/provider/provider.c - answers bench.echo: 16 bytes in, 16 bytes out, each
 * word one more than it was. */
#include "../instance.h"

typedef struct provider {
  bench_instance at;
  bp_svc service;
} provider;

static void answer(const bp_buf* request, uint64_t* words) {
  const uint64_t* asked = request->data;
  words[0] = asked[0] + 1;
  words[1] = asked[1] + 1;
}

static bp_status BP_CALL run_inline(void* argument, uint32_t method, const bp_buf* request,
                                    bp_buf* reply, bp_error* error) {
  provider* self = argument;
  (void)error;
  if (request->size != 16) {
    return BP_E_INVALID;
  }
  if (method == BENCH_INLINE_EMPTY) {
    self->at.board->sum += bench_sum(request->data, 16);
    return BP_OK;
  }
  answer(request, reply->data); /* the room that the host lends */
  reply->size = 16;
  return BP_OK;
}

static void on_call(provider* self, const bp_event* event) {
  uint64_t words[2] = {0, 0};
  bp_buf reply = {words, sizeof words, sizeof words, 0};
  if (event->buf.size != 16) {
    bench_fail(&self->at, BP_E_CORRUPT);
    return;
  }
  answer(&event->buf, words);
  const bp_status status = self->at.svc->reply(self->at.host, event->handle, BP_OK, &reply, NULL);
  if (status < 0) {
    bench_fail(&self->at, status);
  }
}

static void start(provider* self, bp_op op) {
  static const char* const names[BENCH_METHODS] = {"Inline", "Queued", "InlineEmpty"};
  bp_error error = {sizeof error, BP_OK, 0, 0, {0}};
  bp_method methods[BENCH_METHODS];
  memset(methods, 0, sizeof methods);
  for (uint32_t i = 0; i < BENCH_METHODS; ++i) {
    methods[i].struct_size = (uint32_t)sizeof methods[i];
    methods[i].id = i + 1;
    methods[i].name = bench_text(names[i]);
    methods[i].request_type = methods[i].reply_type = bench_text("bytes");
    if (i + 1 != BENCH_QUEUED) {
      methods[i].flags = BP_METHOD_INLINE;
      methods[i].inline_fn = run_inline;
    }
  }
  const bp_str name = bench_text("bench.echo");
  const bp_status status =
      self->at.svc->provide(self->at.host, self->at.instance, &name, 1, 0, methods,
                            sizeof methods[0], BENCH_METHODS, 1, &self->service, &error);
  bench_complete(&self->at, op, status, &error);
}

BENCH_LIFE(provider)

static void BP_CALL on_events(void* self, const bp_event* first, uint32_t stride, uint32_t count) {
  provider* me = self;
  for (uint32_t i = 0; i < count; ++i) {
    const bp_event* event = BP_EVENT_AT(first, stride, i);
    if (event->type == BP_EV_CALL) {
      on_call(me, event);
    } else if (event->type == BP_EV_START) {
      start(me, event->handle);
    } else if (event->type < BP_EV_MESSAGE) {
      bench_complete(&me->at, event->handle, BP_OK, NULL);
    }
  }
}

BENCH_PLUGIN;
