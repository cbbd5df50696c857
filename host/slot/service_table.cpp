// host/slot/service_table.cpp - bp.svc/1: provide, require, call, reply, cancel.
#include <algorithm>
#include <cstring>
#include <utility>

#include "host/registry/name.hpp"
#include "host/slot/call_stack.hpp"
#include "host/slot/methods.hpp"
#include "host/slot/slot.hpp"
#include "host/slot/tables.hpp"
#include "host/slot/text.hpp"

namespace host::slot {

class Slot::SlotCall final : public service::Call {
 public:
  SlotCall(Slot& caller, std::uint32_t method, message::Message request, std::uint64_t deadline_ns)
      : Call(method, std::move(request), deadline_ns), caller_(caller.shared_from_this()) {}

  // Among the caller's open calls, before it can be answered; under its lock. 0: there is no room.
  [[nodiscard]] bp_call enter(std::uint64_t token, const std::shared_ptr<SlotCall>& self) {
    return handle_ = caller_->calls_.add({token, self, deadline_ns()});
  }

  [[nodiscard]] std::string_view caller() const noexcept override { return caller_->identity().id; }

 private:
  // The caller's slot stays as long as its calls; they end at their deadline at the latest.
  void ended(service::Reply&& reply) override {
    caller_->reply_arrived(handle_, BP_EV_REPLY, 0, std::move(reply));
  }

  const std::shared_ptr<Slot> caller_;
  bp_call handle_ = 0;
};

struct ServiceTable {
  static error::Result<bp_svc> offer(Slot& slot, std::string_view name, std::uint32_t major,
                                     std::uint32_t minor, std::vector<service::Method> methods,
                                     std::uint64_t token) {
    if (auto active = slot.check_active("providing a service"); !active) {
      return std::unexpected(std::move(active).error());
    }
    if (auto good = registry::check_name("a service's name", name); !good) {
      return std::unexpected(std::move(good).error());
    }
    const Identity& identity = slot.identity_;
    if (auto allowed =
            identity.permissions.allow("provide", identity.permissions.provide, name, identity.id);
        !allowed) {
      return std::unexpected(std::move(allowed).error());
    }
    service::Service::Description description{std::string(name), major, minor, identity.id,
                                              std::move(methods)};
    registry::ServiceEntry entry;
    entry.schema = slot.schema_of_service(name);
    entry.service =
        std::make_shared<service::Service>(std::move(description), slot.weak_from_this(), token);
    registry::Registry& registry = slot.surroundings_.exchange.registry();
    if (auto added = registry.add_service(entry); !added) {
      return std::unexpected(std::move(added).error());
    }
    auto handle =
        keep(slot, {entry.service, true, std::string(name), major, minor}, "providing a service");
    if (!handle) {
      registry.remove_service(*entry.service);
      entry.service->shut();
      slot.abandon_calls(entry.service.get());
    }
    return handle;
  }

  // Errors: STATE (withdrawn meanwhile), BUSY.
  static error::Result<bp_svc> keep(Slot& slot, Slot::ServiceHandle service,
                                    std::string_view what) {
    const std::lock_guard lock(slot.mutex_);
    if (slot.state_ != Slot::State::active) {
      return std::unexpected(slot.not_active(what));
    }
    const bool required = !service.provided;
    const bp_svc handle = slot.services_.add(std::move(service));
    if (handle == 0) {
      return error::fail(BP_E_BUSY, "an instance has at most " + std::to_string(ends_max) +
                                        " services, provided and required");
    }
    if (required) {
      slot.open_call_gate(handle, *slot.services_.find(handle));
    }
    return handle;
  }

  static bp_status BP_CALL provide(const bp_host* host, bp_inst instance, const bp_str* name,
                                   std::uint32_t major, std::uint32_t minor,
                                   const bp_method* methods, std::uint32_t stride,
                                   std::uint32_t n_methods, std::uint64_t token,
                                   bp_svc* out_service, bp_error* error) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    auto list = methods_of(methods, stride, n_methods);
    if (!list) {
      return refuse(std::move(list).error().during("providing service '" +
                                                   registry::printable(view_of(name)) + "'"),
                    error);
    }
    auto handle = offer(slot, view_of(name), major, minor, std::move(*list), token);
    if (!handle) {
      return refuse(handle.error(), error);
    }
    if (out_service != nullptr) {
      *out_service = *handle;
    }
    return BP_OK;
  }

