// tests/plugins/transport_ws/rpc/fake_bus.hpp - a bus that remembers what it was asked and answers
// when the test says so.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rpc/bus.hpp"

namespace transport_ws::rpc {

class FakeBus final : public Bus {
 public:
  struct Asked {
    std::string whom;  // a channel, or "service Method"
    std::string json;
    std::uint32_t timeout_ms;
    Reply reply;
    std::optional<bp::trace_context> trace = std::nullopt;
  };

  void publish(std::string_view channel, std::string_view json, Reply reply) override {
    asked.push_back({std::string(channel), std::string(json), 0, std::move(reply)});
  }

  void call(std::string_view service, std::string_view method, std::string_view json,
            std::uint32_t timeout_ms, const bp::trace_context* trace, Reply reply) override {
    asked.push_back({std::string(service) + " " + std::string(method), std::string(json),
                     timeout_ms, std::move(reply),
                     trace != nullptr ? std::optional(*trace) : std::nullopt});
  }

  bp::result<std::uint64_t> subscribe(std::string_view channel, Sink sink) override {
    if (missing.contains(std::string(channel))) {
      return bp::fail(BP_E_NOT_FOUND, "no channel '" + std::string(channel) + "'");
    }
    sinks.emplace(++made, std::pair(std::string(channel), std::move(sink)));
    return made;
  }

  void unsubscribe(std::uint64_t subscription) override { sinks.erase(subscription); }

  /// Answers the oldest question.
  void answer(bp::result<std::string> reply = std::string()) {
    Asked first = std::move(asked.front());
    asked.pop_front();
    first.reply(std::move(reply));
  }

  /// Delivers to every subscription of the channel.
  void deliver(const std::string& channel, std::uint64_t seq, const std::string& json) {
    for (const auto& [number, sink] : std::map(sinks)) {
      if (sink.first == channel) {
        auto kept = std::make_shared<Kept>(Kept{json, held});
        ++*held;
        sink.second(Message{seq, kept->json, kept});
      }
    }
  }

  void tell(const std::string& channel, const Event& event) {
    for (const auto& [number, sink] : std::map(sinks)) {
      if (sink.first == channel) {
        sink.second(event);
      }
    }
  }

  std::deque<Asked> asked;
  std::map<std::uint64_t, std::pair<std::string, Sink>> sinks;
  std::set<std::string> missing;
  std::shared_ptr<int> held = std::make_shared<int>(0);  // messages that are not acknowledged
  std::uint64_t made = 0;

 private:
  struct Kept {
    std::string json;
    std::shared_ptr<int> count;

    Kept(std::string text, std::shared_ptr<int> counter)
        : json(std::move(text)), count(std::move(counter)) {}

    Kept(Kept&& other) noexcept = default;
    Kept& operator=(Kept&&) = delete;
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;

    ~Kept() {
      if (count) {
        --*count;
      }
    }
  };
};

}  // namespace transport_ws::rpc
