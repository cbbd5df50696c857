// tests/plugins/transport_ws/server/test_server.hpp - a running server on free ports, with a bus
// that the test answers.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/post.hpp>

#include "../rpc/fake_bus.hpp"
#include "server/server.hpp"

namespace transport_ws::server {

/// The small bus of the tests: publish is confirmed at once and delivered to the subscribers.
class EchoBus final : public rpc::Bus {
 public:
  explicit EchoBus(asio::io_context& context) : context_(context) {}

  void publish(std::string_view channel, std::string_view json, Reply reply) override {
    asio::post(context_, [this, channel = std::string(channel), json = std::string(json),
                          reply = std::move(reply)]() mutable {
      inner.deliver(channel, ++seq, json);
      reply(std::string());
    });
  }

  void call(std::string_view service, std::string_view method, std::string_view json,
            std::uint32_t timeout_ms, const bp::trace_context* trace, Reply reply) override {
    inner.call(service, method, json, timeout_ms, trace, std::move(reply));
  }

  bp::result<std::uint64_t> subscribe(std::string_view channel, Sink sink) override {
    return inner.subscribe(channel, std::move(sink));
  }

  void unsubscribe(std::uint64_t subscription) override { inner.unsubscribe(subscription); }

  rpc::FakeBus inner;
  std::uint64_t seq = 0;

 private:
  asio::io_context& context_;
};

class TestServer final : public Observer {
 public:
  explicit TestServer(const std::function<void(Settings&)>& adjust = {}) {
    Settings settings;
    settings.listen = {asio::ip::address_v4::loopback(), 0};
    settings.metrics_listen = settings.listen;
    settings.reuse_port = false;  // dealt out in turn: tests know who is where
    if (adjust) {
      adjust(settings);
    }
    const auto make_bus = [this](asio::io_context& context) {
      auto made = std::make_unique<EchoBus>(context);
      buses.push_back(made.get());
      return made;
    };
    server = std::make_unique<Server>(settings, make_bus, *this);
    EXPECT_TRUE(server->open());
    server->run();
  }

  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  ~TestServer() { server->stop(); }

  [[nodiscard]] std::uint16_t port() const { return server->listening().port(); }

  [[nodiscard]] std::uint16_t metrics_port() const { return server->metrics_listening()->port(); }

  [[nodiscard]] std::uint16_t tcp_port(std::size_t number = 0) const {
    return server->tcp_listening().at(number).port();
  }

  /// Runs on the first io thread and waits for it.
  template <typename Work>
  auto on_loop(Work work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto done = task.get_future();
    asio::post(server->loops().front()->context(), std::move(task));
    return done.get();
  }

  /// Waits until a line with this text was heard.
  bool heard(const std::string& text) {
    std::unique_lock lock(mutex_);
    return news_.wait_for(lock, std::chrono::seconds(10), [&] {
      return std::ranges::any_of(
          lines_, [&](const auto& line) { return line.find(text) != std::string::npos; });
    });
  }

  std::vector<EchoBus*> buses;
  std::unique_ptr<Server> server;

  void on_open(std::uint64_t connection, const std::string& /*address*/,
               std::string_view principal) override {
    note("open " + std::to_string(connection) +
         (principal.empty() ? "" : " as " + std::string(principal)));
  }

  void on_identified(std::uint64_t connection, std::string_view principal) override {
    note("identified " + std::to_string(connection) + " as " + std::string(principal));
  }

  void on_slow(std::uint64_t connection) override { note("slow " + std::to_string(connection)); }

  void on_closed(std::uint64_t connection, std::uint16_t code, std::string_view reason) override {
    note("closed " + std::to_string(connection) + " " + std::to_string(code) + " " +
         std::string(reason));
  }

  void on_rejected(const std::string& /*address*/, std::string_view reason) override {
    note("rejected " + std::string(reason));
  }

  void on_certificate(std::string_view key, const bp::result<void>& taken) override {
    note("certificate " + std::string(key) + (taken ? " reloaded" : " rejected"));
  }

  void on_bridge(const std::string& channel, std::string_view what) override {
    note("bridge " + channel + " " + std::string(what));
  }

 private:
  void note(std::string line) {
    const std::scoped_lock lock(mutex_);
    lines_.push_back(std::move(line));
    news_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable news_;
  std::vector<std::string> lines_;
};

}  // namespace transport_ws::server
