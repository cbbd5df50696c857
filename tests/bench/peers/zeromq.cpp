// tests/bench/peers/zeromq.cpp - ZeroMQ: publisher and subscribers in one process.
#include <memory>
#include <stdexcept>
#include <string>
#include <zmq.h>

#include "tests/bench/peers/peers.hpp"
#include "tests/bench/race/measure.hpp"

namespace bench {

namespace {

using Small = Message<16>;
constexpr int receive_timeout_ms = 5'000;

class Fan {
 public:
  explicit Fan(unsigned subscribers) {
    publisher_ = open(ZMQ_PUB);
    check(zmq_bind(publisher_, "inproc://bench"));
    for (unsigned i = 0; i < subscribers; ++i) {
      void* socket = open(ZMQ_SUB);
      check(zmq_setsockopt(socket, ZMQ_RCVTIMEO, &receive_timeout_ms, sizeof receive_timeout_ms));
      check(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0));
      check(zmq_connect(socket, "inproc://bench"));
      subscribers_.push_back(socket);
    }
    await_subscriptions();
  }

  Fan(const Fan&) = delete;
  Fan& operator=(const Fan&) = delete;

  ~Fan() {
    for (void* socket : subscribers_) {
      zmq_close(socket);
    }
    zmq_close(publisher_);
    zmq_ctx_term(context_);
  }

  Sample round(std::uint64_t count) {
    std::vector<std::uint64_t> sums(subscribers_.size());
    std::uint64_t publishing = 0;
    const std::uint64_t begin = bench_now_ns();
    for (std::uint64_t sent = 0; sent < count;) {
      const std::uint64_t now = std::min<std::uint64_t>(batch, count - sent);
      const std::uint64_t before = bench_now_ns();
      for (std::uint64_t i = 0; i < now; ++i) {
        publish(sent + i);
      }
      publishing += bench_now_ns() - before;
      sent += now;
      for (std::size_t s = 0; s < subscribers_.size(); ++s) {
        for (std::uint64_t i = 0; i < now; ++i) {
          sums[s] += receive(subscribers_[s]).sum();
        }
      }
    }
    const std::uint64_t end = bench_now_ns();
    for (const std::uint64_t sum : sums) {
      expect_equal(sum, bench_expected(count, sizeof(Small)), "checksum");
    }
    return {per_operation(begin, end, count),
            static_cast<double>(publishing) / static_cast<double>(count)};
  }

 private:
  static void check(int result) {
    if (result < 0) {
      throw std::runtime_error(std::string("ZeroMQ: ") + zmq_strerror(zmq_errno()));
    }
  }

  void* open(int kind) {
    void* socket = zmq_socket(context_, kind);
    if (socket == nullptr) {
      check(-1);
    }
    const int no_limit = 0;
    const int no_wait = 0;
    check(zmq_setsockopt(socket, ZMQ_SNDHWM, &no_limit, sizeof no_limit));
    check(zmq_setsockopt(socket, ZMQ_RCVHWM, &no_limit, sizeof no_limit));
    check(zmq_setsockopt(socket, ZMQ_LINGER, &no_wait, sizeof no_wait));
    return socket;
  }

  void publish(std::uint64_t seq) {
    Small message;
    message.fill(seq);
    check(zmq_send(publisher_, &message, sizeof message, 0));
  }

  static Small receive(void* socket) {
    Small message;
    check(zmq_recv(socket, &message, sizeof message, 0));
    return message;
  }

  // What is published before a subscription has arrived is lost to that subscriber.
  void await_subscriptions() {
    for (void* socket : subscribers_) {
      Small message;
      do {
        publish(0);
      } while (zmq_recv(socket, &message, sizeof message, ZMQ_DONTWAIT) < 0);
    }
    for (void* socket : subscribers_) {
      Small message;
      while (zmq_recv(socket, &message, sizeof message, ZMQ_DONTWAIT) >= 0) {
      }
    }
  }

  void* context_ = zmq_ctx_new();
  void* publisher_ = nullptr;
  std::vector<void*> subscribers_;
};

Contender contender(const char* row, std::string name, unsigned subscribers) {
  return {row, std::move(name), [subscribers]() -> Round {
            auto fan = std::make_shared<Fan>(subscribers);
            return [fan](std::uint64_t count) { return fan->round(count); };
          }};
}

}  // namespace

Contenders zeromq_contenders() {
  Contenders all{contender("no_subscriber", "ZeroMQ", 0)};
  for (const unsigned subscribers : {1U, 8U, 64U}) {
    all.push_back(contender("broadcast", "ZeroMQ " + std::to_string(subscribers), subscribers));
  }
  return all;
}

}  // namespace bench
