// backplane/cpp/plugin.hpp - the C++ layer in one include. A plugin is a plain class and one line.
//
//   struct Thermo {
//     bp::result<void> start(bp::context& cx) {
//       store_ = cx.require("bp.storage.kv", 1);
//       cx.subscribe("sensors.raw", [this](bp::message m) -> bp::task<void> {
//         auto saved = co_await store_.call(1, m.bytes(), {.deadline = 2s});
//         if (!saved) co_return m.nack(saved.error());
//       });
//       cx.every(30s, [this] { beat(); });
//       return {};
//     }
//   };
//   BACKPLANE_PLUGIN(Thermo)      // id, version, manifest come from plugin.json at build time
//
// Hooks, each optional, each returning void, result<void>, task<void> or task<result<void>>:
//   start(context&)         open, subscribe, provide, require; an error refuses the start
//   on_config(context&)     a new configuration (cx.config<T>()); an error refuses it
//   quiesce(context&)       take nothing new; afterwards the layer waits for running handlers
//   save(state_writer&), restore(state_reader&)
//   stop(context&)          let go of everything; all tasks are cancelled and joined before it, and
//                           no handler is called from then on (inline methods may be, elsewhere)
// The class is made with (bp::context&) when it has such a constructor: it may read its
// configuration there and nothing else. Exceptions: bp::failure counts as the error in it, all
// others are panics.
#pragma once

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/channel.hpp"
#include "backplane/cpp/config.hpp"
#include "backplane/cpp/context.hpp"
#include "backplane/cpp/error.hpp"
#include "backplane/cpp/failure.hpp"
#include "backplane/cpp/glue.hpp"
#include "backplane/cpp/join_set.hpp"
#include "backplane/cpp/json.hpp"
#include "backplane/cpp/log.hpp"
#include "backplane/cpp/mailbox.hpp"
#include "backplane/cpp/message.hpp"
#include "backplane/cpp/metric.hpp"
#include "backplane/cpp/queue.hpp"
#include "backplane/cpp/registry.hpp"
#include "backplane/cpp/select.hpp"
#include "backplane/cpp/service.hpp"
#include "backplane/cpp/span.hpp"
#include "backplane/cpp/state.hpp"
#include "backplane/cpp/task.hpp"
#include "backplane/cpp/timer.hpp"

// backplane_add_plugin() makes this file from plugin.json. Sources compiled without it (a unit
// test) carry a name that the host refuses.
#if __has_include("backplane_manifest.h")
#include "backplane_manifest.h"
#else
#define BP_PLUGIN_ID "unnamed"
#define BP_PLUGIN_VERSION "0.0.0"
#define BP_MANIFEST_BYTES '{', '}'
#endif

/// Makes `type` the plugin of this library. Once per library, at namespace scope.
#define BACKPLANE_PLUGIN(type)                                                         \
  namespace {                                                                          \
  __attribute__((section(".bp_manifest"), used))                                       \
  const char bp_manifest_text[] = {BP_MANIFEST_BYTES};                                 \
  struct bp_manifest_of {                                                              \
    static std::string_view text() noexcept {                                          \
      return {bp_manifest_text, sizeof(bp_manifest_text)};                             \
    }                                                                                  \
  };                                                                                   \
  constexpr bp_plugin bp_plugin_of{sizeof(bp_plugin),                                  \
                                   0,                                                  \
                                   BP_PLUGIN_ID,                                       \
                                   BP_PLUGIN_VERSION,                                  \
                                   &bp::detail::glue<type, bp_manifest_of>::create,    \
                                   &bp::detail::glue<type, bp_manifest_of>::destroy,   \
                                   &bp::detail::glue<type, bp_manifest_of>::on_events, \
                                   nullptr};                                           \
  constexpr const bp_plugin* bp_plugins_of[] = {&bp_plugin_of};                        \
  }                                                                                    \
  extern "C" {                                                                         \
  extern BP_EXPORT constinit const bp_entry bp_plugin_v1 = {                           \
      BP_ENTRY_MAGIC,         sizeof(bp_entry),                                        \
      BP_ABI_MAJOR,           0,                                                       \
      BP_ABI_MINOR,           1,                                                       \
      sizeof(void*),          0,                                                       \
      bp::detail::law_layout, bp_plugins_of,                                           \
      bp_manifest_text,       sizeof(bp_manifest_text)};                               \
  }
