// tests/host/channel/stress.hpp - threads that publish and threads that sleep until they are woken.
//
// A thread that should have been woken and was not hangs, and the watchdog says so.
#pragma once

#include <array>
#include <atomic>
#include <cstdlib>
#include <random>
#include <semaphore>
#include <thread>
#include <unordered_map>

#include <gtest/gtest.h>

#include "tests/host/channel/fixture.hpp"

namespace host::channel {
inline constexpr auto hang = std::chrono::seconds(60);
inline constexpr std::uint32_t publishers = 3;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr std::uint32_t messages = 10'000;  // of each publisher
#else
inline constexpr std::uint32_t messages = 100'000;
#endif

// What every message carries; the rest of it is filled from these.
struct Header {
  std::uint32_t publisher;
  std::uint32_t end;  // which of the publisher's sending ends
  std::uint32_t number;
  std::uint32_t unused;
  std::uint64_t sum;
};

inline std::size_t size_of(std::uint32_t number) {
  if (number % 1'024 == 7) {
    return 20'000;  // a letter
  }
  return sizeof(Header) + number % 97;
}

inline std::uint64_t sum_of(const std::byte* data, std::size_t size) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    sum = sum * 31 + static_cast<std::uint64_t>(data[i]);
  }
  return sum;
}

inline void fill(std::byte* data, std::size_t size, std::uint32_t publisher, std::uint32_t end,
                 std::uint32_t number) {
  for (std::size_t i = sizeof(Header); i < size; ++i) {
    data[i] = static_cast<std::byte>(number * 7 + i);
  }
  const Header header{publisher, end, number, 0,
                      sum_of(data + sizeof(Header), size - sizeof(Header))};
  std::memcpy(data, &header, sizeof header);
}

inline bool intact(const std::byte* data, std::size_t size, Header& header) {
  std::memcpy(&header, data, sizeof header);
  return size >= sizeof header && size == size_of(header.number) &&
         header.sum == sum_of(data + sizeof header, size - sizeof header);
}

// A receiving end with a thread that sleeps until `ready`.
class Sleeper {
 public:
  struct Seen {
    std::uint64_t count = 0;
    std::uint64_t missed = 0;
    std::uint64_t broken = 0;
    std::uint64_t reordered = 0;
  };

  [[nodiscard]] std::function<void()> ready() {
    return [this] { wake_.release(); };
  }

  void wake() { wake_.release(); }

  // Until `done` says so, which is asked whenever there is nothing more to take.
  void run(Receiver& receiver, const std::function<bool()>& done) {
    Batch batch;
    for (;;) {
      receiver.take(64, batch, [this](const Glimpse& glimpse) { look(glimpse); });
      seen_.missed += batch.missed;
      const bool nothing = batch.count == 0;
      const bool more = batch.more;
      receiver.finish(batch);
      if (more) {
        continue;
      }
      if (done()) {
        if (nothing) {
          return;
        }
        continue;  // full hands: there may be more
      }
      if (!wake_.try_acquire_for(hang)) {
        std::fputs("a receiver was not woken\n", stderr);
        std::abort();
      }
    }
  }

  [[nodiscard]] const Seen& seen() const { return seen_; }

 private:
  void look(const Glimpse& glimpse) {
    Header header{};
    ++seen_.count;
    if (!intact(glimpse.data, glimpse.size, header)) {
      ++seen_.broken;
      return;
    }
    std::uint32_t& next = next_[header.publisher][header.end];
    seen_.reordered += header.number < next ? 1 : 0;
    next = header.number + 1;
  }

  std::counting_semaphore<> wake_{0};
  Seen seen_;
  // By publisher and sending end: order holds for an end.
  std::array<std::unordered_map<std::uint32_t, std::uint32_t>, publishers> next_;
};

// A publisher's thread: waits for credit as a plugin's own thread does.
class Publisher {
 public:
  Publisher(Channel& channel, message::Pool& pool, std::uint32_t number)
      : channel_(channel), pool_(pool), number_(number) {}

  // `churn`: a new sending end after so many messages. `in_turn`: settles after so many.
  // `ends`: sending ends at a time.
  void run(std::uint32_t churn, std::uint32_t in_turn, std::uint32_t ends) {
    std::vector<std::shared_ptr<Sender>> senders(ends);
    std::vector<std::uint32_t> names(ends);
    const auto open = [&](std::uint32_t place) {
      senders[place] = channel_.open_sender({});
      names[place] = ends_++;
    };
    const auto settle = [&] {
      for (const std::shared_ptr<Sender>& sender : senders) {
        sender->settle();
      }
    };
    for (std::uint32_t place = 0; place < ends; ++place) {
      open(place);
    }
    std::minstd_rand random(number_ + 1);
    for (std::uint32_t i = 0; i < messages; ++i) {
      const std::uint32_t place = ends == 1 ? 0 : static_cast<std::uint32_t>(random()) % ends;
      if (churn != 0 && i % churn == churn - 1) {
        open(place);
      }
      while (!send(*senders[place], i, names[place], in_turn)) {
        settle();
        if (senders[place]->wait_writable(std::chrono::nanoseconds(hang).count()) != BP_OK) {
          std::fputs("a sender was not woken\n", stderr);
          std::abort();
        }
      }
      if (in_turn != 0 && i % in_turn == in_turn - 1) {
        settle();
      }
    }
    settle();
  }

 private:
  bool send(Sender& sender, std::uint32_t i, std::uint32_t end, std::uint32_t in_turn) {
    const std::size_t size = size_of(i);
    if (size <= record_payload_bytes_max) {
      std::byte* room = sender.reserve(size);
      if (room == nullptr) {
        return false;
      }
      fill(room, size, number_, end, i);
      EXPECT_EQ(sender.send_lent(0, size, in_turn != 0), BP_OK);
      return true;
    }
    Envelope envelope;
    envelope.message.block = pool_.allocate(size);
    envelope.message.size = size;
    fill(envelope.message.data(), size, number_, end, i);
    return sender.send(std::move(envelope)) == BP_OK;
  }

  Channel& channel_;
  message::Pool& pool_;
  const std::uint32_t number_;
  std::uint32_t ends_ = 0;  // opened so far
};

struct Mode {
  const char* name;
  std::uint32_t churn;
  std::uint32_t in_turn;
  std::uint32_t ends;
};

class Stress : public testing::TestWithParam<Mode> {
 protected:
  // Runs all publishers beside `receivers` and tells them when all is sent.
  void publish_all(Channel& channel, std::vector<Sleeper>& sleepers) {
    std::vector<std::thread> threads;
    for (std::uint32_t number = 0; number < publishers; ++number) {
      threads.emplace_back([&, number] {
        Publisher(channel, pool_, number)
            .run(GetParam().churn, GetParam().in_turn, GetParam().ends);
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    sent_ = true;
    for (Sleeper& sleeper : sleepers) {
      sleeper.wake();
    }
  }

  [[nodiscard]] std::shared_ptr<Channel> make(Settings settings) {
    settings.name = "c";
    Surroundings around;
    around.pool = &pool_;
    return std::make_shared<Channel>(std::move(settings), std::move(around));
  }

  message::Pool pool_;
  std::atomic<bool> sent_{false};
  static constexpr std::uint64_t all = std::uint64_t{publishers} * messages;
};

}  // namespace host::channel
