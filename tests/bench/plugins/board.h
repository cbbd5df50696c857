/* tests/bench/plugins/board.h - what the bench program and its plugins share: one board an
 * instance.
 *
 * Bench plugins live in the program's process, so the address of a board travels as a number in the
 * instance's configuration. The program writes what is wanted while the instance is idle, wakes it
 * with core->post() (or the `go` semaphore of an own thread), and waits on `done`.
 */
#ifndef BENCH_BOARD_H
#define BENCH_BOARD_H

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backplane/abi/channel.h"
#include "backplane/abi/core.h"
#include "backplane/abi/plugin.h"
#include "backplane/abi/service.h"

#ifdef __cplusplus
#define BENCH_AS(type, value) (static_cast<type>(value))
extern "C" {
#else
#define BENCH_AS(type, value) ((type)(value))
#endif

/** What a round of a caller asks for: the methods of bench.echo. */
enum {
  BENCH_INLINE = 1,       /**< inline, answers with a lease */
  BENCH_QUEUED = 2,       /**< on the provider's strand */
  BENCH_INLINE_EMPTY = 3, /**< inline, answers nothing but OK */
  BENCH_METHODS = 3
};

typedef struct bench_board bench_board;

struct bench_board {
  /* Wanted; written while the instance is idle. */
  const char* in;  /**< channel to receive from */
  const char* out; /**< channel to send to */
  uint32_t kind;   /**< of both channels */
  uint32_t capacity;
  uint32_t message_bytes;
  uint32_t touch_bytes;  /**< how much of a message is written and read */
  uint32_t batch;        /**< messages or calls before the handler returns */
  uint32_t method;       /**< a caller's */
  uint32_t own_thread;   /**< a sender sends from a thread of its own */
  uint32_t processor;    /**< where that thread runs, plus 1; 0: anywhere */
  uint32_t in_place;     /**< messages are written where they stay: reserve() and send() */
  uint32_t mark_address; /**< the second word of a message is the address it was written at */
  uint32_t gap_ns;       /**< wait so long before each message; its first word is then the time */
  uint32_t ordered;      /**< a receiver checks that messages come in order */
  uint64_t total;        /**< of this round */
  bench_board* const* followers; /**< receivers that must not fall behind a whole channel */
  uint32_t n_followers;
  uint32_t stop;     /**< the own thread ends */
  uint32_t* samples; /**< room for `total` latencies in ns, with gap_ns */
  sem_t* done;
  sem_t go;

  /* Told by the plugin. */
  const bp_host* host;
  const bp_core* core;
  bp_inst instance;
  uint64_t begin_ns;
  uint64_t end_ns;
  uint64_t publish_ns; /**< time inside the publishing loop */
  uint64_t handled;    /**< messages received, calls answered; read by followers' senders */
  uint64_t sum;        /**< of every word touched */
  uint64_t missed;     /**< by lagging */
  uint64_t disorder;
  uint64_t copies; /**< messages that arrived at another address */
  int32_t failure; /**< the first bad status */
};

static inline uint64_t bench_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return BENCH_AS(uint64_t, now.tv_sec) * 1000000000u + BENCH_AS(uint64_t, now.tv_nsec);
}

/** Writes message number `seq`: word i is seq + i. */
static inline void bench_fill(void* to, uint32_t bytes, uint64_t seq) {
  uint64_t* words = BENCH_AS(uint64_t*, to);
  for (uint32_t i = 0; i < bytes / 8; ++i) {
    words[i] = seq + i;
  }
}

/** Reads a whole message. */
static inline uint64_t bench_sum(const void* from, uint32_t bytes) {
  const uint64_t* words = BENCH_AS(const uint64_t*, from);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < bytes / 8; ++i) {
    sum += words[i];
  }
  return sum;
}

/** What the sums of messages 0 .. total - 1 add up to. */
static inline uint64_t bench_expected(uint64_t total, uint32_t bytes) {
  const uint64_t words = bytes / 8;
  const uint64_t pairs = total % 2 == 0 ? total / 2 * (total - 1) : (total - 1) / 2 * total;
  return words * pairs + total * (words * (words - 1) / 2);
}

#ifdef __cplusplus
}
#endif
#endif
