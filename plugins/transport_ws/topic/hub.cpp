// plugins/transport_ws/topic/hub.cpp - one post per io thread; the last one counts up.
#include "topic/hub.hpp"

#include <atomic>
#include <utility>

#include <boost/asio/post.hpp>

namespace transport_ws::topic {

struct Hub::Count {
  std::atomic<std::size_t> open;
  std::atomic<std::size_t> taken;
  OnDelivered on_delivered;
};

void Hub::publish(std::shared_ptr<Announcement> announcement, OnDelivered on_delivered) {
  if (!on_delivered) {
    for (const End& end : ends_) {
      boost::asio::post(*end.context,
                        [board = end.board, announcement] { board->deliver(*announcement); });
    }
    return;
  }
  auto count = std::make_shared<Count>();
  count->open = ends_.size();
  count->on_delivered = std::move(on_delivered);
  for (const End& end : ends_) {
    boost::asio::post(*end.context, [board = end.board, announcement, count] {
      count->taken += board->deliver(*announcement);
      if (--count->open == 0) {
        count->on_delivered(count->taken);
      }
    });
  }
}

}  // namespace transport_ws::topic
