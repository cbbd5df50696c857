// tests/host/log/span_test.cpp - spans reach the log with their ids, and handles are never forged.
#include "host/log/span.hpp"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory_output.hpp"

namespace host::log {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr SpanTable::Owner mine = 7;
constexpr SpanTable::Owner other = 8;

class SpanTest : public testing::Test {
 protected:
  SpanTest() {
    Options options;
    options.filter = Filter(Level::Debug);
    options.rate_limit = 0ms;
    sink_ = std::make_unique<Sink>(options, std::make_unique<MemoryOutput>(memory_));
    logger_ = sink_->logger("sensor");
  }

  std::vector<std::string> lines() {
    EXPECT_TRUE(sink_->flush(20s));
    return memory_->lines();
  }

  std::shared_ptr<Memory> memory_ = std::make_shared<Memory>();
  std::unique_ptr<Sink> sink_;
  Logger logger_;
  SpanTable spans_;
};

TEST_F(SpanTest, EndWritesNameDurationStatusFieldsAndIds) {
  const std::vector<Field> first{{"attempt", 1}, {"key", "a"}};
  const auto span = spans_.begin(mine, logger_, "read", {}, first);
  ASSERT_TRUE(span);
  const std::vector<Field> later{{"attempt", 2}};
  ASSERT_TRUE(spans_.set(mine, span->id, later));
  ASSERT_TRUE(spans_.end(mine, span->id, BP_OK));
  const auto written = lines();
  ASSERT_EQ(written.size(), 1U);
  EXPECT_THAT(written[0], HasSubstr(R"("level":"debug","plugin":"sensor","message":"read")"));
  EXPECT_THAT(written[0], HasSubstr("\"trace_id\":\"" + trace_id_text(span->context) + "\""));
  EXPECT_THAT(written[0], HasSubstr("\"span_id\":\"" + span_id_text(span->context) + "\""));
  EXPECT_THAT(written[0], HasSubstr(R"("duration_us":)"));
  EXPECT_THAT(written[0], HasSubstr(R"("status":"OK","attempt":2,"key":"a"})"));
  EXPECT_THAT(written[0], Not(HasSubstr("parent_id")));
}

TEST_F(SpanTest, AFailureIsWrittenAtInfo) {
  const auto span = spans_.begin(mine, logger_, "read", {});
  ASSERT_TRUE(spans_.end(mine, span->id, BP_E_TIMEOUT));
  EXPECT_THAT(lines().at(0), HasSubstr(R"("level":"info")"));
  EXPECT_THAT(lines().at(0), HasSubstr(R"("status":"TIMEOUT")"));
}

TEST_F(SpanTest, AChildKeepsTheTraceAndNamesItsParent) {
  const auto parent = spans_.begin(mine, logger_, "outer", {});
  const auto child = spans_.begin(other, logger_, "inner", parent->context);
  EXPECT_EQ(child->context.trace_id, parent->context.trace_id);
  EXPECT_NE(child->context.span_id, parent->context.span_id);
  ASSERT_TRUE(spans_.end(other, child->id, BP_OK));
  EXPECT_THAT(lines().at(0), HasSubstr("\"parent_id\":\"" + span_id_text(parent->context) + "\""));
}

TEST_F(SpanTest, IdsAreDistinctAndNeverZero) {
  std::set<std::string> ids;
  for (int i = 0; i < 1'000; ++i) {
    const auto span = spans_.begin(mine, logger_, "x", {});
    EXPECT_TRUE(span->context.present());
    EXPECT_NE(span->context.span_id, decltype(span->context.span_id){});
    ids.insert(trace_id_text(span->context) + span_id_text(span->context));
  }
  EXPECT_EQ(ids.size(), 1'000U);
}

TEST_F(SpanTest, StaleForeignAndInventedHandlesAreRefused) {
  const auto span = spans_.begin(mine, logger_, "x", {});
  EXPECT_EQ(spans_.end(other, span->id, BP_OK).error().code(), BP_E_STALE);
  EXPECT_EQ(spans_.set(other, span->id, {}).error().code(), BP_E_STALE);
  EXPECT_EQ(spans_.end(mine, 0, BP_OK).error().code(), BP_E_STALE);
  EXPECT_EQ(spans_.end(mine, ~std::uint64_t{0}, BP_OK).error().code(), BP_E_STALE);
  ASSERT_TRUE(spans_.end(mine, span->id, BP_OK));
  EXPECT_EQ(spans_.end(mine, span->id, BP_OK).error().code(), BP_E_STALE);
  const auto next = spans_.begin(mine, logger_, "x", {});
  EXPECT_NE(next->id, span->id);
}

TEST_F(SpanTest, FieldsAndOpenSpansAreBounded) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i <= span_fields_max; ++i) {
    keys.push_back("k" + std::to_string(i));
  }
  std::vector<Field> fields;
  for (const std::string& key : keys) {
    fields.push_back({key, 1});
  }
  EXPECT_EQ(spans_.begin(mine, logger_, "x", {}, fields).error().code(), BP_E_BUSY);
  EXPECT_EQ(spans_.begin(mine, logger_, "", {}).error().code(), BP_E_INVALID);
  for (std::size_t i = 0; i < open_spans_max; ++i) {
    ASSERT_TRUE(spans_.begin(mine, {}, "x", {}));
  }
  EXPECT_EQ(spans_.begin(mine, logger_, "x", {}).error().code(), BP_E_BUSY);
  spans_.withdraw(mine);
  EXPECT_EQ(spans_.open_spans(), 0U);
  EXPECT_TRUE(spans_.begin(mine, logger_, "x", {}));
}

TEST_F(SpanTest, WithdrawingAnOwnerEndsItsSpansOnly) {
  ASSERT_TRUE(spans_.begin(mine, logger_, "a", {}));
  const auto kept = spans_.begin(other, logger_, "b", {});
  spans_.withdraw(mine);
  EXPECT_EQ(spans_.open_spans(), 1U);
  EXPECT_THAT(lines().at(0), HasSubstr(R"("status":"ABANDONED")"));
  EXPECT_TRUE(spans_.end(other, kept->id, BP_OK));
}

}  // namespace
}  // namespace host::log
