// tests/compile_fail/dropped_task.cpp - a plugin's coroutine that nobody awaits would never run.
#include "backplane/cpp/task.hpp"

bp::task<void> save();

bp::task<void> save_twice() {
  co_await save();
#ifdef MISUSE
  save();
#else
  co_await save();
#endif
}
