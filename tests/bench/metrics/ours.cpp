// tests/bench/metrics/ours.cpp - a host with a worker in it, and with the exporter where it
// scrapes.
#include "tests/bench/metrics/ours.hpp"

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/metrics/work.hpp"
#include "tests/bench/ours/boards.hpp"
#include "tests/bench/ours/world.hpp"

namespace bench {

namespace {

class Works {
 public:
  Works(const std::filesystem::path& exporter, std::uint32_t work, std::uint32_t series, bool gzip)
      : place_(own_folder()), board_(boards_.add()), series_(series), gzip_(gzip) {
    board_.method = work;
    board_.capacity = series;
    board_.in_place = gzip ? 1 : 0;
    std::vector<Card> cards;
    if (work == work_scrape) {
      cards.push_back({"metrics", exporter, nullptr, {}});
    }
    cards.push_back({"worker", place_.copy_of("metrics_worker"), &board_});
    world_ = std::make_unique<World>(place_, 1, cards);
    world_->start();
  }

  Sample round(std::uint64_t count) {
    Boards::reset(board_, count);
    sem_post(&board_.go);
    world_->wait(boards_.done(), 1);
    boards_.check();
    expect_equal(board_.handled, count, "operations");
    if (board_.method == work_add) {
      total_ += count;
      expect_equal(world_->counter("bench_adds"), total_, "value of the counter");
    } else if (board_.method == work_scrape && !gzip_ && board_.sum < series_) {
      expect_equal(board_.sum, series_, "lines of the exposition");
    }
    return {per_operation(board_.begin_ns, board_.end_ns, count),
            static_cast<double>(board_.copies)};
  }

 private:
  Place place_;
  Boards boards_;
  bench_board& board_;
  std::uint32_t series_;
  bool gzip_;
  std::uint64_t total_ = 0;
  std::unique_ptr<World> world_;  // ends before the boards
};

Contender contender(const char* row, const char* name, const std::filesystem::path& exporter,
                    std::uint32_t work, std::uint32_t series = 0, bool gzip = false) {
  return {row, name, [exporter, work, series, gzip]() -> Round {
            auto works = std::make_shared<Works>(exporter, work, series, gzip);
            return [works](std::uint64_t count) { return works->round(count); };
          }};
}

}  // namespace

Contenders metrics_contenders(const std::filesystem::path& exporter) {
  return {contender("add", "backplane", exporter, work_add),
          contender("observe", "backplane", exporter, work_observe),
          contender("scrape_10k", "backplane", exporter, work_scrape, 10'000),
          contender("scrape_100k", "backplane", exporter, work_scrape, 100'000),
          contender("scrape_100k", "backplane gzip", exporter, work_scrape, 100'000, true)};
}

}  // namespace bench
