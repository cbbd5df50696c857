/* backplane/abi/service.h - bp.svc/1: named, versioned methods, called with a deadline. */
#ifndef BACKPLANE_ABI_SERVICE_H
#define BACKPLANE_ABI_SERVICE_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BP_SVC_ID "bp.svc/1"

#define BP_METHODS_MAX 256u          /**< methods of one service */
#define BP_CALLS_MAX 65536u          /**< open calls made by one instance */
#define BP_INLINE_REPLY_BYTES 256u   /**< room for its reply that an inline method is lent */
#define BP_METHOD_QUEUE_MAX 4096u    /**< undelivered calls waiting for one instance, then BUSY */
#define BP_INSTANCE_ID_BYTES_MAX 64u /**< of the id that the manifest gives an instance */
#define BP_METHOD_QUEUE_NONE 0xFFFFFFFFu /**< queue_max: no call waits */

/** Method flags. */
enum {
  BP_METHOD_INLINE = 1 /**< has inline_fn: thread-safe, never blocks or suspends */
};

/** One method of a service. */
typedef struct bp_method {
  uint32_t struct_size;
  uint32_t id;    /**< fixed for good within a service's major version; > 0 */
  uint32_t flags; /**< BP_METHOD_* */

  /** Never more calls of this method are with the provider at once: brought by BP_EV_CALL, and
      neither answered by reply() nor taken back by BP_EV_CALL_CANCELLED. Further ones wait in the
      host, in their order, while other methods go on; a waiting call that is cancelled or too late
      is never seen. 0: no limit. For methods that suspend; not with BP_METHOD_INLINE, whose callers
      lend their own threads: INVALID. Since: 1.0 */
  uint32_t concurrency_max;
  bp_str name;         /**< "Insert" */
  bp_str request_type; /**< full name of a FlatBuffers table, or "bytes" */
  bp_str reply_type;

  /** With BP_METHOD_INLINE: run the method on the caller's thread. `reply` starts with size 0,
      lease 0 and BP_INLINE_REPLY_BYTES (capacity) of room at `data`: write there and set `size`, or
      replace all of it by a lease of core->alloc(), or leave it as it is (an empty reply). On an
     error fill `error` and return the code. Never called when the provider's instance is already on
     this thread's call stack (then BP_EV_CALL comes instead), nor after STOP was completed. There
     is no preemptive deadline. Thread: any, many at once. Blocks: never. Owns: `request` is lent
     for the call; the reply's lease becomes the host's. Errors: any. Since: 1.0 */
  bp_status(BP_CALL* inline_fn)(void* self, uint32_t method, const bp_buf* request, bp_buf* reply,
                                bp_error* error);
  void* inline_self; /**< first argument of inline_fn; NULL: the instance's `self` */

  /** With concurrency_max: how many calls wait for their turn at most; more are answered BUSY at
      once, naming both limits. 0: BP_METHOD_QUEUE_MAX, which is also the most (and counted apart
      from other methods'); BP_METHOD_QUEUE_NONE: none. When the service ends, those that wait end
     ABANDONED. Since: 1.0 */
  uint32_t queue_max;
  uint32_t reserved; /**< 0 */
} bp_method;

/** Flags of require(). */
enum {
  BP_REQUIRE_OPTIONAL = 1 /**< give a handle even while nobody provides the service in a version
                               that will do; calls answer UNAVAILABLE */
};

