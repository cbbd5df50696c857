// tests/host/admin/backend.hpp - a host whose services and channels are the test's, behind a real
// control socket in a folder of its own.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "host/admin/api.hpp"
#include "host/admin/client.hpp"
#include "host/channel/receiver.hpp"
#include "tests/host/manifest/reading.hpp"
#include "tests/host/slot/scripted_plugin.hpp"

namespace host::admin {

// Answers a call with its own request; "Wait" never.
class Echo : public service::Provider {
 public:
  bp_status submit(const std::shared_ptr<service::Call>& call, std::uint64_t /*token*/) override {
    if (call->method() == 1) {
      call->finish({BP_OK, call->request(), std::nullopt});
    } else {
      waiting_.push_back(call);
    }
    return BP_OK;
  }

  service::Reply run_inline(const service::Method& /*method*/,
                            const message::Message& request) override {
    return {BP_OK, request, std::nullopt};
  }

  void call_ended(std::uint64_t /*handle*/) override {}

  bp_status answer_inline(const service::Method& /*method*/, const bp_buf& /*request*/,
                          bp_buf& /*reply*/, bp_error& /*error*/) override {
    return BP_E_UNSUPPORTED;
  }

  bp_status take_reply(const bp_buf& /*reply*/, message::Message& /*out*/) override {
    return BP_E_UNSUPPORTED;
  }

  [[nodiscard]] bool on_this_stack() const noexcept override { return false; }

 private:
  std::vector<std::shared_ptr<service::Call>> waiting_;
};

// An io_context with its thread.
class Loop {
 public:
  Loop() : thread_([this] { io_.run(); }) {}

  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  ~Loop() { end(); }

  void end() {
    work_.reset();
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }

  void post(std::function<void()> work) { boost::asio::post(io_, std::move(work)); }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::thread thread_;
};

// A server on `path` that goes before its loop does.
class Served {
 public:
  Served(Loop& loop, const std::string& path, Handler handler)
      : loop_(loop), server_(*HttpServer::listen(loop.io(), path, "0600", std::move(handler))) {}

  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  ~Served() {
    loop_.post([this] { server_->close(); });
    loop_.end();
  }

 private:
  Loop& loop_;
  std::unique_ptr<HttpServer> server_;
};

// Plugins "storage", which cannot start, and "net.ws", which is like it; a service bp.echo/1; a
// broadcast "events" and a queue "jobs".
class BackendTest : public testing::Test {
 protected:
  BackendTest() {
    service::Service::Description description{"bp.echo",
                                              1,
                                              0,
                                              "echo",
                                              {{1, 0, "Say", "json", "json", nullptr, nullptr},
                                               {2, 0, "Wait", "json", "json", nullptr, nullptr}}};
    (void)stage_.registry.add_service(
        {std::make_shared<service::Service>(std::move(description), echo_, 0), nullptr});
    add_channel("events", BP_KIND_BROADCAST);
    add_channel("jobs", BP_KIND_QUEUE);
  }

  // As the daemon does it: a thread that has just answered still lets go of its connection, which
  // must not outlive the loop.
  ~BackendTest() override {
    EXPECT_EQ(stage_.runtime.stop(runtime::now_ns() + 60'000'000'000), 0U);
  }

  void add_channel(const std::string& name, std::uint32_t kind) {
    channel::Settings settings;
    settings.name = name;
    settings.kind = kind;
    settings.type = "json";
    settings.lasting = true;  // whoever comes and goes
    (void)stage_.registry.open_channel(settings, "test", nullptr);
  }

  static supervisor::Plan plan() {
    supervisor::Plan plan;
    for (const char* id : {"storage", "net.ws"}) {
      supervisor::Planned planned;
      planned.entry.id = id;
      planned.entry.library = "/nowhere.so";
      planned.refusal = error::Error(BP_E_NOT_FOUND, "there is no file");
      plan.plugins.push_back(std::move(planned));
    }
    return plan;
  }

  [[nodiscard]] std::string socket() const { return (folder_.path() / "s").string(); }

  ClientReply ask(const std::string& method, const std::string& target,
                  const std::string& body = "") {
    auto reply = request(socket(), method, target, body);
    EXPECT_TRUE(reply) << reply.error().text();
    return reply ? *reply : ClientReply{};
  }

  // How often the host was told to end: known when the thread that answered has done the rest.
  int shutdowns() {
    std::promise<int> seen;
    loop_.post([&] { seen.set_value(shutdowns_); });
    return seen.get_future().get();
  }

  test::Folder folder_;
  slot::Stage stage_;
  std::shared_ptr<Echo> echo_ = std::make_shared<Echo>();  // its calls hold memory of the stage
  Loop loop_;
  std::atomic<bool> ready_{true};
  int shutdowns_ = 0;  // the loop's thread
  supervisor::Supervisor supervisor_{
      plan(),
      supervisor::Environment{stage_.runtime, stage_.exchange, stage_.metrics, stage_.spans,
                              stage_.sink, folder_.path().string(), "machine", "0.0.0",
                              [this](std::function<void()> work) { loop_.post(std::move(work)); }},
      {}};
  Backend backend_{stage_.exchange,
                   supervisor_,
                   stage_.metrics,
                   stage_.sink,
                   "0.0.0",
                   "machine",
                   "plugins.json",
                   [this] { return ready_.load(); },
                   [this] { ++shutdowns_; }};
  Served served_{loop_, socket(), make_api(backend_)};
};

}  // namespace host::admin
