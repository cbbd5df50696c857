// backplane/contract/typed.hpp - FlatBuffers messages with their type: checked before they are
// read.
//
// Since: 1.0. Thread: values. What contract_gen generates stands on this; use it yourself for
// channels: `bp::contract::read<Reading>(m.bytes())` and `outgoing<Reading>(native).bytes()`. Needs
// FlatBuffers.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <flatbuffers/flatbuffers.h>

#include "backplane/cpp/service.hpp"

namespace bp::contract {

inline constexpr std::uint32_t table_depth_max = 64;
inline constexpr std::size_t message_alignment_bytes = 8;

/// The message as a table, after the generated verifier found it sound. It points into `bytes`.
template <typename Table>
[[nodiscard]] result<const Table*> read(bytes_view bytes) {
  if (bytes.size() > BP_MESSAGE_BYTES_MAX) {
    return fail(BP_E_TOO_LARGE, "the message has " + std::to_string(bytes.size()) + " bytes");
  }
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % message_alignment_bytes != 0) {
    return fail(BP_E_INVALID, "the message does not start at a multiple of 8 bytes: copy it there");
  }
  const auto* raw = reinterpret_cast<const std::uint8_t*>(bytes.data());
  // Each table costs at least 4 bytes, so the message's size bounds what an honest one holds.
  const auto tables_max = static_cast<flatbuffers::uoffset_t>(bytes.size());
  flatbuffers::Verifier verifier(raw, bytes.size(), table_depth_max, tables_max);
  if (!verifier.VerifyBuffer<Table>(nullptr)) {
    return fail(BP_E_SCHEMA, "the message is damaged or of another type: " +
                                 std::to_string(bytes.size()) + " bytes");
  }
  return flatbuffers::GetRoot<Table>(raw);
}

/// A message that was received, with the memory it lies in.
template <typename Table>
class incoming {
 public:
  using native = typename Table::NativeTableType;

  [[nodiscard]] static result<incoming> open(buffer memory) {
    const auto root = read<Table>(memory.bytes());
    if (!root) {
      return std::unexpected(root.error());
    }
    return incoming(std::move(memory), *root);
  }

  [[nodiscard]] const Table& operator*() const noexcept { return *root_; }

  [[nodiscard]] const Table* operator->() const noexcept { return root_; }

  /// A copy that owns what it holds.
  [[nodiscard]] native unpack() const {
    native out;
    root_->UnPackTo(&out);
    return out;
  }

  /// The message as it came: for sending it on without a copy.
  [[nodiscard]] buffer into_buffer() && noexcept { return std::move(memory_); }

 private:
  incoming(buffer memory, const Table* root) noexcept : memory_(std::move(memory)), root_(root) {}

  buffer memory_;
  const Table* root_;
};

/// A message to be sent: packed from a native object, or built in place.
template <typename Table>
class outgoing {
 public:
  using native = typename Table::NativeTableType;

  outgoing(const native& from) {
    finish(Table::Pack(builder_, &from));
  }  // NOLINT: it is the message

  /// `fill(flatbuffers::FlatBufferBuilder&)` returns the root's offset. Saves the native object.
  template <typename Fill>
    requires std::convertible_to<std::invoke_result_t<Fill&, flatbuffers::FlatBufferBuilder&>,
                                 flatbuffers::Offset<Table>>
  outgoing(Fill fill) {  // NOLINT: it is the message
    finish(fill(builder_));
  }

  /// Takes a builder in which the table `root` was made, and finishes it. For messages whose making
  /// may fail, or whose size is known before: FlatBufferBuilder(bytes) does not grow by copying.
  outgoing(flatbuffers::FlatBufferBuilder builder, flatbuffers::Offset<Table> root)
      : builder_(std::move(builder)) {
    finish(root);
  }

  [[nodiscard]] bytes_view bytes() const noexcept {
    return std::as_bytes(std::span(builder_.GetBufferPointer(), builder_.GetSize()));
  }

 private:
  void finish(flatbuffers::Offset<Table> root) { builder_.Finish(root); }

  flatbuffers::FlatBufferBuilder builder_;
};

/// One typed call: `co_await` gives result<incoming<Reply>>.
template <typename Request, typename Reply>
class typed_call {
 public:
  typed_call(const service_ref& to, std::uint32_t method, outgoing<Request> request,
             call_options with)
      : request_(std::move(request)), call_(to.call(method, request_.bytes(), with)) {}

