// plugins/transport_ws/edge/metrics.cpp - names and help texts of the families.
#include "edge/metrics.hpp"

#include <array>
#include <string_view>

namespace transport_ws::edge {

namespace {

struct Row {
  session::Count session::Counters::* count;
  std::string_view name;
  std::string_view help;
  std::string_view unit;
};

constexpr std::array rows{
    Row{&session::Counters::connections_accepted, "ws_connections_accepted",
        "WebSocket connections that were opened.", ""},
    Row{&session::Counters::connections_closed, "ws_connections_closed",
        "WebSocket connections that ended.", ""},
    Row{&session::Counters::connections_rejected, "ws_connections_rejected",
        "Connections that never became WebSocket connections: limits, origin, bad or slow "
        "handshakes.",
        ""},
    Row{&session::Counters::messages_received, "ws_messages_received",
        "Messages received from WebSocket connections.", ""},
    Row{&session::Counters::messages_sent, "ws_messages_sent",
        "Messages queued for WebSocket connections.", ""},
    Row{&session::Counters::bytes_received, "ws_received_bytes",
        "Bytes read from WebSocket connections.", "bytes"},
    Row{&session::Counters::bytes_sent, "ws_sent_bytes", "Bytes written to WebSocket connections.",
        "bytes"},
    Row{&session::Counters::events_dropped, "ws_events_dropped",
        "Events dropped for clients that read too slowly.", ""},
    Row{&session::Counters::cut_off, "ws_clients_cut_off",
        "Connections closed because they read too slowly.", ""},
    Row{&session::Counters::violations, "ws_protocol_violations",
        "Connections closed with 1002, 1007 or 1009.", ""}};

std::uint64_t* word_of(const bp::detail::engine& of, std::uint32_t kind, const Row& row) {
  bp_metric_desc desc{};
  desc.struct_size = sizeof desc;
  desc.kind = kind;
  desc.name = bp::detail::to_abi(row.name);
  desc.help = bp::detail::to_abi(row.help);
  desc.unit = bp::detail::to_abi(row.unit);
  bp_family family = 0;
  bp_error why = bp::detail::blank_error();
  bp_metric_cell* cell = nullptr;
  if (of.metric->define(of.host, of.instance, &desc, &family, &why) < 0 ||
      of.metric->bind(of.host, of.instance, family, nullptr, 0, &cell) < 0) {
    return nullptr;
  }
  return &cell->value;
}

}  // namespace

void bind_metrics(const bp::detail::engine& of, session::Counters& counters) {
  if (of.metric == nullptr) {
    return;
  }
  for (const Row& row : rows) {
    if (std::uint64_t* word = word_of(of, BP_METRIC_COUNTER, row)) {
      (counters.*row.count).live_in(*word);
    }
  }
  const Row open{nullptr, "ws_connections", "WebSocket connections that are open.", ""};
  if (std::uint64_t* word = word_of(of, BP_METRIC_GAUGE, open)) {
    counters.connections.live_in(*word);
  }
  const Row followed{nullptr, "ws_topic_subscriptions",
                     "Topics that connections follow, summed up.", ""};
  if (std::uint64_t* word = word_of(of, BP_METRIC_GAUGE, followed)) {
    counters.subscriptions.live_in(*word);
  }
}

}  // namespace transport_ws::edge
