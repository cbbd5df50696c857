// tests/bench/transport/stored.cpp - JSON-RPC over the load's own sockets.
#include "tests/bench/transport/stored.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "tests/bench/race/measure.hpp"
#include "tests/bench/transport/clients.hpp"
#include "tests/bench/transport/ours.hpp"

namespace bench {

namespace {

constexpr unsigned under_way = 64;
constexpr int patience_ms = 20'000;
constexpr std::uint64_t paced_events_max = 2'000;
constexpr std::string_view sent_at = "\"sent_ns\":";

// Whole messages out of a stream of a server's frames.
class Messages {
 public:
  template <typename Take>
  void feed(std::string_view bytes, Take take) {
    rest_.append(bytes);
    std::string_view left = rest_;
    for (;;) {
      constexpr std::size_t medium = 126;
      if (left.size() < 4) {
        break;
      }
      std::size_t size = static_cast<unsigned char>(left[1]);
      std::size_t header = 2;
      if (size == medium) {
        size = static_cast<std::size_t>(static_cast<unsigned char>(left[2])) << 8U |
               static_cast<unsigned char>(left[3]);
        header = 4;
      }
      if (left.size() < header + size) {
        break;
      }
      take(left.substr(header, size));
      left.remove_prefix(header + size);
    }
    rest_.erase(0, rest_.size() - left.size());
  }

 private:
  std::string rest_;
};

class Hub {
 public:
  explicit Hub(std::shared_ptr<Server> server)
      : server_(std::move(server)), poll_(epoll_create1(EPOLL_CLOEXEC)), links_(crowd + 1) {
    for (Link& link : links_) {
      link.socket = open_websocket(server_->port(), "/");
      link.subscriber = &link != links_.data();
      if (link.subscriber) {
        say(link, R"({"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"channel":"events"}})");
      }
      fcntl(link.socket, F_SETFL, O_NONBLOCK);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &link;
      epoll_ctl(poll_, EPOLL_CTL_ADD, link.socket, &event);
    }
    run_until([this] { return subscribed_ == crowd; });
  }

  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  ~Hub() {
    for (const Link& link : links_) {
      close(link.socket);
    }
    close(poll_);
  }

  Sample round(std::uint64_t count) {
    const std::uint64_t begin = bench_now_ns();
    start(count);
    while (published_ < count && published_ < under_way) {
      publish();
    }
    run_until([this] { return finished(); });
    const double each_ns = per_operation(begin, bench_now_ns(), count);
    pace(std::min(count, paced_events_max), 2 * each_ns);
    return {each_ns, percentile(latencies_)};
  }

 private:
  struct Link {
    int socket = -1;
    bool subscriber = false;
    Messages messages{};
  };

  static double percentile(std::vector<std::uint64_t>& values) {
    const std::size_t at = values.size() * 99 / 100;
    std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(at));
    return static_cast<double>(values[at]);
  }

  void start(std::uint64_t count) {
    wanted_ = count;
    published_ = 0;
    answered_ = 0;
    arrived_ = 0;
    latencies_.clear();
  }

  [[nodiscard]] bool finished() const {
    return answered_ == wanted_ && arrived_ == wanted_ * crowd;
  }

  // One event each `pause_ns`, whatever comes back.
  void pace(std::uint64_t count, double pause_ns) {
    start(count);
    paced_ = true;
    const std::uint64_t begin = bench_now_ns();
    while (published_ < count) {
      const auto due =
          begin + static_cast<std::uint64_t>(static_cast<double>(published_) * pause_ns);
      if (bench_now_ns() >= due) {
        publish();
      }
      turn(0);
    }
    run_until([this] { return finished(); });
    paced_ = false;
  }

  void publish() {
    ++published_;
    say(links_.front(),
        fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"publish","params":{{"event":{{"name":)"
                    R"("quake","category":"m5","data":{{{}{},"place":"Tokyo","mag":5.1}}}}}}}})",
                    published_ + 1, sent_at, bench_now_ns()));
  }

  static void say(const Link& link, std::string_view text) {
    const std::string frame = text_frame(text, Sender::client);
    for (std::string_view left = frame; !left.empty();) {
      const ssize_t sent = send(link.socket, left.data(), left.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) {
        pollfd writable{link.socket, POLLOUT, 0};
        poll(&writable, 1, patience_ms);
        continue;
      }
      if (sent <= 0) {
        throw std::runtime_error("the daemon closed a connection");
      }
      left.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  template <typename Done>
  void run_until(Done done) {
    while (!done()) {
      if (!turn(patience_ms)) {
        throw std::runtime_error(fmt::format("{} of {} events answered, {} of {} arrived",
                                             answered_, wanted_, arrived_, wanted_ * crowd));
      }
    }
  }

  bool turn(int wait_ms) {
    std::array<epoll_event, 128> events{};
    const int count = epoll_wait(poll_, events.data(), events.size(), wait_ms);
    for (int i = 0; i < count; ++i) {
      receive(*static_cast<Link*>(events.at(static_cast<std::size_t>(i)).data.ptr));
    }
    return count > 0;
  }

  void receive(Link& link) {
    std::array<char, 64UL * 1'024> part{};
    const ssize_t bytes = recv(link.socket, part.data(), part.size(), 0);
    if (bytes < 0 && errno == EAGAIN) {
      return;
    }
    if (bytes <= 0) {
      throw std::runtime_error("the daemon closed a connection");
    }
    link.messages.feed({part.data(), static_cast<std::size_t>(bytes)},
                       [&](std::string_view text) { take(link, text); });
  }

  void take(const Link& link, std::string_view text) {
    if (text.find("\"error\"") != std::string_view::npos) {
      throw std::runtime_error("the gateway answered " + std::string(text));
    }
    if (link.subscriber) {
      const std::size_t at = text.find(sent_at);
      at == std::string_view::npos ? static_cast<void>(++subscribed_) : arrive(text.substr(at));
      return;
    }
    ++answered_;
    if (!paced_ && published_ < wanted_) {
      publish();
    }
  }

  void arrive(std::string_view text) {
    text.remove_prefix(sent_at.size());
    std::uint64_t sent_ns = 0;
    std::from_chars(text.data(), text.data() + text.size(), sent_ns);
    latencies_.push_back(bench_now_ns() - sent_ns);
    ++arrived_;
  }

  std::shared_ptr<Server> server_;
  int poll_;
  std::vector<Link> links_;
  unsigned subscribed_ = 0;
  bool paced_ = false;
  std::uint64_t wanted_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t arrived_ = 0;
  std::vector<std::uint64_t> latencies_;
};

}  // namespace

Round stored_round(std::shared_ptr<Server> server) {
  auto hub = std::make_shared<Hub>(std::move(server));
  return [hub](std::uint64_t count) { return hub->round(count); };
}

}  // namespace bench
