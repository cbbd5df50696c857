// tests/plugins/crypto_sodium/plugin_fixture.hpp - the whole plugin in a fake host.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "backplane/contract/typed.hpp"
#include "backplane/testing/fake_host.hpp"

#include "temporary_folder.hpp"

extern "C" const bp_entry bp_plugin_v1;

namespace crypto_sodium::testing {

inline constexpr const char* created_key = R"({"key":{"file":"master.key","create":true}})";

template <typename Table>
std::string packed(const typename Table::NativeTableType& from) {
  return std::string(bp::as_text(bp::contract::outgoing<Table>(from).bytes()));
}

template <typename Table>
typename Table::NativeTableType unpacked(const std::string& bytes) {
  const auto table = bp::contract::read<Table>(bp::as_bytes(bytes));
  EXPECT_TRUE(table);
  typename Table::NativeTableType native;
  if (table) {
    (*table)->UnPackTo(&native);
  }
  return native;
}

class PluginFixture : public ::testing::Test {
 protected:
  std::unique_ptr<bp::testing::fake_host> instance(const std::string& config = created_key) {
    auto host = std::make_unique<bp::testing::fake_host>(bp_plugin_v1, config);
    host->set_property("instance.data_dir", folder.file(""));
    return host;
  }

  /// A call by `caller`, through the queue, that succeeds.
  template <typename Reply, typename Request>
  static typename Reply::NativeTableType ask(bp::testing::fake_host& host, std::string_view service,
                                             std::uint32_t method,
                                             const typename Request::NativeTableType& request,
                                             std::string_view caller = {}) {
    const auto answer =
        host.answer_to(host.call(service, method, packed<Request>(request), caller));
    EXPECT_TRUE(answer && answer->status == BP_OK) << (answer ? answer->error : "no answer");
    return answer && answer->status == BP_OK ? unpacked<Reply>(answer->bytes)
                                             : typename Reply::NativeTableType();
  }

  /// One that fails.
  template <typename Request>
  static bp_status fail(bp::testing::fake_host& host, std::string_view service,
                        std::uint32_t method, const typename Request::NativeTableType& request) {
    const auto answer = host.answer_to(host.call(service, method, packed<Request>(request)));
    return answer ? answer->status : BP_OK;
  }

  TemporaryFolder folder;
};

}  // namespace crypto_sodium::testing
