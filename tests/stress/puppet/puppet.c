/* tests/stress/puppet/puppet.c - a real plugin file, loaded as every other, whose conduct is in the
 * test's program. */
#include <stdlib.h>
#include <string.h>

#include "backplane/abi/core.h"
#include "backplane/abi/plugin.h"

#include "strings.h"

typedef struct puppet {
  const puppet_strings* strings;
  void* self;
} puppet;

/* {"board":<address>} */
static const puppet_strings* strings_of(const bp_host* host, bp_inst instance) {
  const bp_core* core = host->query(host, BP_CORE_ID);
  char digits[32] = {0};
  bp_str config;
  if (core->config(host, instance, &config) < 0) {
    return NULL;
  }
  const char* colon = memchr(config.ptr, ':', config.len);
  if (colon == NULL) {
    return NULL;
  }
  const uint64_t rest = config.len - (uint64_t)(colon + 1 - config.ptr);
  memcpy(digits, colon + 1, rest < sizeof digits - 1 ? rest : sizeof digits - 1);
  return (const puppet_strings*)(uintptr_t)strtoull(digits, NULL, 10);
}

static bp_status BP_CALL create(const bp_host* host, bp_inst instance, void** self,
                                bp_error* error) {
  puppet* made = calloc(1, sizeof *made);
  (void)error;
  if (made == NULL) {
    return BP_E_NO_MEMORY;
  }
  made->strings = strings_of(host, instance);
  if (made->strings != NULL) {
    made->self = made->strings->create(made->strings->role, host, instance);
  }
  if (made->self == NULL) {
    free(made);
    return BP_E_CONFIG;
  }
  *self = made;
  return BP_OK;
}

static void BP_CALL destroy(void* self) {
  puppet* me = self;
  me->strings->destroy(me->self);
  free(me);
}

static void BP_CALL on_events(void* self, const bp_event* first, uint32_t stride, uint32_t count) {
  const puppet* me = self;
  me->strings->on_events(me->self, first, stride, count);
}

__attribute__((section(".bp_manifest"), used)) static const char manifest[] =
    "{\"id\":\"org.backplane.stress_puppet\",\"version\":\"0.1.0\",\"abi\":\"1.0\","
    "\"summary\":\"Does what the program of the test tells it\",\"status\":\"experimental\","
    "\"security_posture\":\"requires_trusted_peers\",\"config\":{\"type\":\"object\","
    "\"additionalProperties\":false,\"required\":[\"board\"],"
    "\"properties\":{\"board\":{\"type\":\"integer\"}}},"
    "\"capabilities\":[\"channel.publish:*\",\"channel.subscribe:*\",\"service.provide:*\","
    "\"service.use:*\"]}";

static const bp_plugin plugin = {
    sizeof plugin, 0, "org.backplane.stress_puppet", "0.1.0", create, destroy, on_events, NULL};
static const bp_plugin* const plugins[] = {&plugin};
BP_EXPORT const bp_entry bp_plugin_v1 = {BP_ENTRY_MAGIC, sizeof(bp_entry),
                                         BP_ABI_MAJOR,   0,
                                         BP_ABI_MINOR,   1,
                                         sizeof(void*),  0,
                                         BP_LAYOUT,      plugins,
                                         manifest,       sizeof manifest - 1};
