// tests/bench/transport/repeater/repeater.cpp - the second plugin of an echo through the bus.
#include <cstdint>
#include <string>
#include <string_view>

#include "backplane/cpp/plugin.hpp"

namespace {

struct Heard {
  std::uint64_t connection = 0;
  std::string_view kind;
  std::string_view text;
  static constexpr auto fields =
      bp::fields(bp::field<&Heard::connection>("connection"), bp::field<&Heard::kind>("kind"),
                 bp::field<&Heard::text>("text"));
};

struct Said {
  std::uint64_t connection = 0;
  std::string_view text;
  static constexpr auto fields =
      bp::fields(bp::field<&Said::connection>("connection"), bp::field<&Said::text>("text"));
};

class Repeater {
 public:
  bp::result<void> start(bp::context& cx) {
    out_ = cx.open("ws.out");
    cx.subscribe("ws.in.bus", [this](bp::message m) -> bp::task<bp::result<void>> {
      const auto heard = bp::json::read<Heard>(m.text());
      BP_CO_TRY(heard);
      const auto text = bp::json::write(Said{(*heard)->connection, (*heard)->text});
      BP_CO_TRY(text);
      co_return co_await out_.send_wait(bp::as_bytes(*text));
    });
    return {};
  }

 private:
  bp::sender out_;
};

}  // namespace

BACKPLANE_PLUGIN(Repeater)
