// tests/plugins/storage_sqlite/edge/kv_edge_test.cpp - bp.storage.kv/1 of the whole plugin, against
// the SDK's fake host.
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "backplane/contract/storage_kv_contract.hpp"
#include "backplane/testing/fake_host.hpp"

#include "asking.hpp"

namespace storage_sqlite {
namespace {

namespace contract = bp::storage::kv;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kv_service = "bp.storage.kv";

enum Method : std::uint32_t {
  get_method = 1,
  put_method,
  delete_method,
  list_method,
  get_many_method,
  put_many_method,
  cas_method,
  touch_method,
  tx_method,
  changes_method
};

class KvPluginTest : public testing::Asking {
 protected:
  template <typename Request>
  bp_call begin(Method method, const typename Request::NativeTableType& request) {
    return host_->call(kv_service, method, pack<Request>(request), caller_);
  }

  template <typename Request>
  bp::testing::answer answer(Method method, const typename Request::NativeTableType& request) {
    return wait_for(begin<Request>(method, request));
  }

  template <typename Reply, typename Request>
  typename Reply::NativeTableType ask(Method method,
                                      const typename Request::NativeTableType& request) {
    return unpacked<Reply>(answer<Request>(method, request));
  }

  static contract::PutRequestT put_of(const std::string& key, const std::string& value,
                                      std::int64_t ttl_ms = 0) {
    contract::PutRequestT request;
    request.key = key;
    request.value.assign(value.begin(), value.end());
    request.ttl_ms = ttl_ms;
    return request;
  }

  std::string put(const std::string& key, const std::string& value, std::int64_t ttl_ms = 0) {
    return ask<contract::PutReply, contract::PutRequest>(put_method, put_of(key, value, ttl_ms))
        .etag;
  }

  static contract::GetRequestT get_of(const std::string& key, const std::string& space = "") {
    contract::GetRequestT request;
    request.key = key;
    request.space = space;
    return request;
  }

  std::string get(const std::string& key, const std::string& space = "") {
    const auto reply =
        ask<contract::GetReply, contract::GetRequest>(get_method, get_of(key, space));
    return {reply.value.begin(), reply.value.end()};
  }

  static contract::TxRequestT tx_of(const std::string& key, const std::string& channel,
                                    const std::string& message) {
    contract::TxRequestT request;
    request.durability = contract::Durability::disk;
    request.ops.push_back(std::make_unique<contract::OpT>());
    request.ops.back()->key = key;
    request.ops.push_back(std::make_unique<contract::OpT>());
    request.ops.back()->kind = contract::OpKind::publish;
    request.ops.back()->channel = channel;
    request.ops.back()->message = message;
    return request;
  }

  void stop() {
    ASSERT_TRUE(host_->stop());
    EXPECT_EQ(host_->open_leases(), 0U);
    EXPECT_THAT(host_->faults(), ElementsAre());
  }

