// plugins/storage_sqlite/edge/kv_get.hpp - one get, from its request to its packed reply: an
// awaiter in the frame of the call, read together with others.
//
// Thread: strand; read() and fail() where it is read.
#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <utility>

#include "backplane/cpp/plugin.hpp"

#include "access.hpp"
#include "edge/kv_put.hpp"
#include "edge/shared_reads.hpp"
#include "service/kv_service.hpp"

namespace storage_sqlite::edge {

/// `co_await`: the packed reply. All that is given lives until then.
class GetAnswer final : public SharedReads::Waiting {
 public:
  GetAnswer(Access& access, SharedReads& reads, const KvRules& rules, kv::Key key,
            const bp::call& on)
      : Waiting(reads), access_(access), rules_(&rules), key_(std::move(key)), on_(on) {}

  /// Nothing is read.
  GetAnswer(Access& access, SharedReads& reads, bp::error why, const bp::call& on)
      : Waiting(reads), access_(access), on_(on) {
    refused_.emplace(std::move(why));
  }

  [[nodiscard]] bool await_ready() const noexcept { return refused_.has_value(); }

  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) {
    began_ns_ = access_.now_ns();
    return Waiting::await_suspend(awaiting);
  }

  bp::result<bp::buffer> await_resume() {
    check();
    if (refused_) {
      return std::unexpected(std::move(*refused_));
    }
    auto reply = access_.health().seen(std::move(*reply_));
    access_.note_read(began_ns_, reply.has_value());
    if (!reply) {
      return std::unexpected(std::move(reply).error());
    }
    return on_.reply(reply->bytes());
  }

  std::size_t read(engine::Connection& connection) override {
    reply_.emplace(service::get(connection, key_, rules_->clock_ms()));
    return *reply_ ? (*reply_)->bytes().size() : 0;
  }

  void fail(const bp::error& why) override { reply_.emplace(std::unexpected(why)); }

 private:
  Access& access_;
  const KvRules* rules_ = nullptr;
  kv::Key key_;
  const bp::call& on_;
  std::uint64_t began_ns_ = 0;
  std::optional<bp::error> refused_;
  std::optional<bp::result<bp::contract::outgoing<service::kv_contract::GetReply>>> reply_;
};

}  // namespace storage_sqlite::edge
