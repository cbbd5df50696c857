/* backplane/abi/host.h - the one pointer a plugin gets, and how it asks for everything else. */
#ifndef BACKPLANE_ABI_HOST_H
#define BACKPLANE_ABI_HOST_H

#include "bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The host as one instance sees it. Each instance has its own. */
typedef struct bp_host {
  uint32_t struct_size;
  uint16_t abi_major; /**< BP_ABI_MAJOR of the host */
  uint16_t abi_minor; /**< the newest minor the host knows */

  /** The interface table called `interface_id` ("bp.core/1"; third parties use a reversed domain).
      NULL where this host does not have it. Check each slot with BP_HAS before its first use.
      Thread: any. Blocks: no. Owns: the table is the host's and lives as long as the instance.
      Errors: NULL. Since: 1.0 */
  const void*(BP_CALL* query)(const struct bp_host* host, const char* interface_id);
} bp_host;

BP_STATIC_ASSERT(sizeof(bp_host) == 16 && offsetof(bp_host, query) == 8, "bp_host");

#ifdef __cplusplus
}
#endif
#endif