  static bp_status BP_CALL require(const bp_host* host, bp_inst instance, const bp_str* name,
                                   std::uint32_t major, std::uint32_t min_minor,
                                   std::uint32_t flags, bp_svc* out_service, bp_error* error) {
    Slot& slot = Slot::of(host);
    if (!slot.is_instance(instance)) {
      return BP_E_STALE;
    }
    if (out_service == nullptr) {
      return refuse({BP_E_INVALID, "requiring a service needs a place for its handle"}, error);
    }
    if (auto active = slot.check_active("requiring a service"); !active) {
      return refuse(active.error(), error);
    }
    if ((flags & ~std::uint32_t{BP_REQUIRE_OPTIONAL}) != 0) {
      return refuse({BP_E_TOO_NEW, "unknown flags " + std::to_string(flags)}, error);
    }
    const std::string_view wanted = view_of(name);
    if (auto good = registry::check_name("a service's name", wanted); !good) {
      return refuse(good.error(), error);
    }
    const Identity& identity = slot.identity_;
    if (auto allowed =
            identity.permissions.allow("use", identity.permissions.use, wanted, identity.id);
        !allowed) {
      return refuse(allowed.error(), error);
    }
    auto found = slot.surroundings_.exchange.registry().find_service(wanted, major, min_minor);
    if (!found && (flags & BP_REQUIRE_OPTIONAL) == 0) {
      return refuse(found.error(), error);
    }
    auto handle =
        keep(slot, {found ? found->service : nullptr, false, std::string(wanted), major, min_minor},
             "requiring a service");
    if (!handle) {
      return refuse(handle.error(), error);
    }
    *out_service = *handle;
    return BP_OK;
  }

  // The request as a message: the part of a lease (not yet taken) or a copy of a span.
  static bp_status message_of(Slot& slot, const bp_buf* buf, message::Message& out) {
    if (buf == nullptr || (buf->lease == 0 && buf->size == 0)) {
      return BP_OK;
    }
    if (buf->size > BP_MESSAGE_BYTES_MAX) {
      return BP_E_TOO_LARGE;
    }
    if (buf->lease == 0) {
      out = message::copy_of(
          slot.surroundings_.exchange.pool(),
          {static_cast<const std::byte*>(buf->data), static_cast<std::size_t>(buf->size)});
      return out.block ? BP_OK : BP_E_NO_MEMORY;
    }
    return slot.part_of(*buf, out);
  }

  static void give_up_lease(Slot& slot, bp_buf* buf) {
    if (buf != nullptr && buf->lease != 0) {
      slot.give_up_lease(buf->lease);
      *buf = bp_buf{};
    }
  }

  static bool error_is_usable(const bp_error* error) noexcept {
    return error == nullptr || error->struct_size >= sizeof(bp_error);
  }

  static void forget_call(Slot& slot, bp_call handle) {
    const std::lock_guard lock(slot.mutex_);
    slot.calls_.remove(handle);
  }

  // The short way: an inline method, called from the caller's strand. False: take the long one.
  static bool call_inline(Slot& slot, CallGate& gate, std::uint32_t id, const bp_buf& request,
                          bp_buf& reply, bp_error& error, bp_status& status) {
    service::Service& service = *gate.service;
    const service::Method* method = service.closed() ? nullptr : service.method(id);
    if (method == nullptr || (method->flags & BP_METHOD_INLINE) == 0 ||
        gate.lent.load(std::memory_order_acquire) != 0) {
      return false;
    }
    service::Provider& provider = service.provider();
    if (provider.on_this_stack()) {
      return false;  // it is queued instead
    }
    bp_buf
        answer;  // word by word: compilers clear the whole of it with an instruction that is slow
    answer.data = gate.reply.data();
    answer.size = 0;
    answer.capacity = gate.reply.size();
    answer.lease = 0;
    status = provider.answer_inline(*method, request, answer, error);
    if (answer.lease != 0) {
      message::Message message;
      const bp_status valid = provider.take_reply(answer, message);
      if (status >= 0) {
        status = valid < 0
                     ? refuse({valid, "an inline method answered with memory that is not its own"},
                              &error)
                     : lend(slot, std::move(message), reply, &error);
      }
    } else if (status >= 0 && answer.size > 0) {
      if (answer.data != gate.reply.data() || answer.size > gate.reply.size()) {
        status = refuse({BP_E_INVALID, "an inline method answered with memory that is not its own"},
                        &error);
      } else {
        reply = answer;
        reply.lease = gate.leases.next(gate.index());
        gate.lent.store(reply.lease, std::memory_order_relaxed);
      }
    }
    const std::size_t place = service.place_of(*method);
    gate.seat.count(place);
    if (status < 0) [[unlikely]] {
      gate.seat.count_failure(place);
      service.count_code(place, status);
      return true;
    }
    status = BP_DONE;
    return true;
  }

