// tests/compile_fail/ignored_result.cpp - a function of the host that can fail cannot be called as
// if it could not.
#include "host/loader/library_path.hpp"

bool found() {
#ifdef MISUSE
  host::loader::find_library("storage_sqlite", {});
  return true;
#else
  return host::loader::find_library("storage_sqlite", {}).has_value();
#endif
}
