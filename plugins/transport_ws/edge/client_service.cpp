// plugins/transport_ws/edge/client_service.cpp - the methods, and the way to the io thread and
// back.
#include "edge/client_service.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "client/fields.hpp"
#include "edge/text.hpp"
#include "frame/codec.hpp"
#include "frame/utf8.hpp"

namespace transport_ws::edge {

namespace {

constexpr std::string_view bearer = "Bearer ";

bp::result<std::vector<std::string>> hello_of(const client_contract::ConnectRequest& request) {
  std::vector<std::string> hello;
  std::size_t bytes = 0;
  if (request.hello() != nullptr) {
    for (const flatbuffers::String* text : *request.hello()) {
      hello.push_back(text->str());
      bytes += text->size();
    }
  }
  if (hello.size() > client_hellos_max || bytes > offline_queue_bytes_max) {
    return bp::fail(BP_E_INVALID, fmt::format("'hello' may hold {} texts of together {} bytes",
                                              client_hellos_max, offline_queue_bytes_max));
  }
  if (!std::ranges::all_of(hello, [](std::string_view text) { return frame::is_utf8(text); })) {
    return bp::fail(BP_E_INVALID, "a text of 'hello' is not UTF-8");
  }
  return hello;
}

bool is_authorization(const http::Field& field) {
  constexpr std::string_view name = "authorization";
  return std::ranges::equal(field.name, name,
                            [](char c, char wanted) { return (c | 0x20) == wanted; });
}

bp::result<std::vector<http::Field>> fields_of(const client_contract::ConnectRequest& request) {
  std::vector<http::Field> fields;
  if (request.headers() != nullptr) {
    for (const client_contract::Header* header : *request.headers()) {
      fields.push_back({text_of(header->name()), text_of(header->value())});
    }
  }
  const std::string token = text_of(request.token());
  if (!token.empty()) {
    if (std::ranges::any_of(fields, is_authorization)) {
      return bp::fail(BP_E_INVALID, "give 'token' or the header 'Authorization', not both");
    }
    fields.push_back({"Authorization", std::string(bearer) + token});
  }
  if (const auto problem = client::problem_of(fields)) {
    return bp::fail(BP_E_INVALID, "reading 'headers' and 'token': " + *problem);
  }
  return fields;
}

client_contract::State state_of(client::State from) {
  switch (from) {
    case client::State::Connecting:
      return client_contract::State::Connecting;
    case client::State::Open:
      return client_contract::State::Open;
    case client::State::Waiting:
      return client_contract::State::Waiting;
    case client::State::GaveUp:
      break;
  }
  return client_contract::State::GaveUp;
}

// BUSY is what the contract calls a queue without room.
bp::result<bool> answer_to(bp::result<void> done) {
  if (done) {
    return true;
  }
  if (done.error().code() == BP_E_FULL) {
    return bp::fail(BP_E_BUSY, done.error().text());
  }
  return std::unexpected(std::move(done).error());
}

}  // namespace

// Not context::open(), whose ends last as long as the instance: names come and go here.
class ClientService::ChannelEnd {
 public:
  static bp::result<std::shared_ptr<ChannelEnd>> open(bp::context& cx, const std::string& channel) {
    auto end = std::make_shared<ChannelEnd>(cx, channel);
    BP_TRY(end->end_.open({.kind = BP_KIND_BROADCAST, .type = "json"}));
    end->opened_ = true;
    return end;
  }

  ChannelEnd(bp::context& cx, const std::string& channel) : end_(cx.engine(), channel) {}

  ChannelEnd(const ChannelEnd&) = delete;
  ChannelEnd& operator=(const ChannelEnd&) = delete;

  ~ChannelEnd() {
    if (opened_) {
      end_.close();
    }
  }