  static bp_status lend(Slot& slot, message::Message message, bp_buf& reply, bp_error* error) {
    const message::Message shown = message;
    bp_lease lease = 0;
    {
      const std::lock_guard lock(slot.mutex_);
      lease = slot.leases_.add({std::move(message), nullptr, 0});
    }
    if (lease == 0) {
      return refuse({BP_E_BUSY, "the reply found no room: the instance holds too many leases"},
                    error);
    }
    reply = as_buf(shown, lease);
    return BP_OK;
  }

  struct Begun {
    std::shared_ptr<service::Service> service;
    bp_call handle = 0;
    bool watched = false;  // something wakes at its deadline already
  };

  // Errors: STALE, UNAVAILABLE, NOT_FOUND (no such method, whatever its deadline), STATE, BUSY.
  static error::Result<Begun> begin_call(Slot& slot, bp_svc svc,
                                         const std::shared_ptr<Slot::SlotCall>& made,
                                         std::uint64_t token) {
    if (auto begun = enter_call(slot, svc, made, token); !begun || begun->handle != 0) {
      return begun;
    }
    // Its provider has gone since the last call; there may be another by now.
    std::optional<error::Error> why;
    if (!slot.resolve(svc, why)) {
      return std::unexpected(std::move(*why));
    }
    auto begun = enter_call(slot, svc, made, token);
    if (begun && begun->handle == 0) {
      return error::fail(BP_E_UNAVAILABLE, "the service ended a moment after it began");
    }
    return begun;
  }

  // No handle, and no error: the service has to be looked up anew.
  static error::Result<Begun> enter_call(Slot& slot, bp_svc svc,
                                         const std::shared_ptr<Slot::SlotCall>& made,
                                         std::uint64_t token) {
    const std::lock_guard lock(slot.mutex_);
    const Slot::ServiceHandle* known = slot.services_.find(svc);
    if (known == nullptr || known->provided || !known->service || known->service->closed()) {
      return Begun{};
    }
    if (known->service->method(made->method()) == nullptr) {
      return std::unexpected(known->service->no_method(made->method()));
    }
    if (slot.state_ != Slot::State::active) {
      return std::unexpected(slot.not_active("a call"));
    }
    Begun begun{known->service, made->enter(token, made),
                slot.next_deadline_ns_ != 0 && slot.next_deadline_ns_ <= made->deadline_ns()};
    if (begun.handle == 0) {
      return std::unexpected(Slot::too_many_calls("a call"));
    }
    return begun;
  }

  static bp_status BP_CALL call(const bp_host* host, bp_svc svc, std::uint32_t method,
                                bp_buf* request, std::uint64_t deadline_ns,
                                const std::uint8_t* trace, std::uint64_t token, bp_buf* reply,
                                bp_call* out_call, bp_error* error) {
    Slot& slot = Slot::of(host);
    if (reply != nullptr && error_is_usable(error) && request != nullptr && request->lease == 0 &&
        request->size <= BP_MESSAGE_BYTES_MAX && CallStack::in_turn_of(slot)) {
      if (CallGate* gate = slot.call_gates_.enter(svc)) {
        bp_status status = BP_OK;
        bp_error unwanted;
        if (error == nullptr) {
          unwanted.struct_size = sizeof unwanted;
        }
        bp_error& told = error == nullptr ? unwanted : *error;
        told.code = BP_OK;
        told.n_context = told.text_len = 0;
        *reply = bp_buf{};
        const bool done = call_inline(slot, *gate, method, *request, *reply, told, status);
        gate->leave();
        if (done) {
          return status;
        }
      }
    }
    message::Message asked;
    if (const bp_status status = message_of(slot, request, asked); status < 0) {
      return refuse({status, "the request is no valid lease or span"}, error);
    }
    asked.traced = trace != nullptr;
    if (trace != nullptr) {
      std::memcpy(asked.trace.data(), trace, asked.trace.size());
    }
    const std::uint64_t now = runtime::now_ns();
    const std::uint64_t deadline =
        deadline_ns != 0 ? deadline_ns : now + slot.identity_.call_timeout_ns;
    const auto made = std::make_shared<Slot::SlotCall>(slot, method, std::move(asked), deadline);
    const auto begun = begin_call(slot, svc, made, token);
    if (!begun) {
      return refuse(begun.error(), error);
    }
    const bp_call handle = begun->handle;
    std::optional<service::Reply> answered;
    {
      // An inline method must not come back to us by way of others, whichever thread this is.
      const CallStack::Frame frame(slot);
      answered = begun->service->invoke(made, now);
    }
    // Unless somebody ended it in the meantime: then the caller hears of that.
    if (answered && made->cancel()) {
      forget_call(slot, handle);
      return answer_now(slot, std::move(*answered), request, reply, error);
    }
    if (!begun->watched) {
      slot.watch_deadline(deadline);
    }
    give_up_lease(slot, request);
    if (out_call != nullptr) {
      *out_call = handle;
    }
    return BP_OK;
  }

