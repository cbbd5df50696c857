// plugins/transport_ws/edge/client_service.hpp - bp.transport.client/1.
//
// Decides on the strand, where the directory is; connections live on the first io thread. Thread:
// strand. Errors: the contract names them; none holds a header, a token or a query.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "backplane/contract/transport_client_contract.hpp"
#include "backplane/cpp/plugin.hpp"

#include "client/outbound.hpp"
#include "edge/client_directory.hpp"
#include "edge/client_policy.hpp"

namespace transport_ws::edge {

namespace client_contract = bp::transport::client;

/// What it is given must outlive it; `home`, where the clients live, may no longer run then.
class ClientService {
 public:
  ClientService(bp::context& cx, ClientPolicy policy, asio::io_context& home,
                client::Outbound& outbound);

  bp::task<bp::result<client_contract::ConnectReplyT>> connect(
      const client_contract::ConnectRequest& request, bp::call on);
  bp::task<bp::result<client_contract::SendReplyT>> send(
      const client_contract::SendRequest& request, bp::call on);
  bp::task<bp::result<client_contract::CloseReplyT>> close(
      const client_contract::CloseRequest& request, bp::call on);
  bp::task<bp::result<client_contract::ListReplyT>> list(const client_contract::ListRequest& none);

  [[nodiscard]] const ClientDirectory& directory() const noexcept { return directory_; }

 private:
  class ChannelEnd;

  [[nodiscard]] bp::result<client::OutboundSettings> settings_of(
      const client_contract::ConnectRequest& request) const;

  bp::context& cx_;
  ClientPolicy policy_;
  ClientDirectory directory_;
  asio::io_context& home_;
  client::Outbound& outbound_;
  std::map<std::string, std::shared_ptr<ChannelEnd>> ends_;  // by client
};

}  // namespace transport_ws::edge
