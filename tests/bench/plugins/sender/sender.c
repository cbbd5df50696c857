/* tests/bench/plugins/sender/sender.c - publishes numbered messages: on its strand, in batches, or
 * from a thread of its own. */
#include <pthread.h>
#include <sched.h>

#include "../instance.h"

typedef struct sender {
  bench_instance at;
  bp_chan out;
  const uint32_t* listeners; /* the activity word */
  uint64_t sent;
  int blocked; /* on its strand: refused for want of credit */
  pthread_t thread;
} sender;

enum { COPIES_AT_ONCE = 32, COPY_WORDS_MAX = 8 };

/* Small messages, a handful at a time. */
static bp_status publish_copies(sender* self, uint64_t count) {
  const bench_board* board = self->at.board;
  const bp_chan_api* chan = self->at.chan;
  const bp_host* host = self->at.host;
  const uint32_t bytes = board->message_bytes;
  uint64_t words[COPIES_AT_ONCE][COPY_WORDS_MAX];
  bp_buf messages[COPIES_AT_ONCE];
  for (uint32_t i = 0; i < COPIES_AT_ONCE; ++i) {
    messages[i] = (bp_buf){words[i], bytes, bytes, 0};
  }
  while (count > 0) {
    const uint32_t some = count < COPIES_AT_ONCE ? (uint32_t)count : COPIES_AT_ONCE;
    for (uint32_t i = 0; i < some; ++i) {
      bench_fill(words[i], bytes, self->sent + i);
    }
    uint32_t taken = 0;
    const bp_status status = chan->publish(host, self->out, messages, some, &taken);
    self->sent += taken;
    count -= taken;
    if (status < 0) {
      return status;
    }
  }
  return BP_OK;
}

static bp_status publish_in_place(sender* self, uint64_t count) {
  const bench_board* board = self->at.board;
  const bp_chan_api* chan = self->at.chan;
  const bp_host* host = self->at.host;
  for (; count > 0; --count, ++self->sent) {
    bp_buf lease;
    bp_status status = chan->reserve(host, self->out, board->message_bytes, &lease);
    if (status < 0) {
      return status;
    }
    bench_fill(lease.data, board->touch_bytes, self->sent);
    if (board->mark_address) {
      ((uint64_t*)lease.data)[1] = (uintptr_t)lease.data;
    }
    if (board->gap_ns != 0) {
      ((uint64_t*)lease.data)[0] = bench_now_ns();
    }
    lease.size = board->message_bytes;
    status = chan->send(host, self->out, &lease);
    if (status < 0) {
      chan->release(host, &lease);
      return status;
    }
  }
  return BP_OK;
}

/* Not inlined: its instructions are counted under its name. */
__attribute__((noinline)) static bp_status bench_publish(sender* self, uint64_t count) {
  if (self->at.board->kind == BP_KIND_BROADCAST) {
    /* Each message asks whether anybody listens. */
    for (; count > 0 && __atomic_load_n(self->listeners, __ATOMIC_RELAXED) == 0; --count) {
      ++self->sent;
    }
  }
  return self->at.board->in_place ? publish_in_place(self, count) : publish_copies(self, count);
}

/* May the next batch be published without anybody losing a message? */
static int followed(const sender* self) {
  const bench_board* board = self->at.board;
  for (uint32_t i = 0; i < board->n_followers; ++i) {
    const uint64_t handled = __atomic_load_n(&board->followers[i]->handled, __ATOMIC_ACQUIRE);
    if (self->sent - handled + board->batch > board->capacity) {
      return 0;
    }
  }
  return 1;
}

static void go_on(sender* self) {
  bench_board* board = self->at.board;
  if (followed(self)) {
    const uint64_t rest = board->total - self->sent;
    const uint64_t before = bench_now_ns();
    const bp_status status = bench_publish(self, rest < board->batch ? rest : board->batch);
    const uint64_t after = bench_now_ns();
    board->publish_ns += after - before;
    if (status == BP_E_WOULD_BLOCK) {
      self->blocked = 1;
      return; /* BP_EV_WRITABLE follows */
    }
    if (status < 0) {
      bench_fail(&self->at, status);
      sem_post(board->done);
      return;
    }
  }
  if (self->sent < board->total) {
    self->at.core->post(self->at.host, self->at.instance, 1);
  } else {
    bench_finish(board);
  }
}