  static bp_status answer_now(Slot& slot, service::Reply&& answer, bp_buf* request, bp_buf* reply,
                              bp_error* error) {
    if (answer.status < 0) {
      return refuse(answer.error.value_or(error::Error(answer.status, "the method failed")), error);
    }
    if (reply != nullptr) {
      *reply = bp_buf{};
      if (answer.message.block) {
        if (const bp_status lent = lend(slot, std::move(answer.message), *reply, error); lent < 0) {
          return lent;
        }
      }
    }
    give_up_lease(slot, request);
    return BP_DONE;
  }

  static bp_status BP_CALL reply(const bp_host* host, bp_call call, bp_status status, bp_buf* buf,
                                 const bp_error* error) {
    Slot& slot = Slot::of(host);
    service::Reply answer;
    answer.status = status;
    if (status < 0) {
      answer.error = error::Error::from_abi(status, error);
    } else if (const bp_status valid = message_of(slot, buf, answer.message); valid < 0) {
      return valid;
    }
    std::optional<Slot::Incoming> incoming;
    {
      const std::lock_guard lock(slot.mutex_);
      incoming = slot.incoming_.remove(call);
    }
    // Who hears of it may go on at once, with a call to us: a wire does.
    const CallStack::Frame frame(slot);
    if (!incoming || !incoming->call->answer(std::move(answer))) {
      return BP_E_STALE;
    }
    give_up_lease(slot, buf);
    return BP_OK;
  }

  static bp_status BP_CALL cancel(const bp_host* host, bp_call call) {
    Slot& slot = Slot::of(host);
    std::optional<Slot::MadeCall> made;
    {
      const std::lock_guard lock(slot.mutex_);
      made = slot.calls_.remove(call);
    }
    if (!made) {
      return BP_E_STALE;
    }
    if (made->call) {
      made->call->cancel();
    }
    return BP_OK;
  }

  static bp_status BP_CALL close(const bp_host* host, bp_svc svc) {
    Slot& slot = Slot::of(host);
    std::optional<Slot::ServiceHandle> handle;
    {
      const std::lock_guard lock(slot.mutex_);
      handle = slot.services_.remove(svc);
      if (handle && !handle->provided && handle->service) {
        slot.bar_call_gate(svc, handle->service);
      }
    }
    if (!handle) {
      return BP_E_STALE;
    }
    if (handle->provided) {
      slot.surroundings_.exchange.registry().remove_service(*handle->service);
      // Inline methods in progress may be on this very thread's stack: they end on their own.
      handle->service->shut();
      slot.abandon_calls(handle->service.get());
    }
    return BP_OK;
  }

  static bp_status BP_CALL caller(const bp_host* host, bp_call call, char* out, std::uint64_t room,
                                  std::uint64_t* out_bytes) {
    if (out_bytes == nullptr || (out == nullptr && room > 0)) {
      return BP_E_INVALID;
    }
    Slot& slot = Slot::of(host);
    const std::lock_guard lock(slot.mutex_);
    const Slot::Incoming* incoming = slot.incoming_.find(call);
    if (incoming == nullptr) {
      return BP_E_STALE;
    }
    const std::string_view id = incoming->call->caller();
    *out_bytes = id.size();
    if (id.size() > room) {
      return BP_E_RANGE;
    }
    std::ranges::copy(id, out);
    return BP_OK;
  }
};

const bp_svc_api* service_table() noexcept {
  static constexpr bp_svc_api table{
      sizeof(bp_svc_api),    0,
      ServiceTable::provide, ServiceTable::require,
      ServiceTable::call,    ServiceTable::reply,
      ServiceTable::cancel,  ServiceTable::close,
      ServiceTable::caller,
  };
  return &table;
}

}  // namespace host::slot
