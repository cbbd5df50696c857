// tests/bench/transport/rows.cpp - the promises of transport_ws, in the order in which they are
// printed.
#include "tests/bench/transport/rows.hpp"

#include <string>

namespace bench {

// The first figure is processor time of the server's whole process, the second is wall time.
std::vector<Row> transport_rows() {
  constexpr auto faster = Relation::faster;
  constexpr auto report = Relation::report;
  constexpr auto wall = Figure::other;
  const std::string us = "backplane";
  return {{"echo_16",
           "echo of 64 B, 100 connections with 16 under way each",
           false,
           {{us, "Beast", faster, 9},
            {us, "websocketpp", faster, 4},
            {us, "Beast", report, 0, wall, "wall"}}},
          {"echo_1",
           "echo of 64 B, 100 connections with one under way each",
           false,
           {{us, "Beast", faster, 1.3}, {us, "websocketpp", faster, 1.25}}},
          {"broadcast",
           "64 B to 100 connections, 16 under way",
           false,
           {{us, "Beast", faster, 8}, {us, "websocketpp", report}}},
          {"echo_bus",
           "echo through the bus and a second plugin, as echo_16, beside an echo without a bus",
           false,
           {{us, "Beast", report}, {us, "websocketpp", report}}},
          {"gateway",
           "JSON-RPC ping, 100 connections with 16 under way each, beside an echo",
           false,
           {{us, "Beast", report}, {us, "websocketpp", report}}},
          {"idle_connection",
           "10,000 idle connections, memory of one",
           false,
           {{us, "", Relation::at_most, 2048, Figure::main, "memory", "bytes"},
            {us, "Beast", report, 0, Figure::main, "memory", "bytes"},
            {us, "websocketpp", report, 0, Figure::main, "memory", "bytes"}}},
          {"stored",
           "event in, sealed, stored, sent to 100 subscribers",
           false,
           {{us, "", report, 0, Figure::main, "event"},
            {us, "", report, 0, Figure::other, "p99 at half the rate"}}}};
}

}  // namespace bench