  std::string caller_ = "a";
};

TEST_F(KvPluginTest, EveryMethodDoesWhatItIsCalled) {
  run();
  const std::string first = put("k", "1");
  contract::CasRequestT cas;
  cas.key = "k";
  cas.value = {'2'};
  cas.if_etag = first;
  const auto second = ask<contract::CasReply, contract::CasRequest>(cas_method, cas);
  EXPECT_EQ(second.seq, 2U);
  const auto stale = answer<contract::CasRequest>(cas_method, cas);
  EXPECT_EQ(stale.status, BP_E_CONFLICT);
  EXPECT_THAT(stale.error, StartsWith("ETAG_MISMATCH: key 'k' has etag '" + second.etag + "'"));
  contract::TouchRequestT touch;
  touch.key = "k";
  touch.ttl_ms = 3'600'000;
  const auto touched = ask<contract::TouchReply, contract::TouchRequest>(touch_method, touch);
  EXPECT_EQ(touched.etag, second.etag);
  contract::PutManyRequestT many;
  for (const char* key : {"k", "l"}) {
    many.items.push_back(std::make_unique<contract::PutItemT>());
    many.items.back()->key = key;
    many.items.back()->if_absent = true;
  }
  const auto put_results =
      ask<contract::PutManyReply, contract::PutManyRequest>(put_many_method, many).results;
  ASSERT_EQ(put_results.size(), 2U);
  EXPECT_EQ(put_results[0]->etag, second.etag);
  EXPECT_THAT(put_results[0]->error, StartsWith("ETAG_MISMATCH"));
  EXPECT_EQ(put_results[1]->seq, 3U);
  contract::GetManyRequestT keys;
  keys.keys = {"l", "none", "k"};
  const auto got =
      ask<contract::GetManyReply, contract::GetManyRequest>(get_many_method, keys).entries;
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[1]->etag, "");
  EXPECT_EQ(got[2]->etag, second.etag);
  EXPECT_GT(got[2]->ttl_left_ms, 0);
  contract::DeleteRequestT remove;
  remove.key = "l";
  EXPECT_EQ((ask<contract::DeleteReply, contract::DeleteRequest>(delete_method, remove).seq), 4U);
  const auto listed = ask<contract::ListReply, contract::ListRequest>(list_method, {});
  EXPECT_EQ(listed.entries.size(), 1U);
  const auto changed = ask<contract::ChangesReply, contract::ChangesRequest>(changes_method, {});
  EXPECT_EQ(changed.changes.size(), 4U);
  EXPECT_EQ(changed.latest, 4U);
  stop();
}

TEST_F(KvPluginTest, AnInstanceSeesItsOwnNamespaceOnly) {
  run(R"({"namespaces":{"prices":{"read":["a"],"write":["b"]}}})");
  put("k", "of a");
  caller_ = "b";
  EXPECT_EQ(answer<contract::GetRequest>(get_method, get_of("k")).status, BP_E_NOT_FOUND);
  const auto forbidden = answer<contract::GetRequest>(get_method, get_of("k", "a"));
  EXPECT_EQ(forbidden.status, BP_E_PERMISSION);
  EXPECT_THAT(forbidden.error, StartsWith("FORBIDDEN: instance 'b' may not read"));
  contract::ListRequestT list;
  list.space = "a";
  EXPECT_EQ(answer<contract::ListRequest>(list_method, list).status, BP_E_PERMISSION);
  contract::ChangesRequestT changes;
  changes.space = "a";
  EXPECT_EQ(answer<contract::ChangesRequest>(changes_method, changes).status, BP_E_PERMISSION);
  contract::TxRequestT tx = tx_of("k", "x", "1");
  tx.space = "a";
  EXPECT_EQ(answer<contract::TxRequest>(tx_method, tx).status, BP_E_PERMISSION);
  contract::PutRequestT request = put_of("gold", "1");
  request.space = "prices";
  EXPECT_EQ(answer<contract::PutRequest>(put_method, request).status, BP_OK);
  caller_ = "a";
  EXPECT_EQ(get("k"), "of a");
  EXPECT_EQ(get("gold", "prices"), "1");
  EXPECT_EQ(answer<contract::PutRequest>(put_method, request).status, BP_E_PERMISSION);
  caller_.clear();
  EXPECT_EQ(get("k", "a"), "of a") << "the operator";
  stop();
}

TEST_F(KvPluginTest, GetsThatArriveTogetherShareOneTransaction) {
  run();
  put("k", "v");
  host_->set_jobs_at_once(false);
  std::vector<bp_call> calls;
  for (int count = 0; count < 60; ++count) {
    calls.push_back(begin<contract::GetRequest>(get_method, get_of("k")));
  }
  EXPECT_EQ(host_->run_jobs(), 3U) << "the first one, which came alone, then the others by halves";
  host_->pump();
  for (const bp_call call : calls) {
    ASSERT_TRUE(host_->answer_to(call).has_value());
    EXPECT_EQ(host_->answer_to(call)->status, BP_OK);
  }
  const bp_call given_up = begin<contract::GetRequest>(get_method, get_of("k"));
  const bp_call waiting = begin<contract::GetRequest>(get_method, get_of("k"));
  host_->cancel(waiting);
  host_->cancel(given_up);
  host_->set_jobs_at_once(true);
  host_->run_jobs();
  EXPECT_EQ(get("k"), "v");
  stop();
}

TEST_F(KvPluginTest, LargeValuesAreNotAllHeldAtOnce) {
  constexpr std::size_t large = std::size_t{4} << 20U;
  run();
  put("k", std::string(large, 'v'));
  host_->set_jobs_at_once(false);
  std::vector<bp_call> calls;
  for (int count = 0; count < 6; ++count) {
    calls.push_back(begin<contract::GetRequest>(get_method, get_of("k")));
  }
  EXPECT_EQ(host_->run_jobs(), 4U) << "one alone, then two at a time and the last";
  host_->pump();
  for (const bp_call call : calls) {
    ASSERT_TRUE(host_->answer_to(call).has_value());
    EXPECT_GT(host_->answer_to(call)->bytes.size(), large);
  }
  stop();
}

TEST_F(KvPluginTest, WhatExpiredIsGoneAtOnceAndTheFeedIsToldLater) {
  run();
  put("short", "v", 1);
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (answer<contract::GetRequest>(get_method, get_of("short")).status != BP_E_NOT_FOUND) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "it lives on";
  }
  host_->advance(1s);
  host_->pump_until([&] { return host_->sent("storage.changes.a").size() == 2; }, 60s);
  ASSERT_EQ(host_->sent("storage.changes.a").size(), 2U);
  EXPECT_THAT(host_->sent("storage.changes.a")[1],
              StartsWith(R"({"space":"a","seq":2,"op":"expire","key":"short","time_ms":)"));
  EXPECT_EQ(host_->metric("storage_keys_expired"), 1.0);
  stop();
}

