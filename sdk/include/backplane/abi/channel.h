/* backplane/abi/channel.h - bp.chan/1: named, bounded, typed streams of messages. */
#ifndef BACKPLANE_ABI_CHANNEL_H
#define BACKPLANE_ABI_CHANNEL_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BP_CHAN_ID "bp.chan/1"

/** Kinds. All ends of a channel must agree on it. */
enum {
  BP_KIND_QUEUE = 1,    /**< each message goes to one consumer of each group */
  BP_KIND_BROADCAST = 2 /**< each message goes to every subscriber */
};

/** Directions of one end. */
enum { BP_DIR_SEND = 1, BP_DIR_RECEIVE = 2 };

/** What a full queue does (chan_desc.on_full). 0 means: the channel's default, block. */
enum {
  BP_FULL_BLOCK = 1,       /**< send answers WOULD_BLOCK, BP_EV_WRITABLE follows */
  BP_FULL_REJECT = 2,      /**< send answers FULL */
  BP_FULL_DROP_NEWEST = 3, /**< the message is dropped and counted; send answers DROPPED */
  BP_FULL_DROP_OLDEST =
      4 /**< the oldest undelivered message is dropped and counted; send answers OK */
};

/** Flags of a receiving end. */
enum {
  /** Broadcast: this subscriber may stall publishers up to the channel's block timeout instead
      of missing messages; after that it is cut back to lagging and reported. */
  BP_CHAN_GATING = 1,
  /** Broadcast: a confirmed send waits for this subscriber's acknowledgement. Implies
      BP_CHAN_GATING. */
  BP_CHAN_CONFIRMING = 2
};

#define BP_NAME_BYTES_MAX 255u           /**< channel, service and method names */
#define BP_MESSAGE_BYTES_MAX (16u << 20) /**< payload of one message */
#define BP_CHAN_CAPACITY_DEFAULT 1024u   /**< messages */
#define BP_CHAN_CAPACITY_MAX (1u << 20)  /**< messages */
#define BP_CHAN_CONCURRENCY_MAX 65536u   /**< unacknowledged messages at one receiving end */

/** What one end asks for. The manifest may override capacity, policy and timeouts. */
typedef struct bp_chan_desc {
  uint32_t struct_size;
  uint32_t kind;      /**< BP_KIND_* */
  uint32_t direction; /**< BP_DIR_* */
  uint32_t flags;     /**< BP_CHAN_* */
  bp_str name;        /**< 1..BP_NAME_BYTES_MAX bytes of [A-Za-z0-9._-] */
  bp_str type; /**< "json", "bytes" or the full name of a FlatBuffers table; all ends must agree */
  uint64_t schema;            /**< hash of the type's schema; 0: not compared */
  uint32_t capacity;          /**< messages of one sending end that may be undelivered; 0:
                                 BP_CHAN_CAPACITY_DEFAULT. The first end to open decides. Where more
                                 than a few closed ends left undelivered messages, those of one of
                                 them count for the next end that is opened: it goes on behind
                                 them, in their sequence */
  uint32_t message_bytes_max; /**< 0: BP_MESSAGE_BYTES_MAX */
  uint32_t on_full;           /**< BP_FULL_*, queues only; 0: block */
  uint32_t concurrency; /**< receiving: how many messages may be unacknowledged; 0: no own limit */

  /** Receiving from a queue: the consumer's group, named as channels are; empty: the default group.
      Each group gets every message that was sent since it began, with its own acknowledgements,
      retries and dead letters; the first group of all begins with the oldest message that is kept.
      `capacity` and `on_full` are about the group that is furthest behind; drop-oldest drops for
      that one only. A group ends with its last member, and what it has not acknowledged goes with
      it (a confirmed send is told ABANDONED). These last without members, and keep their messages:
      groups that the manifest declares, from the channel's beginning; the default group, once it
      has begun; and a queue's only group, whose messages the next group to begin takes.
      Must be empty for other ends.
      Since: 1.0 (the draft of 2026-11-26; a struct_size that ends before this field means empty).
   */
  bp_str group;
} bp_chan_desc;

