// host/channel/confirmation.hpp - tells a publisher, once, what became of its message.
//
// Owns: the callback. Thread: any. Errors: the first consumer's failure is handed on.
#pragma once

#include <functional>
#include <mutex>
#include <optional>

#include "host/error/error.hpp"

namespace host::channel {

class Confirmation {
 public:
  using Done = std::function<void(const std::optional<error::Error>&)>;

  // Starts with one arrival outstanding: the publisher's own, made when the message was accepted.
  explicit Confirmation(Done done) : done_(std::move(done)) {}

  // One more consumer has to acknowledge.
  void expect();

  // One consumer acknowledged (no error) or gave up.
  void arrive(std::optional<error::Error> error = std::nullopt);

 private:
  std::mutex mutex_;
  unsigned outstanding_ = 1;
  std::optional<error::Error> error_;
  Done done_;
};

}  // namespace host::channel