TEST_F(KvPluginTest, TheFeedTellsChangesInTheirOrder) {
  run();
  put("k", "1");
  put("k\"quoted", "2");
  contract::DeleteRequestT remove;
  remove.key = "k";
  ask<contract::DeleteReply, contract::DeleteRequest>(delete_method, remove);
  host_->pump_until([&] { return host_->sent("storage.changes.a").size() == 3; }, 60s);
  const std::vector<std::string> told = host_->sent("storage.changes.a");
  ASSERT_EQ(told.size(), 3U);
  EXPECT_THAT(told[0], StartsWith(R"({"space":"a","seq":1,"op":"put","key":"k","etag":"1",)"));
  EXPECT_THAT(told[1], HasSubstr(R"("key":"k\"quoted","etag":"2")"));
  EXPECT_THAT(told[2], StartsWith(R"({"space":"a","seq":3,"op":"remove","key":"k","time_ms":)"));
  const auto* end = host_->end_of("storage.changes.a");
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->kind, std::uint32_t{BP_KIND_BROADCAST});
  EXPECT_EQ(end->type, "json");
  stop();
}

TEST_F(KvPluginTest, NobodyIsToldWhileNobodyListens) {
  run();
  host_->set_listeners("storage.changes.a", 0);
  put("k", "1");
  put("k", "2");
  EXPECT_THAT(host_->sent("storage.changes.a"), ElementsAre());
  host_->set_listeners("storage.changes.a", 1);
  put("k", "3");
  host_->pump_until([&] { return !host_->sent("storage.changes.a").empty(); }, 60s);
  EXPECT_THAT(host_->sent("storage.changes.a"), ElementsAre(HasSubstr("\"seq\":3")))
      << "a subscriber begins with what comes";
  stop();
}

