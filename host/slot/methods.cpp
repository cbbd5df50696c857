// host/slot/methods.cpp - each method is copied as far as both sides know it, then judged.
#include "host/slot/methods.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "host/registry/name.hpp"
#include "host/slot/text.hpp"

namespace host::slot {

namespace {

// A method as its author's header knew it; what came later is 0.
constexpr std::size_t method_bytes_min = offsetof(bp_method, queue_max);

error::Result<void> check_method(const bp_method& method) {
  if (auto good = registry::check_name("a method's name", view_of(method.name)); !good) {
    return good;
  }
  const std::string name(view_of(method.name));
  for (const bp_str& type : {method.request_type, method.reply_type}) {
    if (type.len != 0) {
      if (auto good = registry::check_name("the type of a method", view_of(type)); !good) {
        return std::unexpected(std::move(good).error().during("method '" + name + "'"));
      }
    }
  }
  if ((method.flags & ~std::uint32_t{BP_METHOD_INLINE}) != 0 || method.reserved != 0) {
    return error::fail(BP_E_TOO_NEW,
                       "method '" + name + "' has fields or flags that this host does not know");
  }
  if (method.id == 0) {
    return error::fail(BP_E_INVALID, "method '" + name + "' needs an id above 0");
  }
  const bool runs_inline = (method.flags & BP_METHOD_INLINE) != 0;
  if (runs_inline && method.inline_fn == nullptr) {
    return error::fail(BP_E_INVALID, "method '" + name + "' is inline and has no inline_fn");
  }
  if (runs_inline && method.concurrency_max != 0) {
    return error::fail(BP_E_INVALID,
                       "method '" + name +
                           "' is inline: it runs on its callers' threads, which no "
                           "concurrency_max holds back; fix: make it a method that is not "
                           "inline, or leave the limit out");
  }
  if (method.queue_max != 0 && method.concurrency_max == 0) {
    return error::fail(BP_E_INVALID, "method '" + name +
                                         "' has a queue_max and no concurrency_max: nothing "
                                         "would wait; fix: set both or none");
  }
  if (method.queue_max > BP_METHOD_QUEUE_MAX && method.queue_max != BP_METHOD_QUEUE_NONE) {
    return error::fail(BP_E_RANGE, "method '" + name + "': queue_max is at most " +
                                       std::to_string(BP_METHOD_QUEUE_MAX) + ", not " +
                                       std::to_string(method.queue_max));
  }
  return {};
}

std::uint32_t queue_of(const bp_method& method) noexcept {
  if (method.queue_max == BP_METHOD_QUEUE_NONE) {
    return 0;
  }
  return method.queue_max == 0 ? BP_METHOD_QUEUE_MAX : method.queue_max;
}

}  // namespace

error::Result<std::vector<service::Method>> methods_of(const bp_method* methods,
                                                       std::uint32_t stride, std::uint32_t count) {
  if (methods == nullptr || count == 0 || count > BP_METHODS_MAX) {
    return error::fail(BP_E_INVALID,
                       "a service has 1 to " + std::to_string(BP_METHODS_MAX) + " methods");
  }
  std::vector<service::Method> list;
  for (std::uint32_t i = 0; i < count; ++i) {
    const char* at = reinterpret_cast<const char*>(methods) + static_cast<std::size_t>(stride) * i;
    std::uint32_t its_size = 0;
    std::memcpy(&its_size, at, sizeof its_size);
    if (its_size < method_bytes_min || stride < its_size) {
      return error::fail(BP_E_INVALID,
                         "method " + std::to_string(i) + ": struct_size or stride is wrong");
    }
    bp_method method{};
    std::memcpy(&method, at, std::min<std::size_t>(its_size, sizeof method));
    if (!tail_is_zero(at, its_size, sizeof method)) {
      return error::fail(BP_E_TOO_NEW, "method " + std::to_string(method.id) +
                                           " has fields that this host does not know");
    }
    if (auto good = check_method(method); !good) {
      return std::unexpected(std::move(good).error());
    }
    const std::string name(view_of(method.name));
    for (const service::Method& other : list) {
      if (other.id == method.id || other.name == name) {
        return error::fail(BP_E_INVALID,
                           "methods '" + other.name + "' and '" + name + "' share a name or an id");
      }
    }
    const auto type = [](const bp_str& text) {
      return text.len == 0 ? std::string("bytes") : std::string(view_of(text));
    };
    list.push_back({method.id, method.flags, name, type(method.request_type),
                    type(method.reply_type), method.inline_fn, method.inline_self,
                    method.concurrency_max, queue_of(method)});
  }
  return list;
}

}  // namespace host::slot
