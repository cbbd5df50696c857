// tests/compile_fail/copied_message.cpp - a kept message is a lease with one owner: acknowledged
// once, by whoever holds it.
#include "backplane/cpp/message.hpp"

bp::kept_message pass_on(bp::kept_message message) {
#ifdef MISUSE
  bp::kept_message copy = message;
  return copy;
#else
  return message;
#endif
}