/** The table. */
typedef struct bp_svc_api {
  uint32_t struct_size;
  uint32_t reserved;

  /** Offer a service. Element i of `methods` is at `stride` * i bytes. Calls arrive as BP_EV_CALL
      with `token`.
      Thread: strand, from START on. Blocks: may take microseconds (control). Owns: the caller's,
      copied.
      Errors: EXISTS (names the other instance), INVALID, RANGE (queue_max), PERMISSION, STATE,
      STALE, BUSY (too many handles), TOO_NEW. Since: 1.0 */
  bp_status(BP_CALL* provide)(const bp_host* host, bp_inst instance, const bp_str* name,
                              uint32_t major, uint32_t minor, const bp_method* methods,
                              uint32_t stride, uint32_t n_methods, uint64_t token,
                              bp_svc* out_service, bp_error* error);

  /** Ask for a service of at least major.min_minor. The handle survives restarts and reloads of the
      provider.
      Thread: strand, from START on. Blocks: may take microseconds (control). Owns: the caller's,
      copied.
      Errors: NOT_FOUND (names who could provide it, and other majors), UNSUPPORTED (its minor is
      too old; both versions are named), INVALID, PERMISSION, STATE, STALE, BUSY (too many handles).
     Since: 1.0 */
  bp_status(BP_CALL* require)(const bp_host* host, bp_inst instance, const bp_str* name,
                              uint32_t major, uint32_t min_minor, uint32_t flags,
                              bp_svc* out_service, bp_error* error);

  /** Call a method. `request` is a lease (it moves when the call was accepted) or a borrowed span
      with lease 0 (copied). `deadline_ns` 0: the default of the manifest (timeouts.call). `trace`
      (24 bytes) may be NULL. DONE: answered at once, `reply` holds the lease. OK: BP_EV_REPLY with
      `token` follows, exactly once. Negative: refused or failed at once, no event follows, `error`
      says why, the request is still the caller's.
      Thread: any. Blocks: no. Owns: the reply is the caller's; release() it.
      Errors: UNAVAILABLE, BUSY (a limit of the method, of its provider, or of open calls; the text
      says which), STALE, STATE, NOT_FOUND (no such method), INVALID, TOO_LARGE, and the method's
      own. Since: 1.0 */
  bp_status(BP_CALL* call)(const bp_host* host, bp_svc service, uint32_t method, bp_buf* request,
                           uint64_t deadline_ns, const uint8_t* trace, uint64_t token,
                           bp_buf* reply, bp_call* out_call, bp_error* error);

  /** Answer a BP_EV_CALL, once. `reply` is a lease (moves on OK), a borrowed span with lease 0
      (copied) or NULL.
      Thread: any. Blocks: no. Owns: see above; `error` (may be NULL) is the caller's, copied.
      Errors: STALE when the caller has gone, cancelled or timed out (nothing to be done about
      it). Since: 1.0 */
  bp_status(BP_CALL* reply)(const bp_host* host, bp_call call, bp_status status, bp_buf* reply,
                            const bp_error* error);

  /** Give a call up. No BP_EV_REPLY comes for it afterwards (on the strand); the provider is told
      by BP_EV_CALL_CANCELLED. Also for confirmed sends and requests by name.
      Thread: any. Blocks: no. Owns: nothing. Errors: STALE. Since: 1.0 */
  bp_status(BP_CALL* cancel)(const bp_host* host, bp_call call);

  /** Withdraw a provided service (open calls are answered ABANDONED; the provider is told by
      BP_EV_CALL_CANCELLED of those it has) or drop a required one.
      Thread: any. Blocks: no. Owns: nothing. Errors: STALE. Since: 1.0 */
  bp_status(BP_CALL* close)(const bp_host* host, bp_svc service);

  /** Who made a BP_EV_CALL that is still to be answered: the id of the instance, made known by the
      host and not by the caller, whether it called by handle or by name (bp.json/1). Nothing (0
      bytes): the operator, by the control socket or by a wire of the manifest. The id is written to
      `out` without a NUL; `out_bytes` tells its length, also when `room` (bytes at `out`) is too
      small; BP_INSTANCE_ID_BYTES_MAX always suffices. A gateway calls in its own name.
      Thread: any. Blocks: no. Owns: `out` and `out_bytes` are the caller's, filled in.
      Errors: STALE (answered, or nobody waits any more), RANGE (room), INVALID (NULL).
      Since: 1.0 */
  bp_status(BP_CALL* caller)(const bp_host* host, bp_call call, char* out, uint64_t room,
                             uint64_t* out_bytes);
} bp_svc_api;

BP_STATIC_ASSERT(sizeof(bp_method) == 88 && offsetof(bp_method, inline_fn) == 64, "bp_method");
BP_STATIC_ASSERT(sizeof(bp_svc_api) == 64 && offsetof(bp_svc_api, caller) == 56, "bp_svc_api");

#ifdef __cplusplus
}
#endif
#endif
