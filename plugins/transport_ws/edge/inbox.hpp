// plugins/transport_ws/edge/inbox.hpp - from the strand to one io thread: one wake-up per burst,
// not per message.
//
// Thread: push() any; what was pushed runs on the context's thread, in order.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace transport_ws::edge {

class Inbox final : public std::enable_shared_from_this<Inbox> {
 public:
  using Work = std::move_only_function<void()>;

  explicit Inbox(boost::asio::io_context& context) : context_(&context) {}

  /// Work for a closed inbox is destroyed unrun.
  void push(Work work);
  /// The context is about to go.
  void close() noexcept;

 private:
  void run();

  std::mutex mutex_;
  std::vector<Work> waiting_;
  boost::asio::io_context* context_;  // null: closed
};

}  // namespace transport_ws::edge
