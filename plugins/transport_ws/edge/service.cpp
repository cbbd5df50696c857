// plugins/transport_ws/edge/service.cpp - the methods, and the way to the io threads and back.
#include "edge/service.hpp"

#include <memory>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

namespace transport_ws::edge {

namespace {

struct Message {
  frame::Opcode kind;
  std::string_view payload;  // of the request
};

// What SendTo and Publish take: one of 'text' and 'bytes'.
template <typename Request>
bp::result<Message> message_of(const Request& request) {
  if ((request.text() != nullptr) == (request.bytes() != nullptr)) {
    return bp::fail(BP_E_INVALID, "exactly one of 'text' and 'bytes' is needed");
  }
  if (request.text() == nullptr) {
    return Message{
        frame::Opcode::Binary,
        {reinterpret_cast<const char*>(request.bytes()->data()), request.bytes()->size()}};
  }
  const std::string_view text = request.text()->string_view();
  if (!frame::is_utf8(text)) {
    return bp::fail(BP_E_INVALID, "'text' is not UTF-8; send it as 'bytes'");
  }
  return Message{frame::Opcode::Text, text};
}

template <typename Request>
bp::result<std::string> topic_of(const Request& request) {
  std::string topic = request.topic() != nullptr ? request.topic()->str() : std::string();
  BP_TRY(topic::check_name(topic));
  return topic;
}

contract::ConnectionT described(server::ConnectionInfo&& from) {
  contract::ConnectionT to;
  to.id = from.id;
  to.address = std::move(from.address);
  to.route = std::move(from.route);
  to.topics = std::move(from.topics);
  to.queued_bytes = from.queued_bytes;
  to.open_ms = from.open_ms;
  return to;
}

}  // namespace

// Not a task: g++ 12 copies the captures of a lambda that stands in an awaited expression byte for
// byte.
template <typename Answer, typename Work>
void Service::ask(std::uint64_t connection, bp::completion<Answer> done, Work work) {
  server_.at_home_of(connection, [done = std::move(done), work = std::move(work)](
                                     server::Loop& loop) mutable { done.set(work(loop)); });
}

bp::result<contract::DescribeReplyT> Service::describe(
    const contract::DescribeRequest& /*none*/) const {
  contract::DescribeReplyT reply;
  reply.listen = net::to_text(server_.listening());
  const auto& metrics = server_.metrics_listening();
  reply.metrics_listen = metrics ? net::to_text(*metrics) : std::string();
  reply.io_threads = settings_.io_threads;
  const auto tcp = server_.tcp_listening();
  for (std::size_t i = 0; i < tcp.size(); ++i) {
    auto listener = std::make_unique<contract::TcpListenerT>();
    listener->name = settings_.tcp[i].route.name;
    listener->listen = net::to_text(tcp[i]);
    reply.tcp.push_back(std::move(listener));
  }
  reply.connections_max = settings_.connections_max;
  reply.connections_per_ip_max = settings_.connections_per_ip_max;
  reply.message_bytes_max = settings_.session.message_bytes_max;
  return reply;
}

bp::result<contract::StatsReplyT> Service::stats(const contract::StatsRequest& /*none*/) const {
  contract::StatsReplyT reply;
  for (const auto& loop : server_.loops()) {
    const session::Counters& counters = loop->counters();
    reply.connections += static_cast<std::uint32_t>(counters.connections.value());
    reply.connections_accepted += counters.connections_accepted.value();
    reply.connections_closed += counters.connections_closed.value();
    reply.connections_rejected += counters.connections_rejected.value();
    reply.messages_received += counters.messages_received.value();
    reply.messages_sent += counters.messages_sent.value();
    reply.bytes_received += counters.bytes_received.value();
    reply.bytes_sent += counters.bytes_sent.value();
    reply.events_dropped += counters.events_dropped.value();
    reply.cut_off += counters.cut_off.value();
    reply.violations += counters.violations.value();
  }
  return reply;
}

bp::task<bp::result<contract::CloseReplyT>> Service::close(const contract::CloseRequest& request) {
  const std::uint64_t connection = request.connection();
  const std::uint16_t code = request.code();
  if (!frame::is_close_code(code)) {
    co_return bp::fail(BP_E_INVALID,
                       fmt::format("{} is no close code; use 1000 or 3000 to 4999", code));
  }
  std::string reason = request.reason() != nullptr ? request.reason()->str() : std::string();
  bp::completion<bool> done(strand_);
  auto arrival = done.arrival();
  ask(connection, std::move(done),
      [connection, code, reason = std::move(reason)](server::Loop& loop) {
        return loop.close(connection, code, reason);
      });
  const auto found = co_await arrival;
  BP_CO_TRY(found);
  contract::CloseReplyT reply;
  reply.found = *found;
  co_return reply;
}

bp::task<bp::result<contract::SendReplyT>> Service::send(const contract::SendRequest& request,
                                                         bp::call on) {
  const auto caller = on.caller();
  BP_CO_TRY(caller);
  if (request.client() == nullptr || request.text() == nullptr) {
    co_return bp::fail(BP_E_INVALID, "'client' and 'text' are needed");
  }
  if (!frame::is_utf8(request.text()->string_view())) {
    co_return bp::fail(BP_E_INVALID, "'text' is not UTF-8");
  }
  BP_CO_TRY(clients_.may_send(request.client()->str(), *caller));
  bp::completion<bool> taken(strand_);
  auto arrival = taken.arrival();
  asio::post(server_.loops().front()->context(),
             [this, taken = std::move(taken), name = request.client()->str(),
              text = request.text()->str()]() mutable {
               auto sent = outbound_.send(name, std::move(text));
               taken.set(sent ? bp::result<bool>(true) : std::unexpected(std::move(sent).error()));
             });
  BP_CO_TRY(co_await arrival);
  co_return contract::SendReplyT();
}

bp::task<bp::result<contract::SendToReplyT>> Service::send_to(
    const contract::SendToRequest& request) {
  const auto message = message_of(request);
  BP_CO_TRY(message);
  const std::uint64_t connection = request.connection();
  auto frame =
      std::make_shared<const std::string>(frame::encode_frame(message->kind, message->payload));
  bp::completion<bool> done(strand_);
  auto arrival = done.arrival();
  ask(connection, std::move(done),
      [connection, frame = std::move(frame)](server::Loop& loop) mutable {
        return loop.send(connection, std::move(frame));
      });
  const auto found = co_await arrival;
  BP_CO_TRY(found);
  contract::SendToReplyT reply;
  reply.found = *found;
  co_return reply;
}

bp::task<bp::result<contract::PublishReplyT>> Service::publish(
    const contract::PublishRequest& request) {
  const auto message = message_of(request);
  BP_CO_TRY(message);
  auto topic = topic_of(request);
  BP_CO_TRY(topic);
  bp::completion<std::uint32_t> done(strand_);
  auto arrival = done.arrival();
  server_.hub().publish(
      std::make_shared<topic::Announcement>(std::move(*topic), message->kind, message->payload),
      [done = std::move(done)](std::size_t taken) mutable {
        done.set(static_cast<std::uint32_t>(taken));
      });
  const auto taken = co_await arrival;
  BP_CO_TRY(taken);
  contract::PublishReplyT reply;
  reply.connections = *taken;
  co_return reply;
}

template <typename Request, typename Change>
bp::task<bp::result<bool>> Service::change_topics(const Request& request, Change change) {
  auto topic = topic_of(request);
  BP_CO_TRY(topic);
  const std::uint64_t connection = request.connection();
  bp::completion<bool> done(strand_);
  auto arrival = done.arrival();
  ask(connection, std::move(done),
      [connection, change, topic = std::move(*topic)](server::Loop& loop) {
        return (loop.*change)(connection, topic);
      });
  co_return co_await arrival;
}

bp::task<bp::result<contract::SubscribeReplyT>> Service::subscribe(
    const contract::SubscribeRequest& request) {
  const auto found = co_await change_topics(request, &server::Loop::subscribe);
  BP_CO_TRY(found);
  contract::SubscribeReplyT reply;
  reply.found = *found;
  co_return reply;
}

bp::task<bp::result<contract::UnsubscribeReplyT>> Service::unsubscribe(
    const contract::UnsubscribeRequest& request) {
  const auto found = co_await change_topics(request, &server::Loop::unsubscribe);
  BP_CO_TRY(found);
  contract::UnsubscribeReplyT reply;
  reply.found = *found;
  co_return reply;
}

bp::task<bp::result<contract::ListReplyT>> Service::list(const contract::ListRequest& request) {
  if (request.limit() == 0 || request.limit() > list_connections_max) {
    co_return bp::fail(BP_E_INVALID,
                       fmt::format("'limit' must be from 1 to {}", list_connections_max));
  }
  bp::completion<std::vector<server::ConnectionInfo>> done(strand_);
  auto arrival = done.arrival();
  server_.list(request.after(), request.limit(),
               [done = std::move(done)](auto found) mutable { done.set(std::move(found)); });
  auto found = co_await arrival;
  BP_CO_TRY(found);
  contract::ListReplyT reply;
  for (server::ConnectionInfo& each : *found) {
    reply.connections.push_back(
        std::make_unique<contract::ConnectionT>(described(std::move(each))));
  }
  co_return reply;
}

bp::task<bp::result<contract::DescribeConnectionReplyT>> Service::describe_connection(
    const contract::DescribeConnectionRequest& request) {
  const std::uint64_t connection = request.connection();
  bp::completion<std::vector<server::ConnectionInfo>> done(strand_);
  auto arrival = done.arrival();
  ask(connection, std::move(done), [connection](server::Loop& loop) {
    return connection == 0 ? std::vector<server::ConnectionInfo>()
                           : loop.connections(connection - 1, 1);
  });
  auto found = co_await arrival;
  BP_CO_TRY(found);
  contract::DescribeConnectionReplyT reply;
  if (!found->empty() && found->front().id == connection) {
    reply.connection =
        std::make_unique<contract::ConnectionT>(described(std::move(found->front())));
  }
  co_return reply;
}

void Service::send_parcel(Parcel parcel,
                          std::move_only_function<void(const bp::error&)> on_refused) {
  if (parcel.connection == 0) {
    server_.hub().publish(std::make_shared<topic::Announcement>(std::move(parcel.topic),
                                                                parcel.kind, parcel.payload));
    return;
  }
  auto frame =
      std::make_shared<const std::string>(frame::encode_frame(parcel.kind, parcel.payload));
  server_.at_home_of(parcel.connection,
                     [id = parcel.connection, frame = std::move(frame),
                      on_refused = std::move(on_refused)](server::Loop& loop) mutable {
                       if (const auto sent = loop.send(id, std::move(frame)); !sent) {
                         on_refused(sent.error());
                       }
                     });
}

}  // namespace transport_ws::edge
