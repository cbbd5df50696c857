// plugins/transport_ws/limits.hpp - every limit of the transport, with its unit; what the
// configuration may change starts from here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace transport_ws {

// Frames and messages (RFC 6455).
inline constexpr std::size_t control_payload_bytes_max = 125;
inline constexpr std::size_t frame_header_bytes_max = 14;
inline constexpr std::uint64_t message_bytes_max_default = 64U << 10U;
inline constexpr std::uint64_t message_bytes_floor = 1U << 10U;     // that may be configured
inline constexpr std::uint64_t message_bytes_ceiling = 16U << 20U;  // of the law
inline constexpr std::uint32_t fragments_max = 64U << 10U;  // of one message; empty ones count too
inline constexpr std::size_t message_buffer_kept_bytes =
    4096;  // a larger one is given back when idle

// One connection.
inline constexpr std::size_t read_scratch_bytes = 64U << 10U;   // one per io thread
inline constexpr std::size_t replies_kept_bytes = 256U << 10U;  // one per io thread, when idle
inline constexpr std::size_t queue_bytes_default = 1U << 20U;
inline constexpr std::size_t write_gather_bytes_max = 256U << 10U;
inline constexpr std::size_t write_gather_buffers_max = 64;
inline constexpr std::size_t ready_sockets_max = 256;  // told in one turn of an io thread
inline constexpr std::uint32_t heartbeat_ms_default = 25'000;
inline constexpr std::uint32_t missed_pongs_max = 3;
inline constexpr std::uint32_t close_handshake_ms = 2'000;
inline constexpr std::uint32_t block_ms_default =
    1'000;  // how long one full connection may hold a feed

// permessage-deflate (RFC 7692).
inline constexpr int deflate_level_default = 1;
inline constexpr std::size_t deflate_bytes_min_default = 1U << 10U;  // smaller ones go as they are
inline constexpr std::size_t inflate_room_kept_bytes = 256U << 10U;  // per io thread, when idle

// The listeners.
inline constexpr std::uint32_t connections_max_default = 10'000;
inline constexpr std::uint32_t connections_per_ip_max_default = 1'000;
inline constexpr std::uint32_t handshake_ms_default = 5'000;
inline constexpr std::uint32_t header_bytes_max_default = 8U << 10U;
inline constexpr std::uint32_t http_connections_max = 64;  // second listener
inline constexpr std::uint32_t http_in_flight_max_default = 4;
inline constexpr std::uint32_t http_timeout_ms_default = 10'000;
inline constexpr std::uint32_t accept_retry_ms = 100;  // after running out of descriptors
inline constexpr std::uint32_t drain_ms_default = 4'000;
inline constexpr std::uint32_t drain_goodbyes_part = 4;  // a quarter of it is for close frames
inline constexpr std::uint32_t turned_away_max = 64;     // told 503 politely; more are hung up on
inline constexpr std::uint32_t jwt_leeway_ms_default = 30'000;
inline constexpr std::uint32_t auth_deadline_ms_default = 10'000;
inline constexpr std::size_t proxies_max = 64;  // addresses and networks that are trusted
inline constexpr std::uint32_t accept_per_s_default = 10'000;
inline constexpr std::uint32_t control_per_s_default = 1'000;  // pings and pongs of one connection
inline constexpr std::uint32_t per_principal_max_default = 1'000;
inline constexpr int listen_backlog = 1024;
inline constexpr std::size_t certificates_by_name_max = 64;     // of one listener
inline constexpr std::uint32_t tls_reload_ms_default = 10'000;  // between looks at the files

// Routes.
inline constexpr std::size_t routes_max = 64;
inline constexpr std::size_t route_path_bytes_max = 1024;
inline constexpr std::size_t subprotocols_max = 16;

// HTTP requests to services.
inline constexpr std::size_t endpoints_max = 1'024;
inline constexpr std::size_t query_parameters_max = 64;          // of one endpoint
inline constexpr std::uint32_t http_routes_max_default = 1'024;  // that plugins made
inline constexpr std::size_t http_paths_max = 256;               // entries of the allow list
inline constexpr std::uint64_t body_bytes_max_default = 64U << 10U;
inline constexpr std::uint32_t calls_in_flight_max_default = 256;  // per io thread

// Lines and lengths over TCP.
inline constexpr std::size_t tcp_listeners_max = 16;
inline constexpr std::size_t tcp_length_bytes = 4;  // before a message
inline constexpr std::uint32_t tcp_idle_ms_default = 300'000;
inline constexpr int tcp_keepalive_s = 60;  // of silence; then the kernel asks the other side
inline constexpr int tcp_keepalive_step_s = 15;
inline constexpr int tcp_keepalive_probes = 4;

// Topics.
inline constexpr std::size_t topic_patterns_max = 256;  // of one allow list
inline constexpr std::size_t bridges_max = 256;
inline constexpr std::uint32_t bridge_retry_ms = 1'000;  // while the channel is not there
inline constexpr std::uint32_t list_connections_max = 1'000;

// JSON-RPC.
inline constexpr std::size_t json_depth_max = 64;
inline constexpr std::size_t batch_items_max = 256;
inline constexpr std::size_t request_id_bytes_max = 256;
inline constexpr std::size_t event_id_bytes_max = 128;
inline constexpr std::size_t name_bytes_max = 255;
inline constexpr std::uint32_t in_flight_max_default = 1'024;  // requests of one connection
inline constexpr std::uint32_t subscriptions_max_default = 64;
inline constexpr std::uint32_t call_timeout_ms_default = 10'000;
inline constexpr std::uint32_t call_timeout_ms_max = 300'000;
inline constexpr std::size_t history_messages_default = 1'024;  // of one channel
inline constexpr std::size_t history_bytes_default = 1U << 20U;
inline constexpr std::uint32_t history_linger_ms_default = 120'000;
inline constexpr std::size_t history_idle_channels_max = 64;  // that nobody follows, per io thread
inline constexpr std::size_t feed_window_messages = 512;      // on their way to the io thread
inline constexpr std::size_t feed_window_bytes = 4U << 20U;

// The client.
inline constexpr std::uint32_t backoff_initial_ms = 100;
inline constexpr std::uint32_t backoff_max_ms = 30'000;
inline constexpr std::size_t offline_queue_bytes_max = 1U << 20U;
inline constexpr std::uint32_t clients_max_default = 64;  // that plugins opened
inline constexpr std::size_t client_urls_max = 256;       // patterns of the allow list
inline constexpr std::size_t client_hellos_max = 256;
inline constexpr std::size_t client_fields_max = 32;  // of its handshake
inline constexpr std::size_t client_field_bytes_max = 4U << 10U;

}  // namespace transport_ws
