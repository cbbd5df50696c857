// host/exchange/exchange.cpp - resolve, convert, hand over, convert back.
#include "host/exchange/exchange.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "host/name/nearest.hpp"
#include "host/registry/name.hpp"

namespace host::exchange {

namespace {

error::Result<ServiceName> checked(ServiceName name) {
  if (auto good = registry::check_name("a service's name", name.name); !good) {
    return std::unexpected(std::move(good).error());
  }
  return name;
}

}  // namespace

error::Result<ServiceName> parse_service_name(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) {
    return checked({text, 1});
  }
  ServiceName name{text.substr(0, slash), 0};
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), name.major);
  if (bad != std::errc{} || end != digits.data() + digits.size() || name.name.empty()) {
    return error::fail(BP_E_INVALID,
                       "'" + registry::printable(text) +
                           "' is no service name; it looks like 'bp.storage.records/1'");
  }
  return checked(name);
}

namespace {

error::Error no_method(const registry::ServiceEntry& entry) {
  const service::Service::Description& description = entry.service->description();
  const std::string service = description.name + "/" + std::to_string(description.major);
  std::vector<service::Method> sorted = description.methods;
  std::ranges::sort(sorted, {}, &service::Method::id);
  std::string methods;
  for (const service::Method& method : sorted) {
    methods += (methods.empty() ? "" : ", ") + method.name;
  }
  return {BP_E_INVALID, "'" + service +
                            "' is a service; a call names one of its methods as "
                            "SERVICE/MAJOR.Method, for example " +
                            service + "." + sorted.front().name + "; it has: " + methods};
}

}  // namespace

Exchange::Exchange(registry::Registry& registry, message::Pool& pool, runtime::Runtime& runtime)
    : registry_(registry), pool_(pool), runtime_(runtime) {
  // Without it, an outbox is kept until its channel's name is used again.
  if (auto watch = registry.watch(
          "*", [this](std::span<const registry::Event> events) { forget(events); })) {
    gone_ = std::move(*watch);
  }
}

std::shared_ptr<Outbox> Exchange::outbox_of(const std::shared_ptr<channel::Channel>& channel) {
  const std::string& name = channel->settings().name;
  std::shared_ptr<Outbox> former;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Outbox>& outbox = outboxes_[name];
  if (!outbox || &outbox->channel() != channel.get()) {
    former = std::exchange(outbox, Outbox::make(channel, runtime_));
  }
  const std::shared_ptr<Outbox> found = outbox;
  if (!found) {
    outboxes_.erase(name);
  }
  return found;
}

// Outboxes of channels that went.
void Exchange::forget(std::span<const registry::Event> events) {
  std::vector<std::shared_ptr<Outbox>> gone;
  const std::lock_guard lock(mutex_);
  for (const registry::Event& event : events) {
    const auto found =
        event.change == registry::Change::Gone && event.kind == registry::Kind::Channel
            ? outboxes_.find(event.name)
            : outboxes_.end();
    if (found != outboxes_.end() && found->second->channel().retired()) {
      gone.push_back(std::move(found->second));
      outboxes_.erase(found);
    }
  }
}

error::Result<void> Exchange::publish(std::string_view channel, std::string_view json,
                                      const message::TraceContext* trace, PublishDone done) {
  const auto intention = [&] { return "publishing to '" + registry::printable(channel) + "'"; };
  auto entry = registry_.find_channel(channel);
  if (!entry) {
    return std::unexpected(std::move(entry).error().during(intention()));
  }
  auto message = from_json(pool_, type_of(*entry), json);
  if (!message) {
    return std::unexpected(std::move(message).error().during(intention()));
  }
  channel::Envelope envelope;
  envelope.message = std::move(*message);
  if (trace != nullptr) {
    envelope.message.traced = true;
    envelope.message.trace = *trace;
  }
  envelope.confirmation = std::make_shared<channel::Confirmation>(std::move(done));
  const auto outbox = outbox_of(entry->channel);
  if (!outbox) {
    return std::unexpected(
        error::Error(BP_E_NOT_FOUND, "channel '" + std::string(channel) + "' just went")
            .during(intention()));
  }
  const bp_status status = outbox->push(std::move(envelope));
  if (status < 0) {
    return std::unexpected(
        error::Error(status, std::string(error::status_row(status).sentence)).during(intention()));
  }
  return {};
}

error::Result<MethodRef> Exchange::find_method(std::string_view service,
                                               std::string_view method) const {
  const auto name = parse_service_name(service);
  if (!name) {
    return std::unexpected(name.error());
  }
  auto entry = registry_.find_service(name->name, name->major);
  if (!entry) {
    // "bp.storage.records" was cut at its last dot: a service without a method.
    const std::string whole = std::string(name->name) + "." + std::string(method);
    if (auto meant = registry_.find_service(whole, name->major)) {
      return std::unexpected(no_method(*meant));
    }
    return std::unexpected(std::move(entry).error());
  }
  if (method.empty()) {
    return std::unexpected(no_method(*entry));
  }
  const service::Method* found = entry->service->method(method);
  if (found == nullptr) {
    std::vector<std::string> names;
    for (const service::Method& other : entry->service->description().methods) {
      names.push_back(other.name);
    }
    return error::fail(BP_E_NOT_FOUND, "service '" + registry::printable(service) +
                                           "' has no method '" + registry::printable(method) + "'" +
                                           name::hint(method, names));
  }
  return MethodRef{entry->service, entry->schema, found};
}

error::Result<std::shared_ptr<service::Call>> Exchange::call(const CallRequest& request,
                                                             CallDone done) {
  const auto intention = [&] {
    return "calling " + registry::printable(request.service) + (request.method.empty() ? "" : ".") +
           registry::printable(request.method);
  };
  auto method = find_method(request.service, request.method);
  if (!method) {
    return std::unexpected(std::move(method).error().during(intention()));
  }
  auto message =
      from_json(pool_, method->request_type(), request.json.empty() ? "{}" : request.json);
  if (!message) {
    return std::unexpected(std::move(message).error().during(intention()));
  }
  if (request.trace != nullptr) {
    message->traced = true;
    message->trace = *request.trace;
  }
  const std::uint64_t deadline =
      request.deadline_ns != 0 ? request.deadline_ns : runtime::now_ns() + call_timeout_default_ns;
  auto answer = [method = *method, what = intention(),
                 done = std::move(done)](service::Reply&& reply) {
    if (reply.status < 0) {
      done(std::unexpected(
          reply.error
              .value_or(
                  error::Error(reply.status, std::string(error::status_row(reply.status).sentence)))
              .during(what)));
      return;
    }
    done(to_json(method.reply_type(), reply.message.bytes()));
  };
  auto outcome = method->service->invoke(method->method->id, std::move(*message), deadline, answer,
                                         std::string(request.caller));
  if (outcome.reply) {
    answer(std::move(*outcome.reply));
    return std::shared_ptr<service::Call>();
  }
  service::arm_deadline(runtime_.timers(), outcome.call);
  return outcome.call;
}

}  // namespace host::exchange
