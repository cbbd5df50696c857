// tests/host/slot/scripted_plugin.hpp - a plugin in plain law whose behaviour a test scripts, and
// the stage it acts on.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "host/slot/slot.hpp"

namespace host::slot {

class NoOutput final : public log::Output {
 public:
  bool write(std::string_view /*lines*/, const std::atomic<bool>& /*give_up*/) override {
    return true;
  }

  [[nodiscard]] bool is_terminal() const override { return false; }
};

[[nodiscard]] inline std::uint64_t far() {
  return runtime::now_ns() + 20'000'000'000;
}

// Everything around an instance.
struct Stage {
  log::Sink sink{log::Options{}, std::make_unique<NoOutput>()};
  message::Pool pool;
  runtime::Runtime runtime{2, 2};
  metric::Registry metrics;
  log::SpanTable spans;
  registry::Registry registry{{}, {}};
  exchange::Exchange exchange{registry, pool, runtime};

  ~Stage() { runtime.stop(far()); }
};

struct Script {
  const bp_host* host = nullptr;
  bp_inst instance = 0;
  bool throw_in_create = false;
  int destroyed = 0;
  std::function<void(const bp_event&)> on_event;  // set while the strand is quiet
};

struct Answer {
  bp_status status = BP_OK;
  std::string text;
};

class Actor {
 public:
  Actor(Stage& stage, const std::string& id, Permissions permissions = {{"*"}, {"*"}, {"*"}, {"*"}})
      : stage_(stage) {
    describe_script();
    make_slot(id, std::move(permissions), plugin_, &script);
  }

  // Not scripted, but a plugin whose configuration is the address of `sees`; only its life can be
  // directed.
  Actor(Stage& stage, const std::string& id, const bp_plugin& plugin, const void* sees)
      : stage_(stage) {
    make_slot(id, {{"*"}, {"*"}, {"*"}, {"*"}}, plugin, sees);
  }

  ~Actor() {
    slot->withdraw(far());
    if (script.destroyed == 0) {
      destroy();
    }
  }

  std::optional<error::Error> create() {
    return wait([this](Slot::Done done) { slot->create(std::move(done)); });
  }

  std::optional<error::Error> operate(std::uint16_t type, std::uint64_t deadline_ns = far()) {
    return wait([&](Slot::Done done) { slot->begin(type, deadline_ns, std::move(done)); });
  }

  std::optional<error::Error> destroy() {
    return wait([this](Slot::Done done) { slot->destroy(std::move(done)); });
  }

  void run() {
    if (create() || operate(BP_EV_START)) {
      throw std::runtime_error("the scripted plugin did not start");
    }
  }

  [[nodiscard]] const bp_host* host() const { return script.host; }

  [[nodiscard]] bp_inst instance() const { return script.instance; }

  [[nodiscard]] const bp_core* core() const { return table<bp_core>(BP_CORE_ID); }

  [[nodiscard]] const bp_chan_api* chan() const { return table<bp_chan_api>(BP_CHAN_ID); }

  [[nodiscard]] const bp_svc_api* svc() const { return table<bp_svc_api>(BP_SVC_ID); }

  [[nodiscard]] const bp_state_api* state() const { return table<bp_state_api>(BP_STATE_ID); }

  [[nodiscard]] const bp_metric_api* metric() const { return table<bp_metric_api>(BP_METRIC_ID); }

  [[nodiscard]] static bp_chan_desc desc(const char* name, std::uint32_t kind,
                                         std::uint32_t direction) {
    bp_chan_desc desc{};
    desc.struct_size = sizeof desc;
    desc.kind = kind;
    desc.direction = direction;
    desc.name = {name, std::char_traits<char>::length(name)};
    return desc;
  }

  bp_chan open(const char* name, std::uint32_t kind, std::uint32_t direction, std::uint64_t token) {
    const bp_chan_desc wanted = desc(name, kind, direction);
    bp_chan handle = 0;
    return chan()->open(host(), instance(), &wanted, token, &handle, nullptr) == BP_OK ? handle : 0;
  }

