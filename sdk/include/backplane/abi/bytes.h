/* backplane/abi/bytes.h - the small values that cross the boundary: strings, leases, errors,
 * handles.
 *
 * bp_str, bp_buf and bp_error are embedded by value in other structures and are therefore frozen:
 * they never grow. Targets are 64-bit and little-endian.
 */
#ifndef BACKPLANE_ABI_BYTES_H
#define BACKPLANE_ABI_BYTES_H

#include "status.h"

/** Names a thing of the host: [63..56 kind][55..24 generation][23..0 index]. 0 names nothing.
    A handle that outlived its object, belongs to another instance or was invented is answered with
    BP_E_STALE, never with undefined behaviour. Handles are never reused within 2^32 generations. */
typedef uint64_t bp_handle;
typedef bp_handle bp_inst;   /**< an instance: a plugin started under an id */
typedef bp_handle bp_chan;   /**< one end of a channel that this instance opened */
typedef bp_handle bp_svc;    /**< a service that this instance provides or requires */
typedef bp_handle bp_call;   /**< one call, one confirmed publish, or one request by name */
typedef bp_handle bp_op;     /**< one lifecycle operation to be completed */
typedef bp_handle bp_timer;  /**< a timer */
typedef bp_handle bp_span;   /**< a span of a trace */
typedef bp_handle bp_lease;  /**< a loan of message memory */
typedef bp_handle bp_family; /**< a metric family */
typedef bp_handle bp_watch;  /**< a watch of names (bp.registry/1) */

/** UTF-8 text, not NUL-terminated; ptr may be NULL when len is 0. */
typedef struct bp_str {
  const char* ptr;
  uint64_t len; /**< bytes */
} bp_str;

/** A lease on message memory from a host pool. `data` is this process's mapping of it. The host
    checks `lease` against its own record and believes nothing else in here. */
typedef struct bp_buf {
  void* data;        /**< writable until sent, read-only for everyone afterwards */
  uint64_t size;     /**< bytes in use */
  uint64_t capacity; /**< bytes that may be used */
  bp_lease lease;    /**< 0: not a lease (an empty or borrowed value) */
} bp_buf;

#define BP_ERROR_TEXT_BYTES 496u

/** An error with its chain of intentions, in storage owned by the caller: no allocation, no
    lifetime. `text` = message NUL context NUL context NUL ..., innermost first; text_len counts
    the NULs. Text that does not fit is cut; the code never is. */
typedef struct bp_error {
  uint32_t struct_size; /**< sizeof(bp_error), set by the caller before the call */
  bp_status code;
  uint32_t n_context; /**< how many contexts follow the message */
  uint32_t text_len;  /**< bytes of `text` in use */
  char text[BP_ERROR_TEXT_BYTES];
} bp_error;

BP_STATIC_ASSERT(sizeof(void*) == 8, "the law knows 64-bit targets only");
BP_STATIC_ASSERT(sizeof(bp_str) == 16 && offsetof(bp_str, len) == 8, "bp_str is frozen");
BP_STATIC_ASSERT(sizeof(bp_buf) == 32 && offsetof(bp_buf, lease) == 24, "bp_buf is frozen");
BP_STATIC_ASSERT(sizeof(bp_error) == 512 && offsetof(bp_error, text) == 16, "bp_error is frozen");

#endif
