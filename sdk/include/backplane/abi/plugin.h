/* backplane/abi/plugin.h - what a plugin offers the host: one data symbol and four functions. */
#ifndef BACKPLANE_ABI_PLUGIN_H
#define BACKPLANE_ABI_PLUGIN_H

#include "bytes.h"
#include "event.h"
#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What one kind of plugin can do. One library may carry several (bp_entry.plugins). */
typedef struct bp_plugin {
  uint32_t struct_size; /**< sizeof(bp_plugin) as the plugin was built */
  uint32_t flags;       /**< 0; unknown bits are refused with BP_E_TOO_NEW */
  const char* id;       /**< "org.example.echo", NUL-terminated, same as in the embedded manifest */
  const char* version;  /**< semantic version, NUL-terminated */

  /** Make one instance. Cheap: it may call `host->query` and `core->config`, nothing else of the
      host.
      Thread: strand. Blocks: no. Owns: `host` is the host's and lives until destroy() returned;
      `*self` is the plugin's until destroy(); `error` is the caller's.
      Errors: any; then destroy() is not called. Since: 1.0 */
  bp_status(BP_CALL* create)(const bp_host* host, bp_inst instance, void** self, bp_error* error);

  /** Free the instance. Last call on `self`; the host calls it after STOP was completed.
      Thread: strand. Blocks: no. Owns: `self` dies here. Errors: none. Since: 1.0 */
  void(BP_CALL* destroy)(void* self);

  /** Take a batch of events. Returning acknowledges every message of the batch that was not
      retained. Read event i through BP_EVENT_AT(first, stride, i): a newer host may send larger
      events. A failure that is nobody's reply is reported through core->fault().
      Thread: strand. Blocks: no (work that waits belongs to run_blocking or an own thread).
      Owns: events and payloads are the host's until the call returns; retain() keeps a payload.
      Errors: none. Since: 1.0 */
  void(BP_CALL* on_events)(void* self, const bp_event* first, uint32_t stride, uint32_t count);

  /** The plugin's own interfaces by id; NULL where unknown. May be NULL itself.
      Thread: any. Blocks: no. Owns: the table lives as long as `self`. Errors: none. Since: 1.0 */
  const void*(BP_CALL* query)(void* self, const char* interface_id);
} bp_plugin;

#define BP_ENTRY_MAGIC 0x31305042u /**< "BP01", little endian */

/** Fingerprint of the parts that can never change (not of the sizes that may grow). */
#define BP_LAYOUT                                                                        \
  (offsetof(bp_event, buf) * UINT64_C(1) | offsetof(bp_event, trace) * UINT64_C(0x100) | \
   sizeof(bp_buf) * UINT64_C(0x10000) | sizeof(bp_error) * UINT64_C(0x1000000) |         \
   sizeof(bp_str) * UINT64_C(0x10000000000) | sizeof(void*) * UINT64_C(0x100000000000000))

/** The entry: plain data, readable from the file without running a byte of the plugin's code.
    Loaded iff magic, pointer_bytes and layout match, abi_major is 1 and abi_minor_needed is not
    above the host's minor. */
typedef struct bp_entry {
  uint32_t magic;            /**< BP_ENTRY_MAGIC */
  uint32_t struct_size;      /**< sizeof(bp_entry) as the plugin was built */
  uint16_t abi_major;        /**< BP_ABI_MAJOR */
  uint16_t abi_minor_needed; /**< the lowest minor the plugin can live with */
  uint16_t abi_minor_built;  /**< BP_ABI_MINOR it was built with; pins observable behaviour */
  uint16_t n_plugins;        /**< length of `plugins`, at least 1 */
  uint32_t pointer_bytes;    /**< sizeof(void*) */
  uint32_t reserved;         /**< 0 */
  uint64_t layout;           /**< BP_LAYOUT */
  const bp_plugin* const* plugins;
  const char* manifest;  /**< the embedded manifest (JSON), placed in section ".bp_manifest" */
  uint64_t manifest_len; /**< bytes, without a terminating NUL */
} bp_entry;

/** The one exported symbol of a plugin. A later major is another symbol; a library may export
    both. */
#define BP_ENTRY_SYMBOL "bp_plugin_v1"
extern BP_EXPORT const bp_entry bp_plugin_v1;

/** Is slot `fn` present in table `t` of type `T`? */
#define BP_HAS(T, t, fn) \
  ((t) != 0 && (t)->struct_size >= offsetof(T, fn) + sizeof((t)->fn) && (t)->fn != 0)

/** Event i of a batch. */
#define BP_EVENT_AT(first, stride, i) \
  ((const bp_event*)(const void*)((const char*)(first) + (size_t)(stride) * (size_t)(i)))

BP_STATIC_ASSERT(sizeof(bp_plugin) == 56 && offsetof(bp_plugin, on_events) == 40, "bp_plugin");
BP_STATIC_ASSERT(sizeof(bp_entry) == 56 && offsetof(bp_entry, layout) == 24 &&
                     offsetof(bp_entry, manifest_len) == 48,
                 "bp_entry");

#ifdef __cplusplus
}
#endif
#endif