TEST_F(KvPluginTest, AMessageIsStoredWithItsDataAndGoesWhenItWasTaken) {
  run();
  host_->set_listeners("storage.outbox.orders", 0);
  const auto done = ask<contract::TxReply, contract::TxRequest>(
      tx_method, tx_of("order-1", "orders", R"({"n":1})"));
  ASSERT_EQ(done.results.size(), 2U);
  EXPECT_THAT(host_->sent("storage.outbox.orders"), ElementsAre()) << "nobody is there";
  stop();
  run();
  host_->hold_confirmations(true);
  host_->advance(1s);
  host_->pump_until([&] { return !host_->sent("storage.outbox.orders").empty(); }, 60s);
  ASSERT_EQ(host_->sent("storage.outbox.orders").size(), 1U);
  EXPECT_THAT(host_->sent("storage.outbox.orders")[0],
              StartsWith(R"({"id":")" + std::to_string(done.results[1]->seq) +
                         R"(","space":"a","time_ms":)"));
  EXPECT_THAT(host_->sent("storage.outbox.orders")[0], HasSubstr(R"("message":{"n":1}})"));
  stop();  // not confirmed
  run();
  host_->advance(1s);
  host_->pump_until([&] { return !host_->sent("storage.outbox.orders").empty(); }, 60s);
  EXPECT_EQ(host_->sent("storage.outbox.orders").size(), 1U) << "so it came once more";
  EXPECT_EQ(put("any", "write"), "2") << "behind the one that forgets the message";
  stop();
  run();
  host_->advance(1s);
  get("any");
  EXPECT_THAT(host_->sent("storage.outbox.orders"), ElementsAre());
  stop();
}

TEST_F(KvPluginTest, AChannelThatMessagesWaitForIsThereWhenTheHostIs) {
  run();
  host_->set_listeners("storage.outbox.orders", 0);
  ask<contract::TxReply, contract::TxRequest>(tx_method, tx_of("k", "orders", "1"));
  stop();
  run();
  const auto* end = host_->end_of("storage.outbox.orders");
  ASSERT_NE(end, nullptr) << "before the first interval is over";
  EXPECT_EQ(host_->end_of("storage.outbox.others"), nullptr);
  stop();
}

TEST_F(KvPluginTest, ATransactionThatFailsPublishesNothing) {
  run();
  contract::TxRequestT tx = tx_of("k", "orders", "1");
  tx.ops.push_back(std::make_unique<contract::OpT>());
  tx.ops.back()->key = "k";
  tx.ops.back()->if_absent = true;
  const auto failed = answer<contract::TxRequest>(tx_method, tx);
  EXPECT_EQ(failed.status, BP_E_CONFLICT);
  EXPECT_THAT(failed.error, HasSubstr("ETAG_MISMATCH"));
  EXPECT_EQ(answer<contract::GetRequest>(get_method, get_of("k")).status, BP_E_NOT_FOUND);
  host_->advance(1s);
  put("l", "v");
  EXPECT_THAT(host_->sent("storage.outbox.orders"), ElementsAre());
  stop();
}

TEST_F(KvPluginTest, MessagesSurviveKill9) {
  const pid_t child = ::fork();
  if (child == 0) {
    run();
    host_->set_listeners("storage.outbox.orders", 0);
    const bool stored =
        answer<contract::TxRequest>(tx_method, tx_of("order-1", "orders", "1")).status == BP_OK;
    ::kill(::getpid(), stored ? SIGKILL : SIGTERM);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(WTERMSIG(status), SIGKILL) << "it was acknowledged";
  run();
  host_->advance(1s);
  host_->pump_until([&] { return !host_->sent("storage.outbox.orders").empty(); }, 60s);
  EXPECT_THAT(host_->sent("storage.outbox.orders"), ElementsAre(HasSubstr("\"message\":1}")));
  EXPECT_EQ(get("order-1"), "");
  stop();
}

TEST_F(KvPluginTest, BadRequestsNameWhatIsWrong) {
  run();
  EXPECT_THAT(answer<contract::PutRequest>(put_method, put_of("", "v")).error,
              StartsWith("KEY_INVALID: `key` is empty"));
  EXPECT_THAT(answer<contract::PutRequest>(put_method, put_of("k", "v", -1)).error,
              StartsWith("TTL_INVALID"));
  EXPECT_THAT(answer<contract::TxRequest>(tx_method, {}).error, StartsWith("LIMIT"));
  EXPECT_THAT(answer<contract::TxRequest>(tx_method, tx_of("k", "x", "no json")).error,
              HasSubstr("no JSON"));
  EXPECT_THAT(answer<contract::GetManyRequest>(get_many_method, {}).error, StartsWith("LIMIT"));
  stop();
}

}  // namespace
}  // namespace storage_sqlite