static void begin(sender* self) {
  self->sent = 0;
  self->at.board->begin_ns = bench_now_ns();
}

/* Spins until whoever was woken last must have gone to sleep again. */
static void let_them_sleep(const bench_board* board, uint64_t sent) {
  while (__atomic_load_n(&board->followers[0]->handled, __ATOMIC_ACQUIRE) < sent) {
  }
  const uint64_t until = bench_now_ns() + board->gap_ns;
  while (bench_now_ns() < until) {
  }
}

static void send_round(sender* self) {
  bench_board* board = self->at.board;
  begin(self);
  while (self->sent < board->total) {
    if (board->gap_ns != 0) {
      let_them_sleep(board, self->sent);
    }
    const uint64_t rest = board->total - self->sent;
    bp_status status = bench_publish(self, board->gap_ns != 0 ? 1 : rest);
    if (status == BP_E_WOULD_BLOCK) {
      const uint64_t deadline = self->at.core->now_ns(self->at.host) + 10000000000u;
      status = self->at.chan->wait_writable(self->at.host, self->out, deadline);
    }
    if (status < 0) {
      bench_fail(&self->at, status);
      break;
    }
  }
  bench_finish(board);
}

static void settle_on(uint32_t processor) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  sched_setaffinity(0, sizeof one, &one);
}

static void* own_thread(void* argument) {
  sender* self = argument;
  if (self->at.board->processor != 0) {
    settle_on(self->at.board->processor - 1);
  }
  for (;;) {
    while (sem_wait(&self->at.board->go) != 0) {
    }
    if (__atomic_load_n(&self->at.board->stop, __ATOMIC_ACQUIRE)) {
      return NULL;
    }
    send_round(self);
  }
}

static void start(sender* self, bp_op op) {
  bp_error error = {sizeof error, BP_OK, 0, 0, {0}};
  bench_board* board = self->at.board;
  bp_status status = bench_open(&self->at, board->out, BP_DIR_SEND, &self->out, &error);
  if (status >= 0) {
    status = self->at.chan->activity(self->at.host, self->out, &self->listeners);
  }
  if (status >= 0 && board->own_thread &&
      pthread_create(&self->thread, NULL, own_thread, self) != 0) {
    status = BP_E_NO_MEMORY;
  }
  bench_complete(&self->at, op, status, &error);
}

static void stop(sender* self, bp_op op) {
  bench_board* board = self->at.board;
  if (board->own_thread) {
    __atomic_store_n(&board->stop, 1, __ATOMIC_RELEASE);
    sem_post(&board->go);
    pthread_join(self->thread, NULL);
  }
  bench_complete(&self->at, op, BP_OK, NULL);
}

BENCH_LIFE(sender)

static void BP_CALL on_events(void* self, const bp_event* first, uint32_t stride, uint32_t count) {
  sender* me = self;
  for (uint32_t i = 0; i < count; ++i) {
    const bp_event* event = BP_EVENT_AT(first, stride, i);
    if (event->type == BP_EV_POSTED) {
      if (event->token == 0) {
        begin(me);
      }
      go_on(me);
    } else if (event->type == BP_EV_WRITABLE) {
      /* It also comes when the host was short of credit for a moment that we did not see. */
      if (me->blocked && !me->at.board->own_thread) {
        me->blocked = 0;
        go_on(me);
      }
    } else if (event->type == BP_EV_START) {
      start(me, event->handle);
    } else if (event->type == BP_EV_STOP) {
      stop(me, event->handle);
    } else if (event->type < BP_EV_MESSAGE) {
      bench_complete(&me->at, event->handle, BP_OK, NULL);
    }
  }
}

BENCH_PLUGIN;
