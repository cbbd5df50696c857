// tests/sdk/contract/loopback.hpp - just enough of a host for one instance to call its own
// services.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/context.hpp"

namespace tests::contract {

class Loopback {
 public:
  Loopback() {
    core_.struct_size = sizeof(core_);
    core_.now_ns = [](const bp_host*) -> std::uint64_t { return 1; };
    core_.fault = [](const bp_host* host, bp_inst, const bp_error* error) -> bp_status {
      of(host).faults_.push_back(bp::error::from_abi(error->code, error).text());
      return BP_OK;
    };
    core_.alloc = [](const bp_host* host, bp_inst, std::uint64_t size, bp_buf* out) -> bp_status {
      ++of(host).leases_;
      *out = {std::malloc(size), 0, size, 1};  // NOLINT: the law's memory is C memory
      return BP_OK;
    };
    chan_.struct_size = sizeof(chan_);
    chan_.retain = [](const bp_host*, bp_buf*) -> bp_status { return BP_E_INVALID; };
    chan_.release = [](const bp_host* host, bp_buf* lease) -> bp_status {
      --of(host).leases_;
      std::free(lease->data);  // NOLINT
      return BP_OK;
    };
    svc_.struct_size = sizeof(svc_);
    svc_.provide = &Loopback::provide;
    svc_.require = [](const bp_host*, bp_inst, const bp_str*, std::uint32_t, std::uint32_t,
                      std::uint32_t, bp_svc* out, bp_error*) -> bp_status {
      *out = 1;
      return BP_OK;
    };
    svc_.call = &Loopback::call;
    svc_.reply = &Loopback::reply;
    svc_.cancel = [](const bp_host*, bp_call) -> bp_status { return BP_OK; };
    svc_.close = [](const bp_host*, bp_svc) -> bp_status { return BP_OK; };
    host_.base.struct_size = sizeof(bp_host);
    host_.base.query = &Loopback::query;
    host_.owner = this;
    context_.emplace(&host_.base, bp_inst{1}, "{}");
  }

  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;

  ~Loopback() { context_.reset(); }

  [[nodiscard]] bp::context& context() { return *context_; }

  // Delivers events and resumes tasks until nothing is left.
  void run() {
    bp::detail::engine& engine = context_->engine();
    engine.ready.drain();
    while (!events_.empty()) {
      Posted posted = std::move(events_.front());
      events_.pop_front();
      posted.event.buf.data = posted.bytes.data();
      posted.event.buf.size = posted.bytes.size();
      if (auto* sink = engine.tokens.find(posted.event.token)) {
        sink->on_event(posted.event);
      }
      engine.ready.drain();
      engine.sweep();
    }
  }

  // Runs `work` (makes a task) to its end and gives its result.
  template <typename Work>
  auto finish(Work work) {
    using Value = typename bp::detail::task_value<decltype(work())>::type;
    std::optional<Value> out;
    context_->spawn([&]() -> bp::task<void> { out.emplace(co_await work()); });
    run();
    return std::move(out).value();
  }

  [[nodiscard]] const std::vector<bp_method>& methods() const { return methods_; }

  [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }

  [[nodiscard]] int leases() const { return leases_; }

  // What the next queued reply is replaced with: a provider that lies.
  void forge_reply(std::vector<std::byte> bytes) { forged_ = std::move(bytes); }

 private:
  struct Host {
    bp_host base{};
    Loopback* owner = nullptr;
  };

  struct Posted {
    bp_event event{};
    std::vector<std::byte> bytes;
  };

  static Loopback& of(const bp_host* host) { return *reinterpret_cast<const Host*>(host)->owner; }

  static const void* BP_CALL query(const bp_host* host, const char* id) {
    const std::string_view name(id);
    if (name == BP_CORE_ID) {
      return &of(host).core_;
    }
    if (name == BP_CHAN_ID) {
      return &of(host).chan_;
    }
    return name == BP_SVC_ID ? &of(host).svc_ : nullptr;
  }

  static bp_status BP_CALL provide(const bp_host* host, bp_inst, const bp_str*, std::uint32_t,
                                   std::uint32_t, const bp_method* methods, std::uint32_t,
                                   std::uint32_t n_methods, std::uint64_t token, bp_svc* out,
                                   bp_error*) {
    Loopback& self = of(host);
    self.methods_.assign(methods, methods + n_methods);
    self.provider_ = token;
    *out = 1;
    return BP_OK;
  }

  static bp_status BP_CALL call(const bp_host* host, bp_svc, std::uint32_t method, bp_buf* request,
                                std::uint64_t, const std::uint8_t*, std::uint64_t token,
                                bp_buf* reply, bp_call* out, bp_error* error) {
    Loopback& self = of(host);
    for (const bp_method& row : self.methods_) {
      if (row.id == method && row.inline_fn != nullptr) {
        const bp_status status = row.inline_fn(row.inline_self, method, request, reply, error);
        return status < 0 ? status : bp_status{BP_DONE};
      }
    }
    *out = token;  // a call is named by whoever waits for it
    self.post(BP_EV_CALL, self.provider_, token, method, BP_OK, request);
    return BP_OK;
  }

  static bp_status BP_CALL reply(const bp_host* host, bp_call call, bp_status status, bp_buf* reply,
                                 const bp_error* error) {
    Loopback& self = of(host);
    if (status < 0) {
      bp_buf raw{const_cast<bp_error*>(error), sizeof(bp_error), 0, 0};
      self.post(BP_EV_REPLY, call, call, 0, status, &raw);
      self.events_.back().event.flags = BP_EVF_ERROR;
      return BP_OK;
    }
    self.post(BP_EV_REPLY, call, call, 0, status, reply);
    if (!self.forged_.empty()) {
      self.events_.back().bytes = std::exchange(self.forged_, {});
    }
    if (reply != nullptr && reply->lease != 0) {
      self.chan_.release(host, reply);
    }
    return BP_OK;
  }

  void post(std::uint16_t type, std::uint64_t token, bp_handle handle, std::uint32_t method,
            bp_status status, const bp_buf* payload) {
    Posted& posted = events_.emplace_back();
    posted.event.struct_size = sizeof(bp_event);
    posted.event.type = type;
    posted.event.token = token;
    posted.event.handle = handle;
    posted.event.method = method;
    posted.event.status = status;
    if (payload != nullptr && payload->size != 0) {
      const auto* first = static_cast<const std::byte*>(payload->data);
      posted.bytes.assign(first, first + payload->size);
    }
  }

  Host host_;
  bp_core core_{};
  bp_chan_api chan_{};
  bp_svc_api svc_{};
  std::vector<bp_method> methods_;
  std::vector<std::string> faults_;
  std::deque<Posted> events_;
  std::vector<std::byte> forged_;
  std::uint64_t provider_ = 0;
  int leases_ = 0;
  std::optional<bp::context> context_;
};

}  // namespace tests::contract
