// tests/plugins/transport_ws/edge/asking.hpp - typed calls to the plugin's services in a fake host.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backplane/contract/typed.hpp"

#include "hosted.hpp"

namespace transport_ws::edge {

class Asking : public Hosted {
 protected:
  template <typename Table>
  static std::string packed(const typename Table::NativeTableType& from) {
    return std::string(bp::as_text(bp::contract::outgoing<Table>(from).bytes()));
  }

  /// The reply; empty after an error, which is in `last_error`.
  template <typename Reply, typename Request>
  typename Reply::NativeTableType ask(std::string_view service, std::uint32_t method,
                                      const typename Request::NativeTableType& request = {},
                                      std::string_view caller = {}) {
    const bp_call made = host->call(service, method, packed<Request>(request), caller);
    EXPECT_TRUE(await([&] { return host->answer_to(made).has_value(); }));
    const auto answer = host->answer_to(made);
    typename Reply::NativeTableType reply;
    last_error = answer ? answer->error : "no answer";
    last_status = answer ? answer->status : BP_E_TIMEOUT;
    if (answer && answer->status >= 0) {
      (*bp::contract::read<Reply>(bp::as_bytes(answer->bytes)))->UnPackTo(&reply);
    }
    return reply;
  }

  std::string last_error;
  bp_status last_status = BP_OK;
};

}  // namespace transport_ws::edge
