// plugins/transport_ws/edge/metrics.cpp - names and help texts of the families.
#include "edge/metrics.hpp"

#include <array>
#include <string_view>

namespace transport_ws::edge {

namespace {

struct Text {
  std::string_view name;
  std::string_view help;
  std::string_view unit = "";
};

template <typename Value>
struct Row {
  Value session::Counters::* value;
  Text text;
};

constexpr std::array counts{
    Row{&session::Counters::connections_accepted,
        Text{"ws_connections_accepted", "WebSocket connections that were opened."}},
    Row{&session::Counters::connections_closed,
        Text{"ws_connections_closed", "WebSocket connections that ended."}},
    Row{&session::Counters::accept_pauses,
        Text{"ws_accept_pauses",
             "Times that accepting paused because no descriptor or memory was left."}},
    Row{&session::Counters::certificates_rejected,
        Text{"ws_certificates_rejected", "Changed certificates or keys that could not be used."}},
    Row{&session::Counters::over_rate,
        Text{"ws_clients_over_rate",
             "Connections closed because they sent more messages or pings a second than allowed."}},
    Row{&session::Counters::messages_received,
        Text{"ws_messages_received", "Messages received from WebSocket connections."}},
    Row{&session::Counters::messages_sent,
        Text{"ws_messages_sent", "Messages queued for WebSocket connections."}},
    Row{&session::Counters::bytes_received,
        Text{"ws_received_bytes", "Bytes read from WebSocket connections.", "bytes"}},
    Row{&session::Counters::bytes_sent,
        Text{"ws_sent_bytes", "Bytes written to WebSocket connections.", "bytes"}},
    Row{&session::Counters::events_dropped, Text{"ws_events_dropped",
                                                 "Events dropped for clients that read too slowly "
                                                 "or speak lines that cannot hold them."}},
    Row{&session::Counters::slow,
        Text{"ws_clients_slow", "Times that a connection began to read too slowly."}},
    Row{&session::Counters::cut_off,
        Text{"ws_clients_cut_off", "Connections closed because they read too slowly."}},
    Row{&session::Counters::violations,
        Text{"ws_protocol_violations", "Connections closed with 1002, 1007 or 1009."}},
    Row{&session::Counters::client_retries,
        Text{"ws_client_retries", "Tries of clients to connect again."}},
    Row{&session::Counters::client_dropped,
        Text{"ws_client_dropped",
             "Messages of clients that were received and not published, or waited when it ended."}},
    Row{&session::Counters::deflate_in,
        Text{"ws_deflate_in_bytes",
             "Bytes of messages before compression, once for each message of an io thread.",
             "bytes"}},
    Row{&session::Counters::deflate_out,
        Text{"ws_deflate_out_bytes", "Bytes of the same messages after compression.", "bytes"}},
    Row{&session::Counters::inflate_in,
        Text{"ws_inflate_in_bytes", "Bytes of compressed messages as they were received.",
             "bytes"}},
    Row{&session::Counters::inflate_out,
        Text{"ws_inflate_out_bytes", "Bytes of the same messages once inflated.", "bytes"}},
    Row{&session::Counters::replays,
        Text{"ws_replays", "Subscriptions of clients that came back to a position."}},
    Row{&session::Counters::replayed_events,
        Text{"ws_replayed_events", "Events sent out of a history to clients that came back."}},
    Row{&session::Counters::replay_gaps,
        Text{"ws_replay_gaps",
             "Clients that came back to a position from which something is gone."}}};

constexpr std::array levels{
    Row{&session::Counters::connections,
        Text{"ws_connections", "Connections that are open, WebSocket and TCP."}},
    Row{&session::Counters::tcp_connections,
        Text{"ws_tcp_connections", "Connections of 'tcp' listeners that are open."}},
    Row{&session::Counters::subscriptions,
        Text{"ws_topic_subscriptions", "Topics that connections follow, summed up."}},
    Row{&session::Counters::http_in_flight,
        Text{"ws_http_requests_in_flight", "HTTP requests that wait for their answer."}},
    Row{&session::Counters::http_routes,
        Text{"ws_http_routes", "Routes for plain requests that plugins made."}},
    Row{&session::Counters::client_connections,
        Text{"ws_client_connections", "Connections of clients that are open."}},
    Row{&session::Counters::client_queued_bytes,
        Text{"ws_client_queued_bytes", "Texts that wait for a connection of a client.", "bytes"}}};

constexpr Text rejections{"ws_connections_rejected",
                          "Connections that never became WebSocket connections, by reason."};
constexpr Text answers{"ws_http_requests",
                       "HTTP requests that were answered, by the class of the status."};
constexpr Text seconds{"ws_http_request_seconds",
                       "From the last byte of an HTTP request to its answer.", "seconds"};

struct Label {
  std::string_view name;  // empty: the family has no labels
  std::string_view value;
};

bp_metric_cell* cell_of(const bp::detail::engine& of, std::uint32_t kind, const Text& text,
                        const Label& of_series = {}) {
  const bp_str label = bp::detail::to_abi(of_series.name);
  const bp_str value = bp::detail::to_abi(of_series.value);
  const std::uint32_t labels = of_series.name.empty() ? 0 : 1;
  bp_metric_desc desc{};
  desc.struct_size = sizeof desc;
  desc.kind = kind;
  desc.name = bp::detail::to_abi(text.name);
  desc.help = bp::detail::to_abi(text.help);
  desc.unit = bp::detail::to_abi(text.unit);
  desc.label_names = labels == 0 ? nullptr : &label;
  desc.n_label_names = labels;
  bp_family family = 0;
  bp_error why = bp::detail::blank_error();
  bp_metric_cell* cell = nullptr;
  if (of.metric->define(of.host, of.instance, &desc, &family, &why) < 0 ||
      of.metric->bind(of.host, of.instance, family, labels == 0 ? nullptr : &value, labels, &cell) <
          0) {
    return nullptr;
  }
  return cell;
}

template <typename Counts, typename Names>
void bind_each(const bp::detail::engine& of, const Text& text, std::string_view label, Counts& each,
               const Names& names) {
  for (std::size_t i = 0; i < each.size(); ++i) {
    if (bp_metric_cell* cell = cell_of(of, BP_METRIC_COUNTER, text, {label, names[i]})) {
      each[i].live_in(cell->value);
    }
  }
}

}  // namespace

void bind_metrics(const bp::detail::engine& of, session::Counters& counters) {
  if (of.metric == nullptr) {
    return;
  }
  const auto place = [&](const auto& rows, std::uint32_t kind) {
    for (const auto& row : rows) {
      if (bp_metric_cell* cell = cell_of(of, kind, row.text)) {
        (counters.*row.value).live_in(cell->value);
      }
    }
  };
  place(counts, BP_METRIC_COUNTER);
  place(levels, BP_METRIC_GAUGE);
  bind_each(of, rejections, "reason", counters.rejections, session::rejection_names);
  bind_each(of, answers, "code", counters.http_answers, session::status_classes);
  counters.http_seconds = bp::histogram(cell_of(of, BP_METRIC_HISTOGRAM, seconds));
}

}  // namespace transport_ws::edge
