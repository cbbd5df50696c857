// plugin.cpp - turns readings in degrees Celsius into readings in degrees Fahrenheit.
#include "backplane/cpp/plugin.hpp"

namespace {

struct Config {
  double offset = 0;
  static constexpr auto fields = bp::fields(bp::field<&Config::offset>("offset").or_default());
};

struct Reading {
  std::string_view sensor;
  double degrees = 0;
  static constexpr auto fields =
      bp::fields(bp::field<&Reading::sensor>("sensor"), bp::field<&Reading::degrees>("degrees"));
};

class Thermometer {
 public:
  bp::result<void> start(bp::context& cx) {
    config_ = bp::value_of(cx.config<Config>());
    out_ = cx.open("readings.fahrenheit");
    cx.subscribe("readings.celsius", [this](bp::message m) -> bp::task<bp::result<void>> {
      auto reading = bp::json::read<Reading>(m.text());
      BP_CO_TRY(reading);  // not a reading: handed back with the reason
      (*reading)->degrees = ((*reading)->degrees + config_.offset) * 9 / 5 + 32;
      const auto text = bp::json::write(**reading);
      BP_CO_TRY(text);
      co_return co_await out_.send_wait(bp::as_bytes(*text));
    });
    cx.info("ready", "offset", config_.offset);
    return {};
  }

 private:
  Config config_;
  bp::sender out_;
};

}  // namespace

BACKPLANE_PLUGIN(Thermometer)
