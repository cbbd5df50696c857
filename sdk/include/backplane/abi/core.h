/* backplane/abi/core.h - bp.core/1: time, lifecycle, logging, timers, work, memory. */
#ifndef BACKPLANE_ABI_CORE_H
#define BACKPLANE_ABI_CORE_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BP_CORE_ID "bp.core/1"

/** Log levels. */
enum {
  BP_LOG_TRACE = 0,
  BP_LOG_DEBUG = 1,
  BP_LOG_INFO = 2,
  BP_LOG_WARN = 3,
  BP_LOG_ERROR = 4,
  BP_LOG_OFF = 5
};

#define BP_LOG_TEXT_BYTES_MAX 16384u /**< longer messages and values are cut */
#define BP_LOG_PAIRS_MAX 64u         /**< more key/value pairs are left out */
#define BP_TIMERS_MAX 131072u        /**< timers of one instance */

/** The table. Every function takes the bp_host* that create() was given. */
typedef struct bp_core {
  uint32_t struct_size;
  uint32_t reserved;

  /** Monotonic time in ns; all deadlines of the law are points of this clock.
      Thread: any. Blocks: no. Owns: nothing. Errors: none. Since: 1.0 */
  uint64_t(BP_CALL* now_ns)(const bp_host* host);

  /** Finish the lifecycle operation of an event of type 1..15, once. `error` may be NULL.
      Thread: any. Blocks: no. Owns: `error` is the caller's, copied.
      Errors: STALE when it was completed before or its deadline passed. Since: 1.0 */
  bp_status(BP_CALL* complete)(const bp_host* host, bp_op op, bp_status status,
                               const bp_error* error);

  /** Report a failure that is nobody's reply (a panic in a handler, a lost device). Supervision
      sees it and restarts the instance by its policy; the call itself returns at once.
      Thread: any. Blocks: no. Owns: `error` is the caller's, copied. Errors: STALE. Since: 1.0 */
  bp_status(BP_CALL* fault)(const bp_host* host, bp_inst instance, const bp_error* error);

  /** Wake the instance's strand: BP_EV_POSTED with `token`. Posts are not merged.
      Thread: any. Blocks: no. Owns: nothing.
      Errors: STALE, STATE after STOP was completed. Since: 1.0 */
  bp_status(BP_CALL* post)(const bp_host* host, bp_inst instance, uint64_t token);

  /** The instance's configuration: JSON text, checked against the embedded schema, defaults filled
      in.
      Thread: strand (also in create). Blocks: no. Owns: the host's, valid until the next
      BP_EV_CONFIG is completed. Errors: STALE. Since: 1.0 */
  bp_status(BP_CALL* config)(const bp_host* host, bp_inst instance, bp_str* json);

  /** A fact about where the instance runs: "instance.id", "instance.data_dir" (absolute, exists,
      private to this instance), "host.name", "host.version".
      Thread: any. Blocks: no. Owns: the host's, valid as long as the instance.
      Errors: STALE, NOT_FOUND for an unknown name. Since: 1.0 */
  bp_status(BP_CALL* property)(const bp_host* host, bp_inst instance, const bp_str* name,
                               bp_str* value);

  /** The lowest level that is written for this instance now; skip formatting below it.
      Thread: any. Blocks: no. Owns: nothing. Errors: BP_LOG_OFF. Since: 1.0 */
  uint32_t(BP_CALL* log_level)(const bp_host* host);

  /** Write one line. `pairs` holds 2 * n_pairs strings: key, value, key, value, ... `trace` (24
      bytes) may be NULL. Never waits: what does not fit the queue is dropped and counted.
      Thread: any. Blocks: no. Owns: all text is the caller's, copied. Errors: none. Since: 1.0 */
  void(BP_CALL* log)(const bp_host* host, bp_inst instance, uint32_t level, const bp_str* message,
                     const bp_str* pairs, uint32_t n_pairs, const uint8_t* trace);

  /** Run fn(argument) on the host's bounded blocking pool in this process, then BP_EV_WORK_DONE
      with `token`. STOP waits for running jobs; a job that has not begun when the instance stops is
      not run and its WORK_DONE comes with status CANCELLED.
      Thread: any. Blocks: no. Owns: `argument` is the caller's until WORK_DONE. fn must not throw.
      Errors: STALE, STATE, BUSY when the pool's queue is full. Since: 1.0 */
  bp_status(BP_CALL* run_blocking)(const bp_host* host, bp_inst instance,
                                   void(BP_CALL* fn)(void* argument), void* argument,
                                   uint64_t token);

  /** BP_EV_TIMER with `token` at `at_ns`, then each `every_ns` (0: once). Expirations missed
      meanwhile are merged into one event. A one-shot timer's handle is stale after its event.
      Thread: any. Blocks: no. Owns: nothing.
      Errors: STALE, STATE, BUSY above BP_TIMERS_MAX. Since: 1.0 */
  bp_status(BP_CALL* timer)(const bp_host* host, bp_inst instance, uint64_t at_ns,
                            uint64_t every_ns, uint64_t token, bp_timer* out_timer);

  /** Stop a timer. On the strand, no event of it comes after this returned.
      Thread: any. Blocks: no. Owns: nothing. Errors: STALE. Since: 1.0 */
  bp_status(BP_CALL* cancel_timer)(const bp_host* host, bp_timer timer);

  /** Borrow message memory from the slab, for a request, a reply or a message to be sent later.
      Give it to send/call/reply or back to chan->release().
      Thread: any. Blocks: no. Owns: the caller's until given on or released.
      Errors: STALE, TOO_LARGE above BP_MESSAGE_BYTES_MAX, NO_MEMORY above the instance's limit.
      Since: 1.0 */
  bp_status(BP_CALL* alloc)(const bp_host* host, bp_inst instance, uint64_t size,
                            bp_buf* out_lease);
} bp_core;

BP_STATIC_ASSERT(sizeof(bp_core) == 104 && offsetof(bp_core, now_ns) == 8 &&
                     offsetof(bp_core, alloc) == 96,
                 "bp_core");

#ifdef __cplusplus
}
#endif
#endif
