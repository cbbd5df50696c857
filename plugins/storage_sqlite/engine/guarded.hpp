// plugins/storage_sqlite/engine/guarded.hpp - whatever a write throws becomes a value: nothing may
// end the writer's thread, and whoever waits is told.
//
// Thread: any. Blocks: as `work` does.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "backplane/cpp/error.hpp"

namespace storage_sqlite::engine {

template <typename Result, typename Work>
[[nodiscard]] Result guarded(Work&& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return bp::fail(BP_E_NO_MEMORY, "NO_MEMORY: a write ran out of memory; write less at once");
  } catch (const std::exception& thrown) {
    return bp::fail(BP_E_PANIC, std::string("a write threw: ") + thrown.what());
  } catch (...) {
    return bp::fail(BP_E_PANIC, "a write threw something unknown");
  }
}

}  // namespace storage_sqlite::engine
