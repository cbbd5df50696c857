// tests/plugins/metrics_prometheus/exporter_test.cpp - whole, in pieces, compressed; what goes
// wrong on the way.
#include "exporter.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backplane/testing/fake_host.hpp"

#include "snapshot_bytes.hpp"
#include "unzipped.hpp"

namespace metrics_prometheus {
namespace {

using testing::HasSubstr;
using Contract = bp::contract::metrics_export;
using Request = bp::metrics::export_::RenderRequestT;
using Reply = bp::metrics::export_::RenderReply;

constexpr std::uint32_t render_method = 1;
constexpr std::uint32_t chunk = chunk_bytes_min;

struct Answer {
  bp_status status = BP_OK;
  std::string body;
  std::string encoding;
  std::uint64_t next = 0;
};

class ExporterTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(host_.start()); }

  Answer render(Request request) {
    const bp::contract::outgoing<bp::metrics::export_::RenderRequest> packed(request);
    const bp_call call = host_.call(Contract::name, render_method, bp::as_text(packed.bytes()));
    host_.pump();
    const auto answer = host_.answer_to(call);
    if (!answer || answer->status < 0) {
      return {answer ? answer->status : BP_E_TIMEOUT, {}, {}, 0};
    }
    std::vector<std::uint64_t> words((answer->bytes.size() + 7) / 8);
    std::memcpy(words.data(), answer->bytes.data(), answer->bytes.size());
    const auto read =
        bp::contract::read<Reply>(std::as_bytes(std::span(words)).first(answer->bytes.size()));
    EXPECT_TRUE(read);
    const Reply& reply = **read;
    Answer out{BP_OK, {}, {}, reply.next()};
    if (reply.content_encoding() != nullptr) {
      out.encoding = reply.content_encoding()->str();
      out.body.assign(reply.body()->begin(), reply.body()->end());
    } else {
      out.body = reply.text()->str();
    }
    return out;
  }

  // `count` series of a counter.
  void show(int count, std::uint32_t shape) {
    std::vector<Series> all;
    names_.resize(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      std::string& name = names_[static_cast<std::size_t>(i)];
      name = "some-rather-long-value-" + std::to_string(i);
      all.push_back(series({{"label", name}}, i));
    }
    SnapshotBytes bytes({family(BP_METRIC_COUNTER, "rows", all)}, shape);
    host_.set_metric_snapshot({bytes.raw()});
  }

  static std::string lines(int count) {
    std::string out = "# HELP rows_total Help.\n# TYPE rows_total counter\n";
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(i);
      out += "rows_total{label=\"some-rather-long-value-" + number + "\"} " + number + "\n";
    }
    return out;
  }

  bp::testing::fake_host host_{bp_plugin_v1, R"({"process":false,"limits":{"scrapes":2}})"};
  std::vector<std::string> names_;
};