  // One method, id 1; inline it reverses its request.
  void provide(const char* name, bool runs_inline) {
    bp_method method{};
    method.struct_size = sizeof method;
    method.id = 1;
    method.flags = runs_inline ? BP_METHOD_INLINE : 0;
    method.name = {"M", 1};
    method.inline_fn = [](void* self, std::uint32_t, const bp_buf* request, bp_buf* reply,
                          bp_error*) -> bp_status {
      const auto* mine = static_cast<Script*>(self);
      const auto* core = static_cast<const bp_core*>(mine->host->query(mine->host, BP_CORE_ID));
      const bp_status status = core->alloc(mine->host, mine->instance, request->size, reply);
      if (status == BP_OK) {
        std::reverse_copy(static_cast<const char*>(request->data),
                          static_cast<const char*>(request->data) + request->size,
                          static_cast<char*>(reply->data));
      }
      return status;
    };
    const bp_str text{name, std::char_traits<char>::length(name)};
    bp_svc handle = 0;
    if (svc()->provide(host(), instance(), &text, 1, 0, &method, sizeof method, 1, 3, &handle,
                       nullptr) != BP_OK) {
      throw std::runtime_error("the service was not provided");
    }
  }

  bp_svc require(const char* name) {
    const bp_str text{name, std::char_traits<char>::length(name)};
    bp_svc handle = 0;
    return svc()->require(host(), instance(), &text, 1, 0, 0, &handle, nullptr) == BP_OK ? handle
                                                                                         : 0;
  }

  Answer call(const char* name, std::string request) {
    std::promise<Answer> answered;
    script.on_event = [&](const bp_event& event) {
      if (event.type != BP_EV_REPLY) {
        return;
      }
      Answer answer{event.status,
                    std::string(static_cast<const char*>(event.buf.data), event.buf.size)};
      if ((event.flags & BP_EVF_ERROR) != 0) {
        answer.text =
            error::Error::from_abi(event.status, static_cast<const bp_error*>(event.buf.data))
                .text();
      }
      answered.set_value(std::move(answer));
    };
    bp_buf buf{request.data(), request.size(), request.size(), 0};
    bp_call handle = 0;
    svc()->call(host(), require(name), 1, &buf, 0, nullptr, 9, nullptr, &handle, nullptr);
    return answered.get_future().get();
  }

  Script script;
  std::promise<error::Error> faults;
  std::shared_ptr<Slot> slot;

 private:
  void describe_script() {
    plugin_.struct_size = sizeof plugin_;
    plugin_.id = "org.example.scripted";
    plugin_.version = "1.0.0";
    // create() has no argument of ours: the configuration carries the script's address.
    plugin_.create = [](const bp_host* host, bp_inst instance, void** self,
                        bp_error*) -> bp_status {
      const auto* core = static_cast<const bp_core*>(host->query(host, BP_CORE_ID));
      bp_str config{};
      core->config(host, instance, &config);
      auto* mine = reinterpret_cast<Script*>(std::stoull(std::string(config.ptr, config.len)));
      if (mine->throw_in_create) {
        throw std::runtime_error("scripted");
      }
      mine->host = host;
      mine->instance = instance;
      *self = mine;
      return BP_OK;
    };
    plugin_.destroy = [](void* self) { ++static_cast<Script*>(self)->destroyed; };
    plugin_.on_events = [](void* self, const bp_event* first, std::uint32_t stride,
                           std::uint32_t count) {
      auto* mine = static_cast<Script*>(self);
      for (std::uint32_t i = 0; i < count; ++i) {
        const auto* event =
            reinterpret_cast<const bp_event*>(reinterpret_cast<const char*>(first) + stride * i);
        if (mine->on_event) {
          mine->on_event(*event);
        } else if (event->type < BP_EV_MESSAGE) {
          static_cast<const bp_core*>(mine->host->query(mine->host, BP_CORE_ID))
              ->complete(mine->host, event->handle, BP_OK, nullptr);
        }
      }
    };
  }

  void make_slot(const std::string& id, Permissions permissions, const bp_plugin& plugin,
                 const void* sees) {
    Identity identity;
    identity.id = id;
    identity.config = std::to_string(reinterpret_cast<std::uintptr_t>(sees));
    identity.permissions = std::move(permissions);
    slot = std::make_shared<Slot>(
        std::move(identity), plugin,
        Surroundings{stage_.runtime, stage_.exchange, stage_.metrics, stage_.spans,
                     stage_.sink.logger(id), [this](error::Error error) {
                       if (!std::exchange(faulted_, true)) {
                         faults.set_value(std::move(error));
                       }
                     }});
    slot->attach();
  }

  template <typename Table>
  [[nodiscard]] const Table* table(const char* id) const {
    return static_cast<const Table*>(script.host->query(script.host, id));
  }

  template <typename Begin>
  static std::optional<error::Error> wait(Begin begin) {
    auto promise = std::make_shared<std::promise<std::optional<error::Error>>>();
    begin([promise](std::optional<error::Error> error) { promise->set_value(std::move(error)); });
    return promise->get_future().get();
  }

  Stage& stage_;
  bp_plugin plugin_{};
  bool faulted_ = false;
};

}  // namespace host::slot
