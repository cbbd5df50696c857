// tests/plugins/metrics_prometheus/reply_test.cpp - the table that is laid out by hand is what
// FlatBuffers reads.
#include "reply.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "backplane/contract/metrics_export_contract.hpp"

#include "negotiation.hpp"

namespace metrics_prometheus {
namespace {

using Read = bp::metrics::export_::RenderReply;

RC_GTEST_PROP(Reply, IsARenderReply, (const std::string& body, bool packed, std::uint64_t next)) {
  alignas(8) std::array<std::byte, 4'096> memory{};
  memory.fill(std::byte{0xAA});
  bp_buf raw{memory.data(), Reply::head_bytes + body.size() + 8, memory.size(), 0};
  Reply reply{bp::buffer(nullptr, raw)};
  Room room = reply.room();
  RC_ASSERT(room.left() == body.size());
  room.at = std::ranges::copy(body, room.at).out;
  const bp::buffer done = std::move(reply).finish(
      room, {content_type(Format::OpenMetrics), packed ? "gzip" : "", next});
  const auto read = bp::contract::read<Read>(done.bytes());
  RC_ASSERT(read.has_value());
  const Read& table = **read;
  RC_ASSERT(table.content_type()->string_view() == content_type(Format::OpenMetrics));
  RC_ASSERT(table.next() == next);
  if (packed) {
    RC_ASSERT(table.text() == nullptr);
    RC_ASSERT(table.content_encoding()->string_view() == "gzip");
    RC_ASSERT(std::string(table.body()->begin(), table.body()->end()) == body);
  } else {
    RC_ASSERT(table.body() == nullptr && table.content_encoding() == nullptr);
    RC_ASSERT(table.text()->string_view() == body);
  }
}

}  // namespace
}  // namespace metrics_prometheus
