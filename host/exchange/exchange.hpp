// host/exchange/exchange.hpp - publish to any channel and call any service by name, with JSON.
//
// The gateway, the command line, the control server and the wires all come through here.
// Owns: one outbox a channel. Thread: any. Errors: NOT_FOUND, SCHEMA, BUSY, UNAVAILABLE, and the
// method's own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "host/error/error.hpp"
#include "host/exchange/conversion.hpp"
#include "host/exchange/outbox.hpp"
#include "host/registry/registry.hpp"
#include "host/service/service.hpp"

namespace host::exchange {

inline constexpr std::uint64_t call_timeout_default_ns = 5'000'000'000;

// "bp.storage.records/1" -> name and major; "/1" may be left out.
struct ServiceName {
  std::string_view name;
  std::uint32_t major = 1;
};

[[nodiscard]] error::Result<ServiceName> parse_service_name(std::string_view text);

struct CallRequest {
  std::string_view service;
  std::string_view method;
  std::string_view json;
  std::uint64_t deadline_ns = 0;  // 0: call_timeout_default_ns from now
  const message::TraceContext* trace = nullptr;
  std::string_view caller = {};  // id of the instance whose call it is; empty: the operator's
};

// A resolved method with everything needed to convert for it.
struct MethodRef {
  std::shared_ptr<service::Service> service;
  std::shared_ptr<const schema::Schema> schema;
  const service::Method* method = nullptr;

  [[nodiscard]] PayloadType request_type() const { return {method->request_type, schema.get()}; }

  [[nodiscard]] PayloadType reply_type() const { return {method->reply_type, schema.get()}; }
};

class Exchange {
 public:
  using PublishDone = std::function<void(const std::optional<error::Error>&)>;
  using CallDone = std::function<void(error::Result<std::string>)>;

  Exchange(registry::Registry& registry, message::Pool& pool, runtime::Runtime& runtime);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // `done` is called once, when every confirming consumer acknowledged or something failed. An
  // error answer: refused, and `done` is never called.
  [[nodiscard]] error::Result<void> publish(std::string_view channel, std::string_view json,
                                            const message::TraceContext* trace, PublishDone done);

  // `done` is called once, perhaps before this returns, with the reply as JSON. The call may be
  // cancelled; it is null when it was answered at once.
  [[nodiscard]] error::Result<std::shared_ptr<service::Call>> call(const CallRequest& request,
                                                                   CallDone done);

  [[nodiscard]] error::Result<MethodRef> find_method(std::string_view service,
                                                     std::string_view method) const;

  [[nodiscard]] registry::Registry& registry() noexcept { return registry_; }

  [[nodiscard]] message::Pool& pool() noexcept { return pool_; }

  [[nodiscard]] runtime::Runtime& runtime() noexcept { return runtime_; }

  [[nodiscard]] static PayloadType type_of(const registry::ChannelEntry& entry) {
    return {entry.channel->settings().type, entry.schema.get()};
  }

 private:
  // Null: the channel is retired.
  [[nodiscard]] std::shared_ptr<Outbox> outbox_of(const std::shared_ptr<channel::Channel>& channel);
  void forget(std::span<const registry::Event> events);

  registry::Registry& registry_;
  message::Pool& pool_;
  runtime::Runtime& runtime_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Outbox>, std::less<>> outboxes_;  // by channel
  registry::Watch gone_;  // the last: it uses what is above
};

}  // namespace host::exchange