TEST_F(ExporterTest, PiecesAndWholeAreTheSame) {
  show(20'000, 1);
  EXPECT_THAT(render({}).body, HasSubstr(lines(20'000)));
  Request request;
  request.chunk_bytes = 1;  // moved to the least there is
  std::string all;
  int pieces = 0;
  do {
    const Answer answer = render(request);
    ASSERT_EQ(answer.status, BP_OK);
    EXPECT_LE(answer.body.size(), chunk);
    EXPECT_TRUE(answer.body.ends_with('\n')) << "whole lines";
    all += answer.body;
    request.cursor = answer.next;
    ++pieces;
  } while (request.cursor != 0);
  EXPECT_THAT(all, HasSubstr(lines(20'000)));
  EXPECT_GT(pieces, 10);
  EXPECT_EQ(host_.metric("metrics_render_seconds"), 2.0);
  EXPECT_EQ(host_.metric("metrics_scrapes"), 2.0);
  ASSERT_TRUE(host_.stop());
  EXPECT_EQ(host_.open_leases(), 0U);
}

TEST_F(ExporterTest, WhatIsAboveOneMessageGoesInPieces) {
  constexpr int many = 300'000;
  show(many, 1);
  EXPECT_EQ(render({}).status, BP_E_TOO_LARGE);
  Request request;
  request.chunk_bytes = chunk_bytes_max;
  std::size_t lines = 0;
  std::size_t bytes = 0;
  do {
    const Answer answer = render(request);
    ASSERT_EQ(answer.status, BP_OK);
    lines += static_cast<std::size_t>(std::ranges::count(answer.body, '\n'));
    bytes += answer.body.size();
    request.cursor = answer.next;
  } while (request.cursor != 0);
  EXPECT_GT(lines, std::size_t{many});
  EXPECT_GT(bytes, std::size_t{BP_MESSAGE_BYTES_MAX});
}

TEST_F(ExporterTest, GzipIsOneStreamWholeOrInPieces) {
  show(20'000, 1);
  Request request;
  request.accept_encoding = "gzip";
  const Answer whole = render(request);
  EXPECT_EQ(whole.encoding, "gzip");
  EXPECT_THAT(unzipped(whole.body), HasSubstr(lines(20'000)));
  request.chunk_bytes = chunk;
  std::string all;
  do {
    const Answer answer = render(request);
    ASSERT_EQ(answer.status, BP_OK);
    EXPECT_EQ(answer.encoding, "gzip");
    all += answer.body;
    request.cursor = answer.next;
  } while (request.cursor != 0);
  EXPECT_THAT(unzipped(all), HasSubstr(lines(20'000)));
}

TEST_F(ExporterTest, SmallOnesAndRefusedOnesAreNotCompressed) {
  Request request;
  request.accept_encoding = "gzip";
  EXPECT_EQ(render(request).encoding, "");
  ASSERT_TRUE(host_.configure(R"({"process":false,"gzip_min_bytes":1})"));
  EXPECT_EQ(render(request).encoding, "gzip");
  ASSERT_TRUE(host_.configure(R"({"process":false,"gzip_min_bytes":1,"gzip":false})"));
  EXPECT_EQ(render(request).encoding, "");
}

TEST_F(ExporterTest, TheHostIsAskedForWhatIsNew) {
  show(100, 5);
  EXPECT_THAT(render({}).body, HasSubstr(lines(100)));
  EXPECT_EQ(host_.known_metric_shape(), 0U);
  EXPECT_THAT(render({}).body, HasSubstr(lines(100)));
  EXPECT_EQ(host_.known_metric_shape(), 5U);
  show(50, 5);  // a host that leaves out what it never told: it is asked again, for all
  EXPECT_THAT(render({}).body, HasSubstr(lines(50)));
  EXPECT_EQ(host_.known_metric_shape(), 0U);
}

TEST_F(ExporterTest, ScrapesUnderWayAreBoundedAndTimedOut) {
  show(20'000, 1);
  Request first;
  first.chunk_bytes = chunk;
  const Answer one = render(first);
  const Answer two = render(first);
  EXPECT_EQ(render(first).status, BP_E_BUSY);
  EXPECT_EQ(render({}).status, BP_OK) << "a whole one waits for nobody";
  Request next;
  next.cursor = one.next;
  EXPECT_EQ(render(next).status, BP_OK);
  EXPECT_EQ(render(next).status, BP_E_STALE) << "a cursor is good once";
  host_.advance(std::chrono::seconds(11));
  host_.pump();
  EXPECT_EQ(host_.open_timers(), 0U);
  next.cursor = two.next;
  EXPECT_EQ(render(next).status, BP_E_STALE);
  EXPECT_EQ(render(first).status, BP_OK);
}

TEST_F(ExporterTest, ADamagedSnapshotIsAnErrorAsAWhole) {
  host_.set_metric_snapshot({"nonsense"});
  EXPECT_EQ(render({}).status, BP_E_CORRUPT);
  EXPECT_EQ(host_.metric("metrics_scrapes"), 1.0);
}

}  // namespace
}  // namespace metrics_prometheus
