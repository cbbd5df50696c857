/* tests/bench/storage/caller/caller.c - calls a method of bp.storage.kv with many calls under way:
 * each answer makes the next call.
 *
 * Its board: `in` is a whole request of `message_bytes`, in which the 16 digits at `touch_bytes`
 * are the key; `method` is called `total` times, `batch` at once; `capacity` is how many keys there
 * are to choose from, 0: each call has a new one, which begins with `processor`. */
#include "../../plugins/instance.h"

enum { CALLER_REQUEST_BYTES_MAX = 4096, CALLER_KEY_DIGITS = 16, CALLER_NUMBER_SHIFT = 48 };

typedef struct caller {
  bench_instance at;
  bp_svc service;
  uint64_t made; /* of this round */
  uint64_t ever; /* keys made, over all rounds */
  uint64_t random;
  unsigned char request[CALLER_REQUEST_BYTES_MAX];
} caller;

static void write_key(caller* self) {
  const bench_board* board = self->at.board;
  uint64_t number = 0;
  if (board->capacity != 0) {
    self->random = self->random * 6364136223846793005u + 1442695040888963407u;
    number = (self->random >> 33) % board->capacity;
  } else {
    number = (uint64_t)board->processor << CALLER_NUMBER_SHIFT | self->ever++;
  }
  unsigned char* last = self->request + board->touch_bytes + CALLER_KEY_DIGITS;
  for (unsigned digit = 0; digit < CALLER_KEY_DIGITS; ++digit, number >>= 4) {
    *--last = (unsigned char)"0123456789abcdef"[number & 15];
  }
}

/* One more call. An answer that is there at once cannot be: the method is queued. */
static void call_once(caller* self) {
  const bench_board* board = self->at.board;
  bp_buf request = {self->request, board->message_bytes, board->message_bytes, 0};
  bp_buf reply = {NULL, 0, 0, 0};
  bp_call handle = 0;
  write_key(self);
  const bp_status status = self->at.svc->call(self->at.host, self->service, board->method, &request,
                                              0, NULL, 1, &reply, &handle, NULL);
  ++self->made;
  if (status != BP_OK) {
    bench_fail(&self->at, status < 0 ? status : BP_E_UNSUPPORTED);
    bench_finish(self->at.board);
  }
}

static void begin(caller* self) {
  bench_board* board = self->at.board;
  if (board->message_bytes > CALLER_REQUEST_BYTES_MAX) {
    bench_fail(&self->at, BP_E_TOO_LARGE);
    bench_finish(self->at.board);
    return;
  }
  memcpy(self->request, board->in, board->message_bytes);
  self->made = 0;
  board->begin_ns = bench_now_ns();
  while (self->made < board->batch && self->made < board->total && board->failure == 0) {
    call_once(self);
  }
}

static void on_reply(caller* self, const bp_event* event) {
  bench_board* board = self->at.board;
  if (board->failure != 0) {
    return;
  }
  if (event->status < 0) {
    bench_fail(&self->at, event->status);
    bench_finish(self->at.board);
    return;
  }
  board->sum += event->buf.size;
  if (++board->handled == board->total) {
    bench_finish(self->at.board);
  } else if (self->made < board->total) {
    call_once(self);
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
      begin(me);
    } else if (event->type == BP_EV_START) {
      bench_require(&me->at, "bp.storage.kv", event->handle, &me->service);
    } else if (event->type < BP_EV_MESSAGE) {
      bench_complete(&me->at, event->handle, BP_OK, NULL);
    }
  }
}

BENCH_PLUGIN;