 private:
  bp::detail::sender_end end_;
  bool opened_ = false;
};

ClientService::ClientService(bp::context& cx, ClientPolicy policy, asio::io_context& home,
                             client::Outbound& outbound)
    : cx_(cx),
      policy_(std::move(policy)),
      directory_(policy_.configured, policy_.opened_max),
      home_(home),
      outbound_(outbound) {}

bp::result<client::OutboundSettings> ClientService::settings_of(
    const client_contract::ConnectRequest& request) const {
  client::OutboundSettings settings;
  settings.name = text_of(request.name());
  if (!is_name(settings.name)) {
    return bp::fail(BP_E_INVALID, "'name' must be 1 to 64 letters, digits, '_' or '-'");
  }
  settings.channel = "ws.client." + settings.name;
  auto url = client::parse_url(text_of(request.url()));
  if (!url) {
    // Not the parser's words: they hold the whole address, and a password or token with it.
    return bp::fail(BP_E_INVALID,
                    "'url' is no WebSocket address: write wss://host:port/path or ws://");
  }
  settings.url = std::move(*url);
  settings.client = policy_.basis;
  settings.client.backoff.retries_max = request.retries();
  auto hello = hello_of(request);
  BP_TRY(hello);
  settings.client.hello = std::move(*hello);
  auto fields = fields_of(request);
  BP_TRY(fields);
  settings.client.fields = std::move(*fields);
  if (!policy_.allowed.allows(settings.url)) {
    return bp::fail(BP_E_PERMISSION,
                    fmt::format("'{}' fits no pattern of 'client_urls'; fix: add one to the "
                                "configuration of this transport",
                                client::without_query(settings.url)));
  }
  return settings;
}

bp::task<bp::result<client_contract::ConnectReplyT>> ClientService::connect(
    const client_contract::ConnectRequest& request, bp::call on) {
  const auto owner = on.caller();
  BP_CO_TRY(owner);
  auto settings = settings_of(request);
  BP_CO_TRY(settings);
  const std::string name = settings->name;
  BP_CO_TRY(directory_.add(name, *owner));
  auto end = ChannelEnd::open(cx_, settings->channel);
  if (!end) {
    directory_.remove(name);
    co_return std::unexpected(std::move(end).error());
  }
  ends_[name] = std::move(*end);
  bp::completion<bool> added(cx_.strand());
  auto arrival = added.arrival();
  asio::post(home_, [this, added = std::move(added), settings = std::move(*settings)]() mutable {
    added.set(answer_to(outbound_.add(std::move(settings))));
  });
  const auto outcome = co_await arrival;
  if (!outcome) {
    directory_.remove(name);
    ends_.erase(name);
    co_return std::unexpected(outcome.error());
  }
  co_return client_contract::ConnectReplyT();
}

bp::task<bp::result<client_contract::SendReplyT>> ClientService::send(
    const client_contract::SendRequest& request, bp::call on) {
  const auto caller = on.caller();
  BP_CO_TRY(caller);
  std::string text = text_of(request.text());
  if (request.name() == nullptr || request.text() == nullptr) {
    co_return bp::fail(BP_E_INVALID, "'name' and 'text' are needed");
  }
  if (!frame::is_utf8(text) || text.size() > offline_queue_bytes_max) {
    co_return bp::fail(BP_E_INVALID, fmt::format("'text' must be UTF-8 of at most {} bytes",
                                                 offline_queue_bytes_max));
  }
  const std::string name = request.name()->str();
  BP_CO_TRY(directory_.may_send(name, *caller));
  bp::completion<bool> taken(cx_.strand());
  auto arrival = taken.arrival();
  asio::post(home_, [this, taken = std::move(taken), name, text = std::move(text)]() mutable {
    taken.set(answer_to(outbound_.send(name, std::move(text))));
  });
  BP_CO_TRY(co_await arrival);
  co_return client_contract::SendReplyT();
}

bp::task<bp::result<client_contract::CloseReplyT>> ClientService::close(
    const client_contract::CloseRequest& request, bp::call on) {
  const auto caller = on.caller();
  BP_CO_TRY(caller);
  const std::uint16_t code = request.code();
  if (!frame::is_close_code(code)) {
    co_return bp::fail(BP_E_INVALID,
                       fmt::format("{} is no close code; use 1000 or 3000 to 4999", code));
  }
  std::string reason = text_of(request.reason());
  if (!frame::is_utf8(reason)) {
    co_return bp::fail(BP_E_INVALID, "'reason' is not UTF-8");
  }
  const std::string name = text_of(request.name());
  BP_CO_TRY(directory_.may_close(name, *caller));
  // Free at once: whoever connects by this name now comes behind us at the io thread. The end of
  // the channel stays until what was received has got there.
  directory_.remove(name);
  const auto end = std::move(ends_.extract(name).mapped());
  bp::completion<bool> closed(cx_.strand());
  auto arrival = closed.arrival();
  asio::post(home_,
             [this, closed = std::move(closed), name, code, reason = std::move(reason)]() mutable {
               closed.set(answer_to(outbound_.close(name, code, reason)));
             });
  BP_CO_TRY(co_await arrival);
  co_return client_contract::CloseReplyT();
}

bp::task<bp::result<client_contract::ListReplyT>> ClientService::list(
    const client_contract::ListRequest& /*none*/) {
  bp::completion<std::vector<client::LineInfo>> done(cx_.strand());
  auto arrival = done.arrival();
  asio::post(home_, [this, done = std::move(done)]() mutable { done.set(outbound_.list()); });
  const auto lines = co_await arrival;
  BP_CO_TRY(lines);
  client_contract::ListReplyT reply;
  for (const client::LineInfo& line : *lines) {
    auto& to = *reply.connections.emplace_back(std::make_unique<client_contract::ConnectionT>());
    to.name = line.name;
    to.state = state_of(line.state);
    to.url = line.url;
    to.configured = directory_.is_configured(line.name);
    to.owner = directory_.owner_of(line.name);
    to.retries = line.retries;
    to.queued_bytes = line.queued_bytes;
  }
  co_return reply;
}

}  // namespace transport_ws::edge
