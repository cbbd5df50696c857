// tests/bad_plugins/router.cpp - routes plain requests to a method: one of its own, or what the
// configuration names.
#include <cstdint>
#include <string>

#include "backplane/contract/crypto_random_contract.hpp"
#include "backplane/contract/transport_http_contract.hpp"
#include "backplane/cpp/plugin.hpp"

namespace {

struct Config {
  std::string call = "bp.crypto.random/1.Bytes";
  static constexpr auto fields = bp::fields(bp::field<&Config::call>("call").or_default());
};

class Router {
 public:
  bp::task<bp::result<void>> start(bp::context& cx) {
    const auto config = cx.config<Config>();
    BP_CO_TRY(config);
    BP_CO_TRY(cx.try_provide(bp::contract::crypto_random::serve(*this)));
    const auto http = cx.require<bp::contract::transport_http::client>("bp.transport.http", 1);
    bp::transport::http::RouteRequestT request;
    request.method = "GET";
    request.path = "/api/bytes/{count:number}";
    request.call = config->call;
    const auto routed = co_await http.route(request);
    BP_CO_TRY(routed);
    cx.info("routed", "replaced", (*routed)->replaced());
    co_return bp::result<void>();
  }

  static bp::result<bp::crypto::random::BytesReplyT> bytes(
      const bp::crypto::random::BytesRequest& request) {
    bp::crypto::random::BytesReplyT reply;
    reply.bytes.assign(request.count(), std::uint8_t{'x'});
    return reply;
  }
};

}  // namespace

BACKPLANE_PLUGIN(Router);
