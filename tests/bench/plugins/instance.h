/* tests/bench/plugins/instance.h - the part every bench plugin has: its tables, its board, its
 * entry. Plain law, so that nothing but the host is measured. */
#ifndef BENCH_INSTANCE_H
#define BENCH_INSTANCE_H

#include "backplane_manifest.h"
#include "board.h"

typedef struct bench_instance {
  const bp_host* host;
  const bp_core* core;
  const bp_chan_api* chan;
  const bp_svc_api* svc;
  bp_inst instance;
  bench_board* board;
} bench_instance;

static inline bp_str bench_text(const char* text) {
  const bp_str result = {text, strlen(text)};
  return result;
}

/** Finds the tables and the board: the configuration is {"board":<address>}. */
static inline bp_status bench_attach(bench_instance* self, const bp_host* host, bp_inst instance) {
  char digits[32] = {0};
  bp_str config;
  self->host = host;
  self->instance = instance;
  self->core = host->query(host, BP_CORE_ID);
  self->chan = host->query(host, BP_CHAN_ID);
  self->svc = host->query(host, BP_SVC_ID);
  if (self->core->config(host, instance, &config) < 0) {
    return BP_E_CONFIG;
  }
  const char* colon = memchr(config.ptr, ':', config.len);
  if (colon == NULL) {
    return BP_E_CONFIG;
  }
  const uint64_t rest = config.len - (uint64_t)(colon + 1 - config.ptr);
  memcpy(digits, colon + 1, rest < sizeof digits - 1 ? rest : sizeof digits - 1);
  self->board = (bench_board*)(uintptr_t)strtoull(digits, NULL, 10);
  if (self->board == NULL) {
    return BP_E_CONFIG;
  }
  self->board->host = host;
  self->board->core = self->core;
  self->board->instance = instance;
  return BP_OK;
}

static inline bp_status bench_open(const bench_instance* self, const char* name, uint32_t direction,
                                   bp_chan* out, bp_error* error) {
  bp_chan_desc desc;
  memset(&desc, 0, sizeof desc);
  desc.struct_size = (uint32_t)sizeof desc;
  desc.kind = self->board->kind;
  desc.direction = direction;
  desc.name = bench_text(name);
  desc.type = bench_text("bytes");
  desc.capacity = self->board->capacity;
  return self->chan->open(self->host, self->instance, &desc, direction, out, error);
}

static inline void bench_fail(const bench_instance* self, bp_status status) {
  if (self->board->failure == 0) {
    self->board->failure = status;
  }
}

static inline void bench_complete(const bench_instance* self, bp_op op, bp_status status,
                                  const bp_error* error) {
  self->core->complete(self->host, op, status, error);
}

/** START of a caller: requires `name`/1, then completes. */
static inline void bench_require(const bench_instance* self, const char* name, bp_op op,
                                 bp_svc* out) {
  bp_error error = {sizeof error, BP_OK, 0, 0, {0}};
  const bp_str service = bench_text(name);
  const bp_status status =
      self->svc->require(self->host, self->instance, &service, 1, 0, 0, out, &error);
  bench_complete(self, op, status, &error);
}

/** The round is over. */
static inline void bench_finish(bench_board* board) {
  board->end_ns = bench_now_ns();
  sem_post(board->done);
}

/** create() and destroy() of a plugin whose `type` begins with `bench_instance at`. */
#define BENCH_LIFE(type)                                                              \
  static bp_status BP_CALL create(const bp_host* host, bp_inst instance, void** self, \
                                  bp_error* error) {                                  \
    type* made = calloc(1, sizeof *made);                                             \
    (void)error;                                                                      \
    if (made == NULL) {                                                               \
      return BP_E_NO_MEMORY;                                                          \
    }                                                                                 \
    *self = made;                                                                     \
    return bench_attach(&made->at, host, instance);                                   \
  }                                                                                   \
  static void BP_CALL destroy(void* self) {                                           \
    free(self);                                                                       \
  }

/** The rest of a plugin: needs create(), destroy() and on_events(). */
#define BENCH_PLUGIN                                                                        \
  static const bp_plugin plugin = {sizeof plugin, 0,       BP_PLUGIN_ID, BP_PLUGIN_VERSION, \
                                   create,        destroy, on_events,    NULL};             \
  static const bp_plugin* const plugins[] = {&plugin};                                      \
  __attribute__((section(".bp_manifest"), used)) static const char manifest[] = {           \
      BP_MANIFEST_BYTES};                                                                   \
  BP_EXPORT const bp_entry bp_plugin_v1 = {BP_ENTRY_MAGIC, sizeof(bp_entry),                \
                                           BP_ABI_MAJOR,   0,                               \
                                           BP_ABI_MINOR,   1,                               \
                                           sizeof(void*),  0,                               \
                                           BP_LAYOUT,      plugins,                         \
                                           manifest,       sizeof manifest}

#endif
