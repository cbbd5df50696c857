/* backplane/abi/version.h - the version of the law, and its diary.
 *
 * Diary (newest first; what was added and when; nothing is ever removed once the law is frozen):
 *   1.0-draft  2026-11-26  STOP is the last event of its batch; no message comes behind it.
 *   1.0-draft  2026-11-26  metrics: exemplar() (appended); a snapshot tells when series began, and
 *                          exemplars (its header grew at the end).
 *   1.0-draft  2026-11-26  metrics: the kinds info and stateset, the shape of families (was
 *                          reserved), snapshot_parts() (appended).
 *   1.0-draft  2026-11-26  a method's concurrency_max (was reserved) and queue_max (appended);
 *                          BP_EV_CALL_CANCELLED carries the service's token and the method;
 *                          bp.svc/1 caller() tells who made a call.
 *   1.0-draft  2026-11-26  an inline method is lent room for its reply (BP_INLINE_REPLY_BYTES); a
 *                          retained message may move; bp.chan/1 publish(); consumers of a queue may
 *                          form groups (bp_chan_desc.group); a histogram's bounds are inclusive;
 *                          bp.registry/1 and BP_EV_REGISTRY; a channel that nobody uses goes, and
 *                          an activity word speaks while its end is open.
 *   1.0-draft  2026-11-25  first text: entry, events, bp.core/1, bp.chan/1, bp.svc/1,
 *                          bp.json/1, bp.metric/1, bp.state/1, bp.trace/1. May change until it is
 *                          frozen.
 */
#ifndef BACKPLANE_ABI_VERSION_H
#define BACKPLANE_ABI_VERSION_H

#include <stddef.h>
#include <stdint.h>

#define BP_ABI_MAJOR 1u /**< a different major is a different entry symbol */
#define BP_ABI_MINOR 0u /**< the newest minor this header describes */
#define BP_ABI_TEXT "1.0-draft"

/** The calling convention of every function of the law, and how the entry symbol is exported. */
#if defined(_WIN32)
#define BP_CALL __cdecl
#define BP_EXPORT __declspec(dllexport)
#else
#define BP_CALL
#define BP_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
#define BP_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define BP_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

#endif
