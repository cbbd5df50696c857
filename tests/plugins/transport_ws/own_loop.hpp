// tests/plugins/transport_ws/own_loop.hpp - an io thread that the test itself runs.
#pragma once

#include <chrono>
#include <functional>

#include <boost/asio/io_context.hpp>

namespace transport_ws {

/// A base of fixtures: gone after everything that stands on the context.
class OwnLoop {
 protected:
  /// False: it did not come to be in time.
  bool run_until(const std::function<bool()>& done) {
    constexpr std::chrono::seconds patience{20};
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!done() && std::chrono::steady_clock::now() < end) {
      context.restart();
      context.run_one_for(std::chrono::milliseconds(5));
    }
    return done();
  }

  boost::asio::io_context context;
};

}  // namespace transport_ws
