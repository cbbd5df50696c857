// plugins/transport_ws/topic/hub.hpp - from one publisher to the followers on every io thread.
//
// The messages of one publishing thread reach each connection in their order. Thread: join() before
// the io threads run, publish() any.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "topic/announcement.hpp"
#include "topic/board.hpp"

namespace transport_ws::topic {

/// Boards and their contexts must outlive what is published.
class Hub {
 public:
  using OnDelivered = std::move_only_function<void(std::size_t taken)>;

  void join(boost::asio::io_context& context, Board& board) { ends_.push_back({&context, &board}); }

  /// `on_delivered`, when given, comes on an io thread with the number of connections that took it.
  void publish(std::shared_ptr<Announcement> announcement, OnDelivered on_delivered = nullptr);

 private:
  struct End {
    boost::asio::io_context* context;
    Board* board;
  };

  struct Count;

  std::vector<End> ends_;
};

}  // namespace transport_ws::topic
