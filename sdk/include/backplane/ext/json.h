/* backplane/ext/json.h - bp.json/1: any channel and any service by name, as JSON.
 *
 * The host converts through the schema embedded in the provider's file and checks the caller's
 * permissions. Control-plane speed: a conversion costs microseconds. Gateways, the command line and
 * wires use it.
 */
#ifndef BACKPLANE_EXT_JSON_H
#define BACKPLANE_EXT_JSON_H

#include "../abi/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BP_JSON_ID "bp.json/1"

#define BP_JSON_DEPTH_MAX 64u       /**< nesting of objects and arrays */
#define BP_JSON_REQUESTS_MAX 65536u /**< open requests of one instance, then BUSY */

typedef struct bp_json_api {
  uint32_t struct_size;
  uint32_t reserved;

  /** Publish JSON to a channel, confirmed (see bp.chan/1 send_confirmed): BP_EV_REPLY with `token`
      follows when every confirming consumer acknowledged, or with an error. While the channel has
      no credit the host holds the message back in order, up to the channel's block timeout.
      Thread: any. Blocks: no. Owns: texts are the caller's, copied; `trace` (24 bytes) may be NULL.
      Errors: NOT_FOUND, PERMISSION, SCHEMA (with the JSON pointer), TOO_LARGE, BUSY, STALE,
      STATE. Since: 1.0 */
  bp_status(BP_CALL* publish)(const bp_host* host, bp_inst instance, const bp_str* channel,
                              const bp_str* json, const uint8_t* trace, uint64_t token,
                              bp_call* out_call, bp_error* error);

  /** Call `method` ("Insert") of `service` ("bp.storage.records/1"). BP_EV_REPLY with `token`
      follows, always as an event; buf is the reply as JSON, or a bp_error with BP_EVF_ERROR.
      deadline_ns 0: the manifest's default.
      Thread: any. Blocks: no. Owns: texts are the caller's, copied; `trace` may be NULL.
      Errors: NOT_FOUND (with did-you-mean), PERMISSION, SCHEMA, TOO_LARGE, BUSY, UNAVAILABLE,
      STALE, STATE.
      Since: 1.0 */
  bp_status(BP_CALL* call)(const bp_host* host, bp_inst instance, const bp_str* service,
                           const bp_str* method, const bp_str* json, uint64_t deadline_ns,
                           const uint8_t* trace, uint64_t token, bp_call* out_call,
                           bp_error* error);

  /** Open a receiving end of an existing channel; BP_EV_MESSAGE events carry JSON (BP_EVF_JSON),
      "bytes" channels a base64 string. `flags`: BP_CHAN_*. Close, pause, ack with bp.chan/1.
      Thread: any. Blocks: may take microseconds (control). Owns: texts are the caller's, copied.
      Errors: NOT_FOUND (with did-you-mean), PERMISSION, STALE, STATE. Since: 1.0 */
  bp_status(BP_CALL* subscribe)(const bp_host* host, bp_inst instance, const bp_str* channel,
                                uint32_t flags, uint64_t token, bp_chan* out_channel,
                                bp_error* error);
} bp_json_api;

BP_STATIC_ASSERT(sizeof(bp_json_api) == 32, "bp_json_api");

#ifdef __cplusplus
}
#endif
#endif
