// tests/bench/race/rows.cpp - the promises of the bus, in the order in which they are printed.
#include "tests/bench/race/rows.hpp"

namespace bench {

namespace {

constexpr auto most = Relation::at_most;
constexpr auto faster = Relation::faster;
constexpr auto cost = Relation::cost;
constexpr auto report = Relation::report;
const std::string us = "backplane";

std::vector<Row> queue_rows() {
  return {
      {"one_thread",
       "publish + deliver, 16 B, one thread",
       true,
       {{us, "", most, 20},
        {us, "TBB bounded", faster, 2},
        {us, "tokio mpsc", faster, 2},
        {us, "moodycamel", report},
        {us, "moodycamel blocking", report},
        {us, "moodycamel bulk", report},
        {us, "boost lockfree queue", report},
        {us, "boost spsc consume_all", report},
        {us, "Asio concurrent_channel", report},
        {"backplane in place", "tokio mpsc", report},
        {"backplane C++ layer", "tokio mpsc", report}}},
      {"1p1c",
       "1 producer, 1 consumer, 16 B",
       false,
       {{us, "moodycamel blocking", faster, 8},
        {us, "TBB bounded", faster, 8},
        {us, "moodycamel bulk", report},
        {us, "boost spsc consume_all", report},
        {us, "tokio mpsc", report},
        {"backplane own thread", "moodycamel blocking", report}}},
      {"2p1c",
       "2 producers, 1 consumer, 16 B",
       false,
       {{us, "moodycamel blocking", faster, 8},
        {us, "TBB bounded", report},
        {us, "moodycamel bulk", report},
        {us, "tokio mpsc", report},
        {"backplane own thread", "moodycamel blocking", report}}},
      {"4k",
       "1 producer, 1 consumer, 4 KiB",
       false,
       {{us, "tokio mpsc", faster, 3},
        {us, "moodycamel blocking", report},
        {"backplane own thread", "tokio mpsc", report}}},
  };
}

Row broadcast_row() {
  return {"broadcast",
          "broadcast, 16 B, 1 / 8 / 64 subscribers",
          true,
          {{"backplane 64", "backplane 1", cost, 1.15, Figure::other, "publish"},
           {"backplane 1", "", most, 12, Figure::other, "publish"},
           {"backplane 64", "tokio broadcast 64", faster, 5, Figure::main, "total"},
           {"backplane 64", "signals2 64", faster, 9, Figure::main, "total"},
           {"backplane 64", "ZeroMQ 64", faster, 20, Figure::main, "total"},
           {"backplane 8", "tokio broadcast 8", report, 0, Figure::main, "total"},
           {"backplane 8", "signals2 8", report, 0, Figure::main, "total"},
           {"backplane 8", "ZeroMQ 8", report, 0, Figure::main, "total"},
           {"backplane 1", "tokio broadcast 1", report, 0, Figure::main, "total"},
           {"backplane 1", "signals2 1", report, 0, Figure::main, "total"},
           {"backplane 1", "ZeroMQ 1", report, 0, Figure::main, "total"},
           {"backplane 64", "tokio broadcast 64", report, 0, Figure::other, "publish"},
           {"backplane 64", "ZeroMQ 64", report, 0, Figure::other, "publish"}}};
}

std::vector<Row> message_rows() {
  return {
      {"no_subscriber",
       "publish, nobody listens",
       true,
       {{us, "", most, 2},
        {us, "signals2", report},
        {us, "ZeroMQ", report},
        {us, "tokio broadcast", report}}},
      {"forward",
       "64 KiB through three plugins, as 64 B",
       true,
       {{"backplane 64 KiB", "backplane 64 B", cost, 2},
        {"backplane 64 KiB", "memcpy 64 KiB", report}}},
      {"idle",
       "wake of a sleeping receiver",
       false,
       {{us, "futex", cost, 1.25}, {us, "eventfd", report}, {us, "condition_variable", report}}},
  };
}

std::vector<Row> other_rows() {
  return {
      {"call_inline",
       "service call, inline, 16 B there and back",
       true,
       {{us, "", most, 15}, {"backplane empty reply", "", report}}},
      {"call_queued",
       "service call, another strand that is awake",
       false,
       {{us, "", most, 250},
        {us, "tokio mpsc+oneshot", faster, 3},
        {us, "std::promise", report},
        {us, "Asio coroutines", report},
        {"backplane one worker", "", report}}},
      {"lookup_1",
       "name lookup, 1 thread",
       false,
       {{us, "", most, 12}, {us, "shared_mutex map", report}, {us, "TBB hash map", report}}},
      {"lookup_2",
       "name lookup, 2 threads",
       false,
       {{us, "", most, 12}, {us, "shared_mutex map", faster, 10}, {us, "TBB hash map", report}}},
      {"load",
       "load + start one of 1000 plugins",
       false,
       {{us, "dlopen", cost, 1.3},
        {us, "Boost.DLL", report},
        {us, "dlopen", Relation::more, 8'192, Figure::other, "memory", "bytes"}}},
      {"metric",
       "metric add",
       true,
       {{us, "", most, 2.5}, {us, "relaxed atomic", report}, {us, "prometheus-cpp", report}}},
  };
}

Row instructions_row() {
  Row row{"instructions", "instructions of one operation, by callgrind", false, {}};
  const auto add = [&row](const char* name, Relation relation, double bound) {
    row.comparisons.push_back(
        {std::string("count ") + name, "", relation, bound, Figure::main, "", "instructions"});
  };
  add("publish_deliver", most, 150);
  add("in_place", report, 0);
  add("publish", report, 0);
  add("deliver", report, 0);
  add("no_subscriber", most, 15);
  add("call_inline", report, 0);
  add("call_queued", report, 0);
  add("lookup", report, 0);
  return row;
}

}  // namespace

std::vector<Row> all_rows() {
  std::vector<Row> rows = queue_rows();
  rows.push_back(broadcast_row());
  for (auto more : {message_rows(), other_rows()}) {
    for (Row& row : more) {
      rows.push_back(std::move(row));
    }
  }
  rows.push_back(instructions_row());
  return rows;
}

}  // namespace bench
