// plugins/transport_ws/edge/http_service.hpp - bp.transport.http/1.
//
// Decides on the strand, where the directory is; every io thread gets the table that comes of it,
// before the answer leaves. Thread: strand. Errors: the contract names them.
#pragma once

#include <cstdint>
#include <string>

#include "backplane/contract/transport_http_contract.hpp"
#include "backplane/cpp/plugin.hpp"

#include "rest/directory.hpp"
#include "server/server.hpp"

namespace transport_ws::edge {

namespace http_contract = bp::transport::http;

/// What it is given must outlive it.
class HttpService {
 public:
  HttpService(bp::context& cx, const server::Settings& settings, rest::DirectorySettings policy,
              server::Server& server);

  /// Begins to hear who provides which service: without it no route is served. Errors: the
  /// registry's.
  [[nodiscard]] bp::result<void> watch();

  bp::task<bp::result<http_contract::RouteReplyT>> route(const http_contract::RouteRequest& request,
                                                         bp::call on);
  bp::task<bp::result<http_contract::UnrouteReplyT>> unroute(
      const http_contract::UnrouteRequest& request, bp::call on);
  bp::result<http_contract::ListReplyT> list(const http_contract::ListRequest& none) const;

 private:
  void hear(const bp::registry_change& change);
  [[nodiscard]] bp::task<bp::result<void>> look_up(std::string service);
  [[nodiscard]] bp::task<bp::result<void>> publish();

  bp::context& cx_;
  rest::Directory directory_;
  server::Server& server_;
  std::uint32_t timeout_default_ms_;
  std::string credentials_;  // the parameter that shows a token; empty: none does
};

}  // namespace transport_ws::edge
