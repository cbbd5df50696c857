/* backplane/ext/registry.h - bp.registry/1: told when channels and services appear, change and go.
 *
 * A watch tells names, not messages. What is there already comes first (each as APPEARED), then
 * BP_REGISTRY_SNAPSHOT_END once, then what changes. Of one name a watch always tells APPEARED, any
 * number of CHANGED, GONE, and then perhaps APPEARED again: whoever keeps a list by these events
 * alone has the registry's list. Between different names no order is promised.
 *
 * Nothing is lost, but what was not delivered yet is told as one event with the latest state: a
 * provider that restarts while the watcher is busy is one CHANGED, and a name that came and went in
 * between is not told at all. So a slow watcher costs memory for the names, not for the changes.
 *
 * A watch sees the names that its instance may use: channels that it may publish or subscribe to,
 * services that it may provide or use, and what the capability "registry.watch:<glob>" (the
 * manifest's permissions.watch) grants beyond. Other names are as if they were not there.
 */
#ifndef BACKPLANE_EXT_REGISTRY_H
#define BACKPLANE_EXT_REGISTRY_H

#include "../abi/event.h"
#include "../abi/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BP_REGISTRY_ID "bp.registry/1"

#define BP_REGISTRY_WATCHES_MAX 64u /**< open watches of one instance, then BUSY */

/** What a watch is about (watch()'s `kinds`, or-ed), and what one event is about. */
enum { BP_REGISTRY_CHANNEL = 1, BP_REGISTRY_SERVICE = 2 };

/** `method` of a BP_EV_REGISTRY event. Unknown ones must be ignored. */
enum {
  BP_REGISTRY_APPEARED = 1, /**< the name is there; it was not before */
  BP_REGISTRY_CHANGED = 2,  /**< what the name stands for is another thing now: another version,
                                 another provider, or the same after it was gone */
  BP_REGISTRY_GONE = 3,     /**< the name is not there any more; the payload tells what was there */
  BP_REGISTRY_SNAPSHOT_END = 4 /**< everything that was there at watch() was told; no payload */
};

/** A text at a byte offset from the beginning of its bp_registry_name. */
typedef struct bp_registry_text {
  uint32_t offset;
  uint32_t len; /**< bytes */
} bp_registry_text;

/** Payload of BP_EV_REGISTRY: this header, then the texts. It may be retained. */
typedef struct bp_registry_name {
  uint32_t struct_size;      /**< sizeof(bp_registry_name) of the host */
  uint32_t what;             /**< BP_REGISTRY_CHANNEL or BP_REGISTRY_SERVICE */
  uint32_t kind;             /**< of a channel: BP_KIND_*; else 0 */
  uint32_t major;            /**< of a service; else 0 */
  uint32_t minor;            /**< of a service; else 0 */
  uint32_t reserved;         /**< 0 */
  bp_registry_text name;     /**< the channel or service; two majors of a service are two names */
  bp_registry_text type;     /**< of a channel: as in bp_chan_desc; of a service: empty */
  bp_registry_text instance; /**< who provides the service; who opened the channel first */
} bp_registry_name;

typedef struct bp_registry_api {
  uint32_t struct_size;
  uint32_t reserved;

  /** Be told of names that match `pattern` (`*` any run of characters, `?` one) by BP_EV_REGISTRY
      events with `token`: handle is the watch; method BP_REGISTRY_*; seq how many changes the event
      stands for (of SNAPSHOT_END: how many names were told); buf a bp_registry_name. The first
      event comes after this returned.
      Thread: strand, from START on. Blocks: may take milliseconds (control). Owns: the pattern is
     the caller's, copied. Errors: INVALID (kinds, or a pattern that is empty, longer than
      BP_NAME_BYTES_MAX or matches no name), TOO_NEW (unknown kinds), PERMISSION for a pattern
      without `*` and `?` whose name the instance may not see, BUSY above BP_REGISTRY_WATCHES_MAX,
      STATE, STALE. Since: 1.0 */
  bp_status(BP_CALL* watch)(const bp_host* host, bp_inst instance, uint32_t kinds,
                            const bp_str* pattern, uint64_t token, bp_watch* out_watch,
                            bp_error* error);

  /** End a watch. Of what on_events was given already an event may still be of this watch; no
      later one is.
      Thread: any. Blocks: may take microseconds (control). Owns: the handle is gone.
      Errors: STALE. Since: 1.0 */
  bp_status(BP_CALL* unwatch)(const bp_host* host, bp_watch watch);
} bp_registry_api;

BP_STATIC_ASSERT(sizeof(bp_registry_text) == 8, "bp_registry_text");
BP_STATIC_ASSERT(sizeof(bp_registry_name) == 48 && offsetof(bp_registry_name, name) == 24,
                 "bp_registry_name");
BP_STATIC_ASSERT(sizeof(bp_registry_api) == 24, "bp_registry_api");

#ifdef __cplusplus
}
#endif
#endif
