// plugins/transport_ws/rpc/epochs.cpp - one epoch a channel, as long as somebody holds it.
#include "rpc/epochs.hpp"

#include <utility>

#include <fmt/format.h>

namespace transport_ws::rpc {

struct Epochs::Book {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<const Epoch>> current;  // by channel
  std::string run;
  std::uint64_t begun = 0;
};

Epochs::Epochs(std::string run) : book_(std::make_shared<Book>()) {
  book_->run = std::move(run);
}

Epochs::Held Epochs::hold(const std::string& channel) {
  const std::scoped_lock lock(book_->mutex);
  std::weak_ptr<const Epoch>& current = book_->current[channel];
  if (auto held = current.lock()) {
    return held;
  }
  auto made = std::make_shared<const Epoch>(book_, channel,
                                            fmt::format("{}.{}", book_->run, ++book_->begun));
  current = made;
  return made;
}

void Epochs::end(const Held& epoch) {
  const std::scoped_lock lock(book_->mutex);
  const auto found = book_->current.find(epoch->channel_);
  // Neither owner is before the other: it is this one, and nobody has begun another since.
  if (found != book_->current.end() && !found->second.owner_before(epoch) &&
      !epoch.owner_before(found->second)) {
    book_->current.erase(found);
  }
}

Epochs::Epoch::Epoch(std::shared_ptr<Book> book, std::string channel, std::string text)
    : book_(std::move(book)), channel_(std::move(channel)), text_(std::move(text)) {}

Epochs::Epoch::~Epoch() {
  const std::scoped_lock lock(book_->mutex);
  const auto found = book_->current.find(channel_);
  if (found != book_->current.end() && found->second.expired()) {
    book_->current.erase(found);
  }
}

}  // namespace transport_ws::rpc
