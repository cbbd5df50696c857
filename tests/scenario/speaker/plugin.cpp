// tests/scenario/speaker/plugin.cpp - lets the templates in C and in Rust talk: what it is told
// goes through both and back.
#include "backplane/cpp/plugin.hpp"

namespace {

class Speaker {
 public:
  bp::result<void> start(bp::context& cx) {
    pass(cx, "speaker.in", to_c_, "relay.in");
    pass(cx, "relay.out", to_rust_, "loud.in");
    pass(cx, "loud.out", out_, "speaker.out");
    return {};
  }

 private:
  static void pass(bp::context& cx, std::string_view from, bp::sender& by, std::string_view to) {
    by = cx.open(to);
    cx.subscribe(from, [&by](bp::message message) -> bp::task<bp::result<void>> {
      co_return co_await by.send_wait(message.bytes());
    });
  }

  bp::sender to_c_;
  bp::sender to_rust_;
  bp::sender out_;
};

}  // namespace

BACKPLANE_PLUGIN(Speaker)
