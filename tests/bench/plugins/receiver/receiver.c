/* tests/bench/plugins/receiver/receiver.c - reads every word of every message, in on_events. */
#include "../instance.h"

typedef struct receiver {
  bench_instance at;
  bp_chan in;
  uint64_t next;
} receiver;

static void finish_when_done(bench_board* board) {
  if (board->handled + board->missed == board->total) {
    bench_finish(board);
  }
}

/* Not inlined: it is what the plugin itself costs. */
__attribute__((noinline)) static void bench_read(receiver* self, const bp_buf* message) {
  bench_board* board = self->at.board;
  const uint64_t* words = message->data;
  if (board->gap_ns != 0) {
    board->samples[board->handled] = (uint32_t)(bench_now_ns() - words[0]);
    board->sum += bench_sum(words, board->touch_bytes) - words[0] + board->handled;
    return;
  }
  if (board->ordered) {
    board->disorder |= words[0] ^ self->next++;
  }
  uint64_t sum = bench_sum(words, board->touch_bytes);
  if (board->mark_address) {
    board->copies += words[1] != (uintptr_t)words;
    sum += words[0] + 1 - words[1];
  }
  board->sum += sum;
}

static void take(receiver* self, const bp_event* event) {
  bench_board* board = self->at.board;
  if (board->handled + board->missed == 0) {
    self->next = 0;
  }
  if (event->buf.size != board->message_bytes) {
    bench_fail(&self->at, BP_E_CORRUPT);
  } else {
    bench_read(self, &event->buf);
  }
  __atomic_store_n(&board->handled, board->handled + 1, __ATOMIC_RELEASE);
  finish_when_done(board);
}

/* The usual messages of a batch from `i` on: every word is read, and the order checked. Answers the
 * first that is something else. */
static uint32_t take_run(receiver* self, const bp_event* first, uint32_t stride, uint32_t i,
                         uint32_t count) {
  bench_board* board = self->at.board;
  const uint64_t size = board->message_bytes;
  const uint32_t touch = board->touch_bytes;
  const uint32_t from = i;
  uint64_t sum = 0;
  uint64_t disorder = 0;
  uint64_t next = board->handled + board->missed == 0 ? 0 : self->next;
  for (; i < count; ++i) {
    const bp_event* event = BP_EVENT_AT(first, stride, i);
    if (event->type != BP_EV_MESSAGE || event->buf.size != size) {
      break;
    }
    const uint64_t* words = event->buf.data;
    disorder |= words[0] ^ next++;
    sum += touch == 16 ? words[0] + words[1] : bench_sum(words, touch);
  }
  self->next = next;
  board->disorder |= board->ordered ? disorder : 0;
  board->sum += sum;
  __atomic_store_n(&board->handled, board->handled + (i - from), __ATOMIC_RELEASE);
  if (i > from) {
    finish_when_done(board);
  }
  return i;
}

static void start(receiver* self, bp_op op) {
  bp_error error = {sizeof error, BP_OK, 0, 0, {0}};
  const bp_status status =
      bench_open(&self->at, self->at.board->in, BP_DIR_RECEIVE, &self->in, &error);
  bench_complete(&self->at, op, status, &error);
}

BENCH_LIFE(receiver)

static void BP_CALL on_events(void* self, const bp_event* first, uint32_t stride, uint32_t count) {
  receiver* me = self;
  const bench_board* board = me->at.board;
  const int usual = board->gap_ns == 0 && !board->mark_address;
  for (uint32_t i = 0; i < count; ++i) {
    if (usual) {
      i = take_run(me, first, stride, i, count);
      if (i == count) {
        break;
      }
    }
    const bp_event* event = BP_EVENT_AT(first, stride, i);
    if (event->type == BP_EV_MESSAGE) {
      take(me, event);
    } else if (event->type == BP_EV_LAGGED) {
      me->at.board->missed += event->seq;
      finish_when_done(me->at.board);
    } else if (event->type == BP_EV_START) {
      start(me, event->handle);
    } else if (event->type < BP_EV_MESSAGE) {
      bench_complete(&me->at, event->handle, BP_OK, NULL);
    }
  }
}

BENCH_PLUGIN;
