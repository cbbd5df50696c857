// plugins/transport_ws/edge/host_link.hpp - the gateways' bus on the law: bp.json/1, called from
// the io threads.
//
// The io threads ask the host directly; its answers and messages arrive on the strand and go to the
// io thread that asked. One token serves all requests: events are told apart by their handle.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include <boost/asio/io_context.hpp>

#include "backplane/cpp/plugin.hpp"

#include "edge/inbox.hpp"
#include "rpc/bus.hpp"

namespace transport_ws::edge {

/// Made and destroyed on the strand, when no io thread runs. Thread: on_event() strand, all else
/// any.
class HostLink final : private bp::detail::event_sink {
 public:
  explicit HostLink(bp::context& cx) : of_(cx.engine()), token_(cx.engine(), *this) {}

  HostLink(const HostLink&) = delete;
  HostLink& operator=(const HostLink&) = delete;
  ~HostLink() = default;

  /// The bus of one io thread. The link must outlive it.
  [[nodiscard]] std::unique_ptr<rpc::Bus> make_bus(boost::asio::io_context& context);

  /// Lets go of every question that was not answered, and of what its asker would have done with
  /// the answer: before the asker's io context goes.
  void forget();

 private:
  class LoopBus;
  class Subscription;

  struct Question {
    std::shared_ptr<Inbox> inbox;
    rpc::Bus::Reply reply;
  };

  void on_event(const bp_event& event) override;
  void on_reply(const bp_event& event);
  void on_message(const bp_event& event);
  [[nodiscard]] std::shared_ptr<Subscription> subscription(bp_chan channel);

  template <typename Ask>
  void ask(const std::shared_ptr<Inbox>& inbox, rpc::Bus::Reply reply, Ask ask);

  bp::detail::engine& of_;
  bp::detail::registration token_;
  std::mutex
      mutex_;  // held while the host is asked: an answer cannot overtake the note of its question
  std::unordered_map<bp_call, Question> questions_;
  std::unordered_map<bp_chan, std::shared_ptr<Subscription>> subscriptions_;
};

}  // namespace transport_ws::edge
