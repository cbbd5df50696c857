// tests/plugins/storage_sqlite/asking.hpp - the whole plugin against the SDK's fake host,
// asked in its contracts.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "backplane/contract/storage_admin_generated.h"
#include "backplane/contract/storage_records_generated.h"
#include "backplane/contract/storage_sql_generated.h"
#include "backplane/testing/fake_host.hpp"

#include "scratch.hpp"

namespace storage_sqlite::testing {

namespace records_contract = bp::storage::records;
namespace sql_contract = bp::storage::sql;
namespace admin_contract = bp::storage::admin;

inline constexpr std::string_view records_service = "bp.storage.records";
inline constexpr std::string_view sql_service = "bp.storage.sql";
inline constexpr std::string_view admin_service = "bp.storage.admin";
inline constexpr std::uint32_t insert_method = 1;
inline constexpr std::chrono::minutes patience{1};

class Asking : public ::testing::Test {
 protected:
  void run(const std::string& config = "{}") {
    host_.emplace(bp_plugin_v1, config);
    host_->set_property("instance.data_dir", scratch_.path("data"));
    const auto started = host_->start();
    ASSERT_TRUE(started) << started.error().text();
  }

  template <typename Request>
  static std::string pack(const typename Request::NativeTableType& native) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(Request::Pack(builder, &native));
    return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
  }

  bp::testing::answer wait_for(bp_call call) {
    host_->pump_until([&] { return host_->answer_to(call).has_value(); }, patience);
    return host_->answer_to(call).value_or(bp::testing::answer{BP_E_TIMEOUT, {}, "no answer"});
  }

  template <typename Request>
  bp::testing::answer answer_to(std::string_view service, std::uint32_t method,
                                const typename Request::NativeTableType& request) {
    return wait_for(host_->call(service, method, pack<Request>(request)));
  }

  template <typename Reply, typename Request>
  typename Reply::NativeTableType ask(std::string_view service, std::uint32_t method,
                                      const typename Request::NativeTableType& request) {
    return unpacked<Reply>(answer_to<Request>(service, method, request));
  }

  /// What it was answered, which is no error.
  template <typename Reply>
  static typename Reply::NativeTableType unpacked(const bp::testing::answer& answer) {
    EXPECT_EQ(answer.status, BP_OK) << answer.error;
    typename Reply::NativeTableType reply;
    if (answer.status == BP_OK) {
      flatbuffers::GetRoot<Reply>(answer.bytes.data())->UnPackTo(&reply);
    }
    return reply;
  }

  static records_contract::InsertRequestT record(const std::string& id,
                                                 std::size_t data_bytes = 0) {
    records_contract::InsertRequestT request;
    request.id = id;
    request.name = "quake";
    request.data.assign(data_bytes, 'd');
    return request;
  }

  bp::testing::answer insert(const std::string& id, std::size_t data_bytes = 0) {
    return answer_to<records_contract::InsertRequest>(records_service, insert_method,
                                                      record(id, data_bytes));
  }

  bp::testing::answer execute(const std::string& sql) {
    sql_contract::ExecuteRequestT request;
    request.sql = sql;
    return answer_to<sql_contract::ExecuteRequest>(sql_service, 2, request);
  }

  sql_contract::QueryReplyT query(const std::string& sql) {
    sql_contract::QueryRequestT request;
    request.sql = sql;
    return ask<sql_contract::QueryReply, sql_contract::QueryRequest>(sql_service, 1, request);
  }

  /// How often `storage.events` told of this.
  [[nodiscard]] std::size_t told(std::string_view event) const {
    const std::string start = "{\"event\":\"" + std::string(event) + "\"";
    std::size_t count = 0;
    for (const std::string& message : host_->sent("storage.events")) {
      count += message.starts_with(start) ? 1U : 0U;
    }
    return count;
  }

  /// Lets seconds pass until `done`: the keeper looks once a second.
  template <typename Done>
  void let_pass_until(Done done) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (!done() && std::chrono::steady_clock::now() < give_up) {
      host_->advance(std::chrono::seconds(1));
      host_->pump_until(done, std::chrono::milliseconds(100));
    }
    EXPECT_TRUE(done());
  }

  Scratch scratch_;
  std::optional<bp::testing::fake_host> host_;
};

}  // namespace storage_sqlite::testing
