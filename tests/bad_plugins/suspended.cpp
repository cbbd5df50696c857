// tests/bad_plugins/suspended.cpp - handlers that wait for what never comes, when STOP is told.
#include <chrono>

#include "backplane/cpp/plugin.hpp"

namespace {

class Suspended {
 public:
  bp::result<void> start(bp::context& cx) {
    context_ = &cx;
    out_ = cx.open("suspended.work");
    cx.subscribe("suspended.work",
                 [this](bp::message) -> bp::task<> {
                   const Waiting waiting(*this);
                   co_await context_->sleep(std::chrono::hours(24));
                 },
                 {.concurrency = handlers});
    for (unsigned i = 0; i < handlers; ++i) {
      BP_TRY(out_.send("wait"));
    }
    return {};
  }

 private:
  static constexpr unsigned handlers = 8;

  // One handler that was begun and has not ended, however it ends.
  class Waiting {
   public:
    explicit Waiting(Suspended& owner) : owner_(owner) {
      owner_.context_->log.info("suspended", "handlers", ++owner_.waiting_);
    }

    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

    ~Waiting() { owner_.context_->log.info("ended", "handlers", --owner_.waiting_); }

   private:
    Suspended& owner_;
  };

  bp::context* context_ = nullptr;
  bp::sender out_;
  unsigned waiting_ = 0;
};

}  // namespace

BACKPLANE_PLUGIN(Suspended)
