// plugins/transport_ws/topic/board.hpp - which connections of one io thread follow which topics.
//
// A topic exists while somebody follows it. Thread: its io thread, all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backplane/cpp/error.hpp"

#include "session/counters.hpp"
#include "session/peer.hpp"
#include "topic/announcement.hpp"

namespace transport_ws::topic {

class Board {
 public:
  Board(std::uint32_t subscriptions_max, session::Counters& counters) noexcept
      : subscriptions_max_(subscriptions_max), counters_(counters) {}

  /// Following twice is following once. Errors: INVALID (the name), BUSY (too many topics).
  [[nodiscard]] bp::result<void> subscribe(session::Peer& peer, Form form, std::string_view topic);
  /// False: it did not follow that topic.
  bool unsubscribe(session::Peer& peer, std::string_view topic);
  /// It follows nothing from now on.
  void leave(session::Peer& peer);

  /// To everyone who follows its topic; a connection without room is cut off, or drops what its
  /// policy drops. Answers how many took it.
  std::size_t deliver(Announcement& announcement);

  [[nodiscard]] std::vector<std::string> topics_of(const session::Peer& peer) const;

 private:
  struct Subscriber {
    session::Peer* peer;
    Form form;
  };

  struct Topic {
    std::string name;
    std::vector<Subscriber> subscribers;
  };

  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard says so
  };

  using TopicPtr = std::unique_ptr<Topic>;

  void remove(session::Peer& peer, Topic& topic);
  void count();

  std::unordered_map<std::string, TopicPtr, Hash, std::equal_to<>> topics_;
  std::unordered_map<std::uint64_t, std::vector<Topic*>> followed_;  // by connection
  std::size_t subscriptions_ = 0;
  std::uint32_t subscriptions_max_;
  session::Counters& counters_;
};

/// Errors: INVALID. A topic's name is UTF-8 of 1 to 255 bytes without control characters.
[[nodiscard]] bp::result<void> check_name(std::string_view topic);

}  // namespace transport_ws::topic
