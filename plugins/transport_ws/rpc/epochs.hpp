// plugins/transport_ws/rpc/epochs.hpp - which life of its channel a position belongs to.
//
// A channel that nobody uses goes, and one of the same name counts from one again. While any
// gateway follows a channel it cannot go: so an epoch lasts as long as one of them holds it, and
// the next who comes begins another. Thread: any; io threads share one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace transport_ws::rpc {

class Epochs {
 public:
  /// One epoch of one channel; whoever holds it follows the channel.
  class Epoch;
  using Held = std::shared_ptr<const Epoch>;

  /// `run`: what no other run of this instance has.
  explicit Epochs(std::string run);

  /// The epoch of a channel that the caller follows already: take it after subscribing, and let it
  /// go before unsubscribing, so that there is always someone who follows.
  [[nodiscard]] Held hold(const std::string& channel);

  /// The channel was closed: who comes next begins another epoch, whoever still holds this one.
  void end(const Held& epoch);

 private:
  struct Book;
  std::shared_ptr<Book> book_;
};

class Epochs::Epoch {
 public:
  Epoch(std::shared_ptr<Book> book, std::string channel, std::string text);
  Epoch(const Epoch&) = delete;
  Epoch& operator=(const Epoch&) = delete;
  ~Epoch();

  /// As clients are told.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  friend class Epochs;
  std::shared_ptr<Book> book_;
  std::string channel_;
  std::string text_;
};

}  // namespace transport_ws::rpc
