/* backplane/ext/metric.h - bp.metric/1: metrics in host-owned cells.
 *
 * define() a family, bind() a cell per label set and writing thread, then write to the cell
 * directly: a plain relaxed load and store, no call. The host sums the cells of equal labels when
 * it is asked for a snapshot.
 */
#ifndef BACKPLANE_EXT_METRIC_H
#define BACKPLANE_EXT_METRIC_H

#include "../abi/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BP_METRIC_ID "bp.metric/1"

#define BP_METRIC_LABELS_MAX 16u /**< labels of one family */
#define BP_METRIC_SERIES_MAX \
  2000u /**< series of one family; further label sets share one overflow series */
#define BP_METRIC_LABEL_BYTES_MAX 256u /**< one label value; longer ones are cut */
#define BP_METRIC_BOUNDS_MAX 64u       /**< exported buckets of one histogram */

#define BP_METRIC_PARTS_MAX 1024u          /**< leases of one snapshot_parts() */
#define BP_METRIC_EXEMPLAR_CELLS_MAX 1024u /**< cells of one instance that have exemplars */

/** Kinds of families. Exporters must ignore families of a kind that they do not know. */
enum {
  BP_METRIC_COUNTER = 1,
  BP_METRIC_GAUGE = 2,
  BP_METRIC_HISTOGRAM = 3,
  BP_METRIC_INFO = 4,    /**< the labels are what it says, its value is shown as 1 whatever the cell
                              holds; the name without "_info" */
  BP_METRIC_STATESET = 5 /**< a gauge of 1 for a state that is on and 0 for one that is off; one of
                              the labels is named as the family, and its values are the states */
};

/** A cell. Frozen: it never changes and never grows. One thread writes it; the host reads it at
    any time, so each word is written with one relaxed atomic store (doubles as their IEEE 754
    bits). counter: value += n (n >= 0).  gauge and stateset: value = bits of the double. info: not
    written. histogram: for an
    observed v (NaN: refused += 1): i = v <= 0 ? 0
    : ((bits(v) - 1) >> index_shift) - index_base + 1, never below 0 and never above
    n_buckets - 1; buckets[i] += 1; sum += v; value += 1. The upper bound of
    bucket i, inclusive as in Prometheus' `le`, is the double whose bits are
    (index_base + i) << index_shift; the last bucket has none. */
typedef struct bp_metric_cell {
  uint64_t value;    /**< counter: count; gauge, stateset: bits of a double; histogram: number of
                        observations */
  uint64_t sum;      /**< histogram: bits of the sum, a double */
  uint64_t refused;  /**< negative additions and NaN that were refused */
  uint64_t* buckets; /**< histogram only */
  uint64_t index_base;
  uint32_t index_shift;
  uint32_t n_buckets;
  uint32_t kind; /**< BP_METRIC_* */
  uint32_t reserved;
} bp_metric_cell;

/** What a family is. */
typedef struct bp_metric_desc {
  uint32_t struct_size;
  uint32_t kind; /**< BP_METRIC_* */
  bp_str name;   /**< [a-zA-Z_:][a-zA-Z0-9_:]*, counters without "_total" */
  bp_str help;
  bp_str unit;               /**< "seconds", "bytes" or empty */
  const bp_str* label_names; /**< [a-zA-Z_][a-zA-Z0-9_]*, not beginning with "__" */
  const double*
      bounds; /**< histogram: wanted upper bounds, ascending; each is moved to the next bound of the
                 cell's log-linear grid (at most 1/16 higher). NULL: 1 ms .. 10 s */
  uint32_t n_label_names;
  uint32_t n_bounds;
} bp_metric_desc;

/** The snapshot: this header, then arrays and texts at byte offsets from the header's start. What
    struct_size does not reach is not there. */
typedef struct bp_metric_snapshot {
  uint32_t struct_size; /**< sizeof(bp_metric_snapshot) of the host */
  uint32_t n_families;
  uint32_t n_series;
  uint32_t n_labels;
  uint32_t n_buckets;
  uint32_t families_offset; /**< bp_metric_family[n_families], by name */
  uint32_t series_offset;   /**< bp_metric_series[n_series] */
  uint32_t labels_offset;   /**< bp_metric_label[n_labels] */
  uint32_t buckets_offset;  /**< bp_metric_bucket[n_buckets] */
  uint32_t shape;          /**< the highest `shape` that the host has given out; 0: it gives none */
  uint64_t unix_time_ns;   /**< wall clock at which it was taken */
  uint32_t created_offset; /**< uint64_t[n_series]: wall clock in ns at which each series began at
                              zero, read once, then; 0: not known, or of a family that is known.
                              Offset 0: all are 0 */
  uint32_t exemplars_offset; /**< bp_metric_exemplar[n_exemplars], by series and bucket */
  uint32_t n_exemplars;
  uint32_t reserved;
} bp_metric_snapshot;

/** A text inside the snapshot. */
typedef struct bp_metric_text {
  uint32_t offset;
  uint32_t len;
} bp_metric_text;

typedef struct bp_metric_family {
  uint32_t kind;
  uint32_t shape; /**< grows whenever anything of the family but the values of its series changed:
                       its texts, its series, their labels, bounds and order; 0: not known */
  bp_metric_text name, help, unit;
  uint32_t first_series; /**< index of its first series */
  uint32_t n_series;
} bp_metric_family;

