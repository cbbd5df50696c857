// tests/bad_plugins/traced.cpp - no sin: observes with traces, and makes a call that is traced.
#include <string_view>

#include "backplane/cpp/plugin.hpp"

namespace {

class Traced {
 public:
  bp::result<void> start(bp::context& cx) {
    const bp::histogram work = cx.histogram("traced_work_seconds", "Work.");
    const bp::counter jobs = cx.counter("traced_jobs", "Jobs.");
    const bp::span span = cx.span("work", nullptr);
    work.observe(0.02);
    jobs.add(3);
    if (!cx.exemplar(work, 0.02, span.context()) || !cx.exemplar(jobs, 3, span.context())) {
      return bp::fail(BP_E_UNSUPPORTED, "the host keeps no exemplars");
    }
    cx.spawn([&cx, trace = span.context()]() -> bp::task<bp::result<void>> {
      constexpr std::string_view gauge =
          R"({"kind":"Gauge","name":"traced_gauge","help":"h","label_names":[]})";
      const auto defined =
          co_await cx.by_name().call("bp.metrics.registry/1", "Define", gauge, {.trace = &trace});
      BP_CO_TRY(defined);
      co_return bp::result<void>();
    });
    return {};
  }
};

}  // namespace

BACKPLANE_PLUGIN(Traced)
