/* backplane/abi/event.h - everything the host tells an instance arrives as one of these. */
#ifndef BACKPLANE_ABI_EVENT_H
#define BACKPLANE_ABI_EVENT_H

#include "bytes.h"

/** Event types. Unknown types must be ignored. 1..15 carry an operation in `handle` and must be
    answered with core->complete(handle, ...) before its deadline (`seq`, in ns of core->now_ns). */
enum {
  BP_EV_START =
      1,          /**< open channels, provide and require services. buf: the configuration (JSON) */
  BP_EV_STOP = 2, /**< let go of everything. The last event of its batch, and no BP_EV_MESSAGE comes
                       behind it (nor behind a START that was completed with an error); after the
                       batch in which it is completed no event comes: the host calls destroy() */
  BP_EV_QUIESCE = 3, /**< take nothing new, finish what was begun */
  BP_EV_SAVE = 4,    /**< hand over state through bp.state/1 put() */
  BP_EV_RESTORE = 5, /**< before START: state of the predecessor, through bp.state/1 get() */
  BP_EV_CONFIG = 6,  /**< a new configuration in buf (JSON); completing with an error refuses it */

  BP_EV_MESSAGE = 16,  /**< handle: the receiving channel end; seq: position among the messages of
                            its sending end; buf: payload */
  BP_EV_LAGGED = 17,   /**< handle: channel end; seq: how many messages this subscriber missed */
  BP_EV_WRITABLE = 18, /**< handle: channel end that was refused with BP_E_WOULD_BLOCK: try again */
  BP_EV_CHANNEL_CLOSED = 19, /**< handle: channel end; no further event comes for it */
  BP_EV_CONFIRMED =
      20,           /**< handle: bp_call of a confirmed send; status: what became of the message */
  BP_EV_CALL = 21,  /**< handle: bp_call to answer; method; seq: deadline (ns); buf: request */
  BP_EV_REPLY = 22, /**< handle: bp_call that was made; status; buf: reply or, flagged, error */
  BP_EV_CALL_CANCELLED = 23, /**< handle: bp_call that need not be answered any more; method; token:
                                its BP_EV_CALL's */
  BP_EV_TIMER = 24,     /**< handle: the timer; seq: how often it expired since the last event */
  BP_EV_POSTED = 25,    /**< what core->post() asked for */
  BP_EV_WORK_DONE = 26, /**< a job of core->run_blocking() returned */
  BP_EV_REGISTRY = 27 /**< handle: a watch of bp.registry/1; method: BP_REGISTRY_*; seq: changes it
                           stands for; buf: a bp_registry_name */
};

/** Event flags. */
enum {
  BP_EVF_TRACE = 1, /**< `trace` is set */
  BP_EVF_ERROR = 2, /**< `buf.data` points to a bp_error (status is negative) */
  BP_EVF_JSON = 4,  /**< `buf` is JSON text converted by the host (bp.json/1) */
  BP_EVF_REDELIVERED =
      8 /**< this message was delivered before and came back by nack() or a restart */
};

/** One event. A newer host may send larger events: step with the stride that on_events was given.
    Everything in it belongs to the host and is valid until on_events returns. */
typedef struct bp_event {
  uint32_t struct_size;
  uint16_t type;  /**< BP_EV_* */
  uint16_t flags; /**< BP_EVF_* */
  uint64_t token; /**< what the plugin gave when it asked; 0 for lifecycle operations */
  bp_handle handle;
  bp_status status;
  uint32_t method;
  uint64_t seq;
  uint64_t time_ns;  /**< core->now_ns at dispatch, once per batch */
  bp_buf buf;        /**< lent until on_events returns, unless retained */
  uint8_t trace[24]; /**< W3C trace-id[16] and parent span-id[8]; only with BP_EVF_TRACE */
} bp_event;

BP_STATIC_ASSERT(sizeof(bp_event) == 104 && offsetof(bp_event, handle) == 16 &&
                     offsetof(bp_event, seq) == 32 && offsetof(bp_event, buf) == 48 &&
                     offsetof(bp_event, trace) == 80,
                 "bp_event");

#endif
