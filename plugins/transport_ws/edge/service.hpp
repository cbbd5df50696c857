// plugins/transport_ws/edge/service.hpp - bp.transport.ws/1.
//
// Answers what it knows itself at once; what belongs to a connection is done on that connection's
// io thread. Thread: strand. Errors: INVALID and NOT_FOUND, saying what is wanted.
#pragma once

#include "backplane/contract/transport_ws_contract.hpp"
#include "backplane/cpp/plugin.hpp"

#include "client/outbound.hpp"
#include "edge/client_directory.hpp"
#include "edge/outlet.hpp"
#include "server/server.hpp"

namespace transport_ws::edge {

namespace contract = bp::transport::ws;

/// Server and clients must outlive it.
class Service {
 public:
  Service(bp::strand_handle strand, const server::Settings& settings, server::Server& server,
          client::Outbound& outbound, const ClientDirectory& clients)
      : strand_(std::move(strand)),
        settings_(settings),
        server_(server),
        outbound_(outbound),
        clients_(clients) {}

  [[nodiscard]] bp::result<contract::DescribeReplyT> describe(
      const contract::DescribeRequest& none) const;
  [[nodiscard]] bp::result<contract::StatsReplyT> stats(const contract::StatsRequest& none) const;
  bp::task<bp::result<contract::CloseReplyT>> close(const contract::CloseRequest& request);
  bp::task<bp::result<contract::SendReplyT>> send(const contract::SendRequest& request,
                                                  bp::call on);
  bp::task<bp::result<contract::SendToReplyT>> send_to(const contract::SendToRequest& request);
  bp::task<bp::result<contract::PublishReplyT>> publish(const contract::PublishRequest& request);
  bp::task<bp::result<contract::SubscribeReplyT>> subscribe(
      const contract::SubscribeRequest& request);
  bp::task<bp::result<contract::UnsubscribeReplyT>> unsubscribe(
      const contract::UnsubscribeRequest& request);
  bp::task<bp::result<contract::ListReplyT>> list(const contract::ListRequest& request);
  bp::task<bp::result<contract::DescribeConnectionReplyT>> describe_connection(
      const contract::DescribeConnectionRequest& request);

  /// A record of ws.out; nobody is told whether the connection is still there. `on_refused` comes
  /// on an io thread when the connection's protocol cannot carry it: INVALID.
  void send_parcel(Parcel parcel, std::move_only_function<void(const bp::error&)> on_refused);

 private:
  /// `work(loop)` on the io thread of the connection; what it returns is the answer.
  template <typename Answer, typename Work>
  void ask(std::uint64_t connection, bp::completion<Answer> done, Work work);

  /// `change`: a member of the loop that takes the connection and the topic.
  template <typename Request, typename Change>
  bp::task<bp::result<bool>> change_topics(const Request& request, Change change);

  bp::strand_handle strand_;
  const server::Settings& settings_;
  server::Server& server_;
  client::Outbound& outbound_;
  const ClientDirectory& clients_;
};

}  // namespace transport_ws::edge
