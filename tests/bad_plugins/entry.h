/* tests/bad_plugins/entry.h - an entry for the plugins of this folder; each part of it may be
 * replaced by a sin. */
#ifndef BAD_PLUGINS_ENTRY_H
#define BAD_PLUGINS_ENTRY_H

#include "backplane/abi/plugin.h"

#ifndef SIN_ENTRY
#define SIN_ENTRY bp_plugin_v1
#endif
#ifndef SIN_MAGIC
#define SIN_MAGIC BP_ENTRY_MAGIC
#endif
#ifndef SIN_ENTRY_BYTES
#define SIN_ENTRY_BYTES (uint32_t)sizeof(bp_entry)
#endif
#ifndef SIN_MAJOR
#define SIN_MAJOR BP_ABI_MAJOR
#endif
#ifndef SIN_MINOR
#define SIN_MINOR 0u
#endif
#ifndef SIN_PLUGINS
#define SIN_PLUGINS 1u
#endif
#ifndef SIN_POINTER_BYTES
#define SIN_POINTER_BYTES (uint32_t)sizeof(void*)
#endif
#ifndef SIN_RESERVED
#define SIN_RESERVED 0u
#endif
#ifndef SIN_LAYOUT
#define SIN_LAYOUT BP_LAYOUT
#endif
#ifndef SIN_SECTION
#define SIN_SECTION ".bp_manifest"
#endif
#ifndef SIN_ID
#define SIN_ID "org.example.minimal"
#endif
#ifndef SIN_VERSION
#define SIN_VERSION "1.0.0"
#endif
#ifndef SIN_FLAGS
#define SIN_FLAGS 0u
#endif
#ifndef SIN_TABLE_BYTES
#define SIN_TABLE_BYTES (uint32_t)sizeof(bp_plugin)
#endif
#ifndef SIN_CREATE
#define SIN_CREATE create
#endif

#define GOOD_MANIFEST                                                                          \
  "{\"id\":\"org.example.minimal\",\"version\":\"" SIN_VERSION                                 \
  "\",\"abi\":\"1.0\",\"summary\":\"Does nothing.\",\"status\":\"experimental\",\"channels\":" \
  "[{\"name\":\"bad.out\",\"direction\":\"send\",\"kind\":\"broadcast\",\"type\":\"bytes\"}]," \
  "\"capabilities\":[\"channel.publish:bad.out\"]}"
#define BROKEN_MANIFEST "{\"id\":\"org.example.minimal\",\"versoin\":\"1.0.0\",\"abi\":1}"
#ifndef SIN_MANIFEST
#define SIN_MANIFEST GOOD_MANIFEST
#endif

__attribute__((unused)) static bp_status BP_CALL create(const bp_host* host, bp_inst instance,
                                                        void** self, bp_error* error);
static void BP_CALL destroy(void* self);
static void BP_CALL on_events(void* self, const bp_event* first, uint32_t stride, uint32_t count);

__attribute__((section(SIN_SECTION), used)) static const char manifest[] = SIN_MANIFEST;
#ifdef SIN_SECOND_MANIFEST
static const char pointed_to[sizeof(manifest)] = "{}";
#else
#define pointed_to manifest
#endif

static const bp_plugin plugin = {SIN_TABLE_BYTES, SIN_FLAGS, SIN_ID,    SIN_VERSION,
                                 SIN_CREATE,      destroy,   on_events, 0};
static const bp_plugin* const plugins[] = {&plugin};
#define NULL_TABLE 0
#ifndef SIN_TABLE
#define SIN_TABLE plugins
#endif

/* Named in every module, so that none warns about what its own sin leaves unused. */
__attribute__((used)) static const void* const all_parts[] = {plugins, pointed_to};

#ifdef __cplusplus
extern "C" {
#endif
extern BP_EXPORT const bp_entry SIN_ENTRY;
const bp_entry SIN_ENTRY = {SIN_MAGIC,    SIN_ENTRY_BYTES, SIN_MAJOR,         SIN_MINOR,
                            BP_ABI_MINOR, SIN_PLUGINS,     SIN_POINTER_BYTES, SIN_RESERVED,
                            SIN_LAYOUT,   SIN_TABLE,       pointed_to,        sizeof(manifest) - 1};
#ifdef __cplusplus
}
#endif

#endif
