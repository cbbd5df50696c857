/* backplane/ext/state.h - bp.state/1: what an instance hands to its successor (restart, reload). */
#ifndef BACKPLANE_EXT_STATE_H
#define BACKPLANE_EXT_STATE_H

#include "../abi/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BP_STATE_ID "bp.state/1"

#define BP_STATE_KEYS_MAX 4096u        /**< keys of one instance */
#define BP_STATE_BYTES_MAX (64u << 20) /**< all values of one instance together */

/** Flags of put(). */
enum {
  BP_STATE_PORTABLE =
      1 /**< no pointers, no file names, no machine's byte order: may move to another machine */
};

typedef struct bp_state_api {
  uint32_t struct_size;
  uint32_t reserved;

  /** Store a value under `key`; a second put of the same key replaces the first. Kept only when the
      SAVE operation completes with OK; then it replaces everything the predecessor had saved.
      Thread: strand, while the SAVE operation `op` is open. Blocks: no. Owns: the caller's, copied.
      Errors: STALE (no open SAVE), INVALID, TOO_LARGE, TOO_NEW (unknown flag). Since: 1.0 */
  bp_status(BP_CALL* put)(const bp_host* host, bp_op op, const bp_str* key, uint32_t flags,
                          const void* data, uint64_t size);

  /** Read a value.
      Thread: strand, while the RESTORE operation `op` is open. Blocks: no. Owns: the host's,
      valid until complete(op). Errors: STALE, NOT_FOUND. Since: 1.0 */
  bp_status(BP_CALL* get)(const bp_host* host, bp_op op, const bp_str* key, bp_str* out_value);
} bp_state_api;

BP_STATIC_ASSERT(sizeof(bp_state_api) == 24, "bp_state_api");

#ifdef __cplusplus
}
#endif
#endif
