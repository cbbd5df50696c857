/* backplane/ext/trace.h - bp.trace/1: spans with fields, in terms of the W3C trace context. */
#ifndef BACKPLANE_EXT_TRACE_H
#define BACKPLANE_EXT_TRACE_H

#include "../abi/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BP_TRACE_ID "bp.trace/1"

#define BP_TRACE_CONTEXT_BYTES 24u /**< trace-id[16], span-id[8] */
#define BP_TRACE_SPANS_MAX 65536u  /**< open spans of the host */
#define BP_TRACE_FIELDS_MAX 32u    /**< fields of one span */

typedef struct bp_trace_api {
  uint32_t struct_size;
  uint32_t reserved;

  /** Begin a span under `parent` (24 bytes; NULL or all zero: a new trace). `context` (24 bytes)
      receives the context to hand on with calls, messages and log lines. `pairs` holds 2 * n_pairs
      strings, key and value in turn.
      Thread: any. Blocks: no. Owns: texts are the caller's, copied. Errors: STALE, INVALID,
      BUSY. Since: 1.0 */
  bp_status(BP_CALL* begin)(const bp_host* host, bp_inst instance, const bp_str* name,
                            const uint8_t* parent, const bp_str* pairs, uint32_t n_pairs,
                            bp_span* out_span, uint8_t* context);

  /** Add or replace fields of an open span.
      Thread: any. Blocks: no. Owns: texts are the caller's, copied. Errors: STALE, BUSY. Since:
      1.0 */
  bp_status(BP_CALL* set)(const bp_host* host, bp_span span, const bp_str* pairs, uint32_t n_pairs);

  /** End a span: it reaches the log with its name, duration, status, fields and ids.
      Thread: any. Blocks: no. Owns: the handle is gone. Errors: STALE. Since: 1.0 */
  bp_status(BP_CALL* end)(const bp_host* host, bp_span span, bp_status status);
} bp_trace_api;

BP_STATIC_ASSERT(sizeof(bp_trace_api) == 32, "bp_trace_api");

#ifdef __cplusplus
}
#endif
#endif
