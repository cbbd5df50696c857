// tests/bench/storage/ours.cpp - a host with storage_sqlite and callers in it, and rounds of puts
// and gets.
#include "tests/bench/storage/ours.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "backplane/contract/storage_kv_generated.h"

#include "tests/bench/ours/boards.hpp"
#include "tests/bench/ours/world.hpp"
#include "tests/bench/race/measure.hpp"
#include "tests/bench/storage/raw.hpp"

namespace bench {

namespace {

namespace kv = bp::storage::kv;

constexpr unsigned host_workers = 2;
constexpr std::uint32_t under_way = 64;
constexpr std::uint32_t get_method = 1;
constexpr std::uint32_t put_method = 2;
constexpr const char* key_digits = "KEYKEYKEYKEYKEYK";  // 16, found in the request

struct Plan {
  const char* row;
  const char* name;
  unsigned callers;
  std::uint32_t method;
  kv::Durability durability;
};

template <typename Request>
std::string packed(const typename Request::NativeTableType& native) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Request::Pack(builder, &native));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

std::string request_of(const Plan& plan) {
  if (plan.method == get_method) {
    kv::GetRequestT get;
    get.key = key_digits;
    return packed<kv::GetRequest>(get);
  }
  kv::PutRequestT put;
  put.key = key_digits;
  put.value.assign(value_bytes, 'v');
  put.durability = plan.durability;
  return packed<kv::PutRequest>(put);
}

// Where the storage of the only world in `place` keeps its data.
std::filesystem::path database_in(Place& place) {
  const auto scratch = place.folder("search").parent_path();
  for (const auto& file : std::filesystem::recursive_directory_iterator(scratch)) {
    if (file.path().filename() == "events.db") {
      return file.path();
    }
  }
  throw std::runtime_error("the storage made no events.db in " + scratch.string());
}

class Calls {
 public:
  Calls(const std::filesystem::path& storage, const Plan& plan)
      : request_(request_of(plan)), gets_(plan.method == get_method) {
    std::vector<Card> cards{{"storage", storage}};
    for (unsigned number = 0; number < plan.callers; ++number) {
      bench_board& board = boards_.add();
      board.in = request_.data();
      board.message_bytes = static_cast<std::uint32_t>(request_.size());
      board.touch_bytes = static_cast<std::uint32_t>(request_.find(key_digits));
      board.method = plan.method;
      board.batch = under_way;
      board.capacity = gets_ ? keys_stored : 0;
      board.processor = number;
      callers_.push_back(&board);
      cards.push_back(
          {"caller" + std::to_string(number), place_.copy_of("storage_caller"), &board});
    }
    world_ = std::make_unique<World>(place_, host_workers, cards);
    world_->start();
    database_ = database_in(place_);
    for (unsigned number = 0; gets_ && number < plan.callers; ++number) {
      store_keys(database_, "caller" + std::to_string(number));
    }
  }

  Sample round(std::uint64_t count) {
    const auto callers = static_cast<unsigned>(callers_.size());
    const std::uint64_t each = std::max<std::uint64_t>(count / callers, 1);
    for (bench_board* board : callers_) {
      Boards::reset(*board, each);
    }
    const std::uint64_t processor = processor_ns();
    const std::uint64_t begin = bench_now_ns();
    for (const bench_board* board : callers_) {
      wake(*board);
    }
    world_->wait(boards_.done(), callers);
    const std::uint64_t end = bench_now_ns();
    const std::uint64_t spent = processor_ns() - processor;
    boards_.check();
    check(each);
    return {per_operation(begin, end, each * callers), per_operation(0, spent, each * callers)};
  }

 private:
  // Every call was answered; a get with a value, and every put is in the database.
  void check(std::uint64_t each) {
    for (const bench_board* board : callers_) {
      expect_equal(board->handled, each, "calls answered");
      if (gets_ && board->sum < each * value_bytes) {
        throw std::runtime_error("some gets were answered without a value");
      }
    }
    if (!gets_) {
      put_ += each * callers_.size();
      expect_equal(count_keys(database_), put_, "keys stored");
    }
  }

  Place place_{own_folder()};
  Boards boards_;
  std::string request_;
  bool gets_;
  std::uint64_t put_ = 0;
  std::vector<bench_board*> callers_;
  std::filesystem::path database_;
  std::unique_ptr<World> world_;  // ends before the boards
};

Contender contender(const std::filesystem::path& storage, const Plan& plan) {
  return {plan.row, plan.name, [storage, plan]() -> Round {
            auto calls = std::make_shared<Calls>(storage, plan);
            return [calls](std::uint64_t count) { return calls->round(count); };
          }};
}

}  // namespace

Contenders storage_contenders(const std::filesystem::path& storage) {
  constexpr unsigned crowd = 16;
  constexpr auto disk = kv::Durability::disk;
  constexpr auto os = kv::Durability::os;
  return {contender(storage, {"write_disk", "backplane", crowd, put_method, disk}),
          contender(storage, {"write_os", "backplane", crowd, put_method, os}),
          contender(storage, {"get", "backplane", 1, get_method, os}),
          contender(storage, {"get", "backplane 16 callers", crowd, get_method, os})};
}

}  // namespace bench
