// tests/bench/metrics/worker/worker.cpp - adds, observes, or scrapes what it has written, as often
// as it is told.
#include <algorithm>
#include <array>
#include <string>
#include <thread>
#include <vector>

#include "backplane/contract/metrics_export_contract.hpp"
#include "backplane/cpp/plugin.hpp"

#include "../../plugins/board.h"
#include "../work.hpp"

namespace {

using Contract = bp::contract::metrics_export;

constexpr std::uint32_t chunk_bytes = std::uint32_t{512} << 10U;

struct Config {
  std::uint64_t board = 0;
  static constexpr auto fields = bp::fields(bp::field<&Config::board>("board"));
};

// Each time from memory, as in a handler.
[[gnu::noinline]] void bench_add(const bp::counter& counter, std::uint64_t count) {
  for (; count > 0; --count) {
    counter.add();
    asm volatile("" : : : "memory");
  }
}

[[gnu::noinline]] void bench_observe(const bp::histogram& histogram,
                                     const std::array<double, bench::values>& values,
                                     std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    histogram.observe(values[i % bench::values]);
    asm volatile("" : : : "memory");
  }
}

class Worker {
 public:
  bp::result<void> start(bp::context& cx) {
    cx_ = &cx;
    board_ = reinterpret_cast<bench_board*>(bp::value_of(cx.config<Config>()).board);
    exporter_ =
        cx.require<Contract::client>(Contract::name, Contract::major, 0, BP_REQUIRE_OPTIONAL);
    if (board_->method == bench::work_scrape) {
      define_series();
    }
    const auto adds = cx.counters({.name = "bench_adds", .help = "What was added"});
    const auto waits = cx.histograms({.name = "bench_wait_seconds",
                                      .help = "What was observed",
                                      .unit = "seconds",
                                      .bounds = {bench::bounds.begin(), bench::bounds.end()}});
    thread_ = std::thread([this, adds, waits] { run(adds.bind(), waits.bind()); });
    return {};
  }

  void stop(bp::context& /*cx*/) {
    __atomic_store_n(&board_->stop, 1, __ATOMIC_RELEASE);
    sem_post(&board_->go);
    thread_.join();
  }

 private:
  void define_series() {
    const std::uint32_t families = board_->capacity / bench::series_per_family;
    for (std::uint32_t f = 0; f < families; ++f) {
      const std::string name = "bench_family_" + std::to_string(f);
      const auto family = cx_->counters(
          {.name = name, .help = "One of many", .labels = {"method", "path", "status"}});
      for (std::uint32_t s = 0; s < bench::series_per_family; ++s) {
        const std::string path = "/api/v1/resource/" + std::to_string(s);
        series_.push_back(family.bind({"GET", path, s % 2 == 0 ? "200" : "500"}));
      }
    }
  }

  void run(const bp::counter& adds, const bp::histogram& waits) {
    std::array<double, bench::values> values{};
    for (std::uint32_t i = 0; i < bench::values; ++i) {
      values.at(i) = bench::value_of(i);
    }
    for (;;) {
      while (sem_wait(&board_->go) != 0) {
      }
      if (__atomic_load_n(&board_->stop, __ATOMIC_ACQUIRE) != 0) {
        return;
      }
      if (board_->method == bench::work_scrape) {
        (void)cx_->post([this] { cx_->spawn([this] { return scrapes(); }); });
        continue;
      }
      board_->begin_ns = bench_now_ns();
      if (board_->method == bench::work_add) {
        bench_add(adds, board_->total);
      } else {
        bench_observe(waits, values, board_->total);
      }
      board_->end_ns = bench_now_ns();
      finish(board_->total);
    }
  }

  void finish(std::uint64_t handled) {
    board_->handled = handled;
    sem_post(board_->done);
  }

  // Every number is another one at each scrape, written before the clock runs. The lines of the
  // last are counted.
  bp::task<void> scrapes() {
    board_->begin_ns = board_->end_ns = 0;
    for (std::uint64_t i = 0; i < board_->total; ++i) {
      for (const bp::counter& counter : series_) {
        counter.add(1 + i % 7);
      }
      if (!co_await scrape(i + 1 == board_->total)) {
        break;
      }
    }
    finish(board_->total);
  }

  bp::task<bool> scrape(bool counted) {
    std::uint64_t cursor = 0;
    board_->sum = 0;
    board_->copies = 0;  // bytes
    do {
      bp::metrics::export_::RenderRequestT request;
      request.chunk_bytes = chunk_bytes;
      request.cursor = cursor;
      if (board_->in_place != 0) {
        request.accept_encoding = "gzip";
      }
      const std::uint64_t began_ns = bench_now_ns();
      const auto reply = co_await exporter_.render(request);
      board_->end_ns += bench_now_ns() - began_ns;
      if (!reply) {
        board_->failure = reply.error().code();
        co_return false;
      }
      cursor = (*reply)->next();
      if (const auto* body = (*reply)->body(); body != nullptr) {
        board_->copies += body->size();
        continue;
      }
      const std::string_view text = (*reply)->text()->string_view();
      board_->copies += text.size();
      if (counted) {
        board_->sum += static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
      }
    } while (cursor != 0);
    co_return true;
  }

  bp::context* cx_ = nullptr;
  bench_board* board_ = nullptr;
  Contract::client exporter_;
  std::vector<bp::counter> series_;
  std::thread thread_;
};

}  // namespace

BACKPLANE_PLUGIN(Worker)