typedef struct bp_metric_series {
  uint32_t first_label;
  uint32_t n_labels;
  uint32_t first_bucket; /**< histogram */
  uint32_t n_buckets;
  double value;   /**< counter, gauge, info or stateset */
  double sum;     /**< histogram */
  uint64_t count; /**< histogram */
} bp_metric_series;

typedef struct bp_metric_label {
  bp_metric_text name, value;
} bp_metric_label;

typedef struct bp_metric_bucket {
  double upper;   /**< +infinity for the last */
  uint64_t count; /**< observations <= upper (cumulative) */
} bp_metric_bucket;

/** The last observation of a bucket, or the last addition to a counter, that belongs to a trace. */
typedef struct bp_metric_exemplar {
  uint32_t series; /**< index in the snapshot's series */
  uint32_t bucket; /**< index among the buckets of that series; counter: 0 */
  double value;
  uint64_t unix_time_ns; /**< wall clock at which it was told */
  uint8_t trace[24];     /**< trace-id[16], span-id[8] */
} bp_metric_exemplar;

typedef struct bp_metric_api {
  uint32_t struct_size;
  uint32_t reserved;

  /** Define a family; defining the same again gives the same handle.
      Thread: any. Blocks: may take microseconds (control). Owns: texts are the caller's, copied.
      Errors: CONFLICT when the name has another kind or labels (the first definition stands),
      INVALID, STALE, TOO_NEW. Since: 1.0 */
  bp_status(BP_CALL* define)(const bp_host* host, bp_inst instance, const bp_metric_desc* desc,
                             bp_family* out_family, bp_error* error);

  /** A new cell of the series with these label values (in the order of the family's names), for one
      writing thread.
      Thread: any. Blocks: may take microseconds (control). Owns: the cell is the host's; it stays
      mapped until the instance was destroyed. Errors: STALE, INVALID (number of values), NO_MEMORY
     (too many cells). Above BP_METRIC_SERIES_MAX: OK, the overflow series. Since: 1.0 */
  bp_status(BP_CALL* bind)(const bp_host* host, bp_inst instance, bp_family family,
                           const bp_str* label_values, uint32_t n_values,
                           bp_metric_cell** out_cell);

  /** All series of the host and of every plugin now, as a lease holding a bp_metric_snapshot.
      Thread: any. Blocks: may take milliseconds (control). Owns: the caller's; chan->release() it.
      Errors: STALE, PERMISSION, NO_MEMORY. Since: 1.0 */
  bp_status(BP_CALL* snapshot)(const bp_host* host, bp_inst instance, bp_buf* out_lease);

  /** As snapshot(), in as many leases as it takes: each holds a bp_metric_snapshot of its own, and
      the families go on by name from one to the next. A family that is cut in two begins again in
      the next lease, with the series that are left. For exporters that keep what they learned:
      `shape` is that of the last snapshot they took and have kept everything of, or 0. Of a family
      whose own shape is not above it the series come without labels (n_labels 0), in the order of
      before, and the family without help and unit.
      Thread: any. Blocks: may take milliseconds (control). Owns: the leases are the caller's;
      chan->release() each. On an error there are none. Errors: STALE, INVALID (no out), PERMISSION,
      TOO_LARGE (more than `max_leases`; BP_METRIC_PARTS_MAX are enough for any), NO_MEMORY.
      Since: 1.0; present when struct_size reaches it */
  bp_status(BP_CALL* snapshot_parts)(const bp_host* host, bp_inst instance, uint32_t shape,
                                     bp_buf* out_leases, uint32_t max_leases, uint32_t* out_count);

  /** What was observed in a histogram's cell, or added to a counter's, belongs to a trace (24
      bytes): exporters show it as the exemplar of the bucket that `value` lies in, until the next
      one there. It counts nothing: the cell is written as always, before or after. For observations
      that are traced; the others need no call.
      Thread: any. Blocks: no, but for the first exemplar of a cell, which may take microseconds
      (control). Owns: the trace is the caller's, copied. Errors: STALE (the cell is none of the
      instance's), INVALID (another kind, NaN, a trace-id of zeros), NO_MEMORY
      (BP_METRIC_EXEMPLAR_CELLS_MAX cells have exemplars). Since: 1.0; present when struct_size
      reaches it */
  bp_status(BP_CALL* exemplar)(const bp_host* host, bp_inst instance, const bp_metric_cell* cell,
                               double value, const uint8_t* trace);
} bp_metric_api;

BP_STATIC_ASSERT(sizeof(bp_metric_cell) == 56, "bp_metric_cell is frozen");
BP_STATIC_ASSERT(sizeof(bp_metric_desc) == 80, "bp_metric_desc");
BP_STATIC_ASSERT(sizeof(bp_metric_snapshot) == 64 && sizeof(bp_metric_family) == 40 &&
                     sizeof(bp_metric_series) == 40 && sizeof(bp_metric_label) == 16 &&
                     sizeof(bp_metric_bucket) == 16 && sizeof(bp_metric_exemplar) == 48,
                 "snapshot");
BP_STATIC_ASSERT(sizeof(bp_metric_api) == 48, "bp_metric_api");

#ifdef __cplusplus
}
#endif
#endif