/** The table. */
typedef struct bp_chan_api {
  uint32_t struct_size;
  uint32_t reserved;

  /** Open one end; the channel is made by its first end. It goes, with its counts, when it has no
      end and no message any more, unless the manifest or a plugin's plugin.json names it: the next
      first end makes a new one. `token` comes back in every event of this end.
      Thread: strand, from START on. Blocks: may take microseconds (control). Owns: texts are the
      caller's, copied. Errors: INVALID (names the field), CONFLICT when kind or type differ from
      the other ends' (both are named), PERMISSION, STATE, STALE, TOO_NEW. Since: 1.0 */
  bp_status(BP_CALL* open)(const bp_host* host, bp_inst instance, const bp_chan_desc* desc,
                           uint64_t token, bp_chan* out_channel, bp_error* error);

  /** Borrow room for one message of up to `size` bytes. A sending end belongs to one thread at a
      time. The room lies where readers will find it; a second one, while the first is out, comes
      from the slab and costs more. Order is that of the sends.
      Thread: any, one at a time per end. Blocks: no. Owns: the lease is the caller's until
      send/release.
      Errors: WOULD_BLOCK (BP_EV_WRITABLE follows), FULL, TOO_LARGE, STALE, CLOSED, NO_MEMORY.
      Since: 1.0 */
  bp_status(BP_CALL* reserve)(const bp_host* host, bp_chan channel, uint64_t size,
                              bp_buf* out_lease);

  /** Publish a lease: of reserve(), of core->alloc(), or of a received and retained message
      (forwarding without a copy). buf->data/size may name any part of the lease's memory that
      starts 16-aligned. On OK (and DROPPED) the lease is gone and buf->lease is 0; on any other
      error it is still the caller's.
      Thread: any, one at a time per end. Blocks: no. Owns: see above.
      Errors: WOULD_BLOCK, FULL, DROPPED, STALE, CLOSED, INVALID, TOO_LARGE, SCHEMA. Since: 1.0 */
  bp_status(BP_CALL* send)(const bp_host* host, bp_chan channel, bp_buf* lease);

  /** Like send, and BP_EV_CONFIRMED with `token` and a status follows when every consumer that
      confirms (one of each group of a queue, a broadcast's BP_CHAN_CONFIRMING
      subscribers) has acknowledged:
      at once where there is none.
      Thread: any, one at a time per end. Blocks: no. Owns: as send. Errors: as send, BUSY.
      Since: 1.0 */
  bp_status(BP_CALL* send_confirmed)(const bp_host* host, bp_chan channel, bp_buf* lease,
                                     uint64_t token, bp_call* out_call);

  /** Keep a message's memory past on_events. The message is then acknowledged by ack() or nack(),
      no longer by returning. `lease` is a copy of event->buf; on OK it names the kept memory, which
      may lie elsewhere (what event->buf names stays as it is until on_events returns).
      Thread: strand, before on_events returns. Blocks: no. Owns: the lease becomes the caller's.
      Errors: STALE, BUSY above BP_CHAN_CONCURRENCY_MAX. Since: 1.0 */
  bp_status(BP_CALL* retain)(const bp_host* host, bp_buf* lease);

  /** Give a lease back unsent. A retained message that was neither acked nor nacked is acknowledged
      by this.
      Thread: any. Blocks: no. Owns: the lease is gone. Errors: STALE. Since: 1.0 */
  bp_status(BP_CALL* release)(const bp_host* host, bp_buf* lease);

  /** Acknowledge a retained message and give its lease back.
      Thread: any. Blocks: no. Owns: the lease is gone. Errors: STALE, INVALID (no message).
      Since: 1.0 */
  bp_status(BP_CALL* ack)(const bp_host* host, bp_buf* lease);

  /** Hand a retained message back: it is delivered again after `delay_ns`, to any
      consumer of its group;
      after the channel's retry limit it goes to the dead letter channel and a confirmed send fails
      with `status` and `error`.
      Thread: any. Blocks: no. Owns: the lease is gone; `error` (may be NULL) is the caller's,
      copied.
      Errors: STALE, INVALID. Since: 1.0 */
  bp_status(BP_CALL* nack)(const bp_host* host, bp_buf* lease, uint64_t delay_ns, bp_status status,
                           const bp_error* error);

  /** Close one end. Retained leases stay valid. No event of this end comes after the strand saw
      this return.
      Thread: any. Blocks: no. Owns: nothing. Errors: STALE. Since: 1.0 */
  bp_status(BP_CALL* close)(const bp_host* host, bp_chan channel);

  /** Stop and start delivery at a receiving end; what arrives meanwhile waits (or lags) as by the
      kind.
      Thread: any. Blocks: no. Owns: nothing. Errors: STALE, INVALID for a sending end. Since:
      1.0 */
  bp_status(BP_CALL* pause)(const bp_host* host, bp_chan channel);
  /** See pause. Thread: any. Blocks: no. Owns: nothing. Errors: STALE, INVALID. Since: 1.0 */
  bp_status(BP_CALL* resume)(const bp_host* host, bp_chan channel);

  /** Wait on a thread of the plugin's own until the end may send again or the deadline passes.
      Thread: own threads only (on a strand: STATE). Blocks: yes. Owns: nothing.
      Errors: TIMEOUT, STALE, CLOSED, STATE. Since: 1.0 */
  bp_status(BP_CALL* wait_writable)(const bp_host* host, bp_chan channel, uint64_t deadline_ns);

  /** The activity word of a sending end: how many subscribers listen. 0 on a broadcast: publishing
      can be skipped. Read it with a relaxed atomic load.
      Thread: any. Blocks: no. Owns: the host's; mapped until the instance's threads are gone, and
      meaningless once the end is closed.
      Errors: STALE, INVALID. Since: 1.0 */
  bp_status(BP_CALL* activity)(const bp_host* host, bp_chan channel, const uint32_t** out_word);

  /** Publish copies of `count` borrowed spans (messages[i].data and .size; lease 0), in order: one
      call instead of reserve() and send() for each. Stops at the first that is refused, and answers
      why; `out_taken` (may be NULL) tells how many went before it. What a full queue drops by its
      policy counts as taken (the last status is DROPPED then).
      Thread: any, one at a time per end. Blocks: no. Owns: the spans are the caller's.
      Errors: as reserve() and send(); INVALID for a span with a lease. Since: 1.0 */
  bp_status(BP_CALL* publish)(const bp_host* host, bp_chan channel, const bp_buf* messages,
                              uint32_t count, uint32_t* out_taken);
} bp_chan_api;

BP_STATIC_ASSERT(sizeof(bp_chan_desc) == 88 && offsetof(bp_chan_desc, schema) == 48 &&
                     offsetof(bp_chan_desc, concurrency) == 68 &&
                     offsetof(bp_chan_desc, group) == 72,
                 "bp_chan_desc");
BP_STATIC_ASSERT(sizeof(bp_chan_api) == 120 && offsetof(bp_chan_api, activity) == 104,
                 "bp_chan_api");

#ifdef __cplusplus
}
#endif
#endif
