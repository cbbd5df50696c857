// host/runtime/thread_name.hpp - names a thread for logs, `ps -T` and debuggers.
//
// Owns: nothing. Thread: the one to be named. Errors: none; where there is no way, there is no
// name.
#pragma once

#if defined(__linux__)
#include <pthread.h>
#endif

namespace host::runtime {

// At most 15 characters.
inline void name_this_thread([[maybe_unused]] const char* name) noexcept {
#if defined(__linux__)
  ::pthread_setname_np(::pthread_self(), name);
#endif
}

}  // namespace host::runtime