  [[nodiscard]] bool await_ready() const noexcept { return call_.await_ready(); }

  template <typename Promise>
  auto await_suspend(std::coroutine_handle<Promise> awaiting) {
    return call_.await_suspend(awaiting);
  }

  result<incoming<Reply>> await_resume() {
    auto reply = call_.await_resume();
    if (!reply) {
      return std::unexpected(std::move(reply).error());
    }
    auto opened = incoming<Reply>::open(std::move(*reply));
    if (!opened) {
      return std::unexpected(std::move(opened).error().during("reading the reply"));
    }
    return opened;
  }

 private:
  using untyped =
      decltype(std::declval<const service_ref&>().call(0U, bytes_view(), call_options()));

  outgoing<Request> request_;
  untyped call_;
};

namespace detail {

template <typename Function, typename Request>
decltype(auto) apply(Function& function, const Request& request, const call& on) {
  if constexpr (std::is_invocable_v<Function&, const Request&, call>) {
    return std::invoke(function, request, on);
  } else {
    return std::invoke(function, request);
  }
}

/// A task, or an awaitable that a handler made itself: then its method costs one coroutine less.
template <typename Answer>
concept awaited_answer = is_task<Answer> || requires(Answer& answer) {
  answer.await_ready();
  answer.await_resume();
};

template <typename Function, typename Request>
using answer_of = decltype(apply(std::declval<Function&>(), std::declval<const Request&>(),
                                 std::declval<const call&>()));

/// From what a handler may return - result<native>, result<outgoing>, or a result<buffer> that it
/// wrote itself where the reply is to lie - to the law's bytes.
template <typename Reply, typename Value>
result<buffer> pack(const call& on, result<Value> from) {
  if (!from) {
    return std::unexpected(std::move(from).error());
  }
  if constexpr (std::same_as<Value, buffer>) {
    return from;
  } else if constexpr (std::same_as<Value, outgoing<Reply>>) {
    return on.reply(from->bytes());
  } else {
    static_assert(
        std::same_as<Value, typename Reply::NativeTableType>,
        "a handler returns bp::result<ReplyT>, bp::result<bp::contract::outgoing<Reply>>, "
        "bp::result<bp::buffer> with a packed Reply in it, or a bp::task of one of these");
    return on.reply(outgoing<Reply>(*from).bytes());
  }
}

template <typename Request>
result<const Request*> request_of(const call& on) {
  auto request = read<Request>(on.bytes());
  if (!request) {
    return std::unexpected(std::move(request).error().during("reading the request"));
  }
  return request;
}

// GCC 12 warns of every coroutine template in a header whose argument is local to one file, as the
// lambdas of plugins are.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif
template <typename Request, typename Reply, typename Function>
task<result<buffer>> run(Function& function, call on) {
  const auto request = request_of<Request>(on);
  if (!request) {
    co_return std::unexpected(request.error());
  }
  co_return pack<Reply>(on, co_await apply(function, **request, on));
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

}  // namespace detail

/// Puts `function(const Request&[, bp::call])` behind method `id` of `offered`. What it returns may
/// be a task, or another awaitable of what a task would give. A method that the contract calls
/// inline runs on the caller's thread, unless its function makes one of these or it has a limit.
template <typename Request, typename Reply, typename Function>
void bind(service& offered, std::uint32_t id, std::string_view name, method_types types,
          bool runs_inline, Function function, call_limits limits = {}) {
  if constexpr (detail::awaited_answer<detail::answer_of<Function, Request>>) {
    offered.method(
        id, name, types,
        [function = std::move(function)](call on) mutable {
          return detail::run<Request, Reply>(function, on);
        },
        limits);
  } else {
    auto handler = [function = std::move(function)](call on) mutable -> result<buffer> {
      const auto request = detail::request_of<Request>(on);
      if (!request) {
        return std::unexpected(request.error());
      }
      if constexpr (std::same_as<detail::answer_of<Function, Request>, result<buffer>>) {
        return detail::apply(function, **request, on);
      } else {
        return detail::pack<Reply>(on, detail::apply(function, **request, on));
      }
    };
    if (runs_inline && limits.concurrency == 0) {
      offered.inline_method(id, name, types, std::move(handler));
    } else {
      offered.method(id, name, types, std::move(handler), limits);
    }
  }
}

}  // namespace bp::contract
