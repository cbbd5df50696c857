// tests/host/schema/verify_test.cpp - hostile buffers: cut, flipped, random, sharing, misaligned.
#include "host/schema/verify.hpp"

#include <cstdint>
#include <cstring>
#include <sample_generated.h>
#include <string>
#include <vector>

#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/host/schema/sample.hpp"

namespace host::schema {

namespace {

constexpr std::string_view rich =
    R"({"flag":false,"i64":7,"text":"hello","blob":"AAEC","item":{"name":"n","inner":{"name":"m"}},)"
    R"("flags":[true],"u16s":[1,2,3],"u64s":[1,2],"f64s":[0.5],"texts":["a","b"],)"
    R"("items":[{"name":"x","rank":1},{"name":"y"}]})";

class Verify : public ::testing::Test {
 protected:
  [[nodiscard]] std::vector<std::byte> encoded(std::string_view table,
                                               std::string_view json) const {
    return schema_->to_binary("bp.test.sample." + std::string(table), json).value();
  }

  [[nodiscard]] std::string refusal(std::string_view table,
                                    std::span<const std::byte> bytes) const {
    const auto done = schema_->verify("bp.test.sample." + std::string(table), bytes);
    return done ? "accepted" : done.error().text();
  }

  std::shared_ptr<const Schema> schema_ = tests::schema::sample();
};

TEST_F(Verify, AcceptsWhatTheGeneratedCodeWrites) {
  namespace generated = bp::test::sample;
  generated::EverythingT all;
  all.text = "t";
  all.u64s = {1, 2, 3};
  all.items.push_back(std::make_unique<generated::ItemT>());
  flatbuffers::FlatBufferBuilder builder;
  builder.ForceDefaults(true);
  builder.Finish(generated::Everything::Pack(builder, &all));
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  EXPECT_EQ(refusal("Everything", bytes), "accepted");
}

TEST_F(Verify, MisalignedBytesAreReadFromACopy) {
  const auto bytes = encoded("Everything", rich);
  for (std::size_t shift = 0; shift < buffer_alignment_bytes; ++shift) {
    std::vector<std::byte> moved(bytes.size() + shift);
    std::memcpy(moved.data() + shift, bytes.data(), bytes.size());
    EXPECT_EQ(refusal("Everything", std::span(moved).subspan(shift)), "accepted") << shift;
  }
}

TEST_F(Verify, RefusesTheWrongType) {
  const auto message = refusal("Item", encoded("PutReply", R"({"stored":5})"));
  EXPECT_NE(message.find("no 'bp.test.sample.Item'"), std::string::npos) << message;
}

TEST_F(Verify, NamesTheMissingRequiredField) {
  flatbuffers::FlatBufferBuilder builder;
  const auto start = builder.StartTable();
  builder.Finish(flatbuffers::Offset<void>(builder.EndTable(start)));
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  EXPECT_NE(refusal("Item", bytes).find("'bp.test.sample.Item.name' is damaged or missing"),
            std::string::npos);
  EXPECT_EQ(refusal("Everything", bytes), "accepted");
}

TEST_F(Verify, CutBuffersNeverCrash) {
  const auto whole = encoded("Everything", rich);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::byte> cut(whole.begin(),
                                     whole.begin() + static_cast<std::ptrdiff_t>(size));
    static_cast<void>(schema_->to_json("bp.test.sample.Everything", cut));
  }
  EXPECT_NE(refusal("Everything", {}), "accepted");
}

TEST_F(Verify, DepthIsLimited) {
  const auto nested = [](std::uint32_t depth) {
    flatbuffers::FlatBufferBuilder builder;
    auto item = bp::test::sample::CreateItem(builder, builder.CreateString("a"));
    for (std::uint32_t i = 1; i < depth; ++i) {
      const auto name = builder.CreateString("a");
      item = bp::test::sample::CreateItem(builder, name, 0, flatbuffers::nullopt,
                                          flatbuffers::nullopt, item);
    }
    builder.Finish(item);
    const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  };
  EXPECT_EQ(refusal("Item", nested(table_depth_max)), "accepted");
  EXPECT_NE(refusal("Item", nested(table_depth_max + 1)), "accepted");
}

// A few hundred bytes that name one deep item many times: more steps than bytes.
TEST_F(Verify, SharingDoesNotMultiplyTheWork) {
  namespace generated = bp::test::sample;
  constexpr std::size_t branches = 20;
  const auto tree = [](int levels) {
    flatbuffers::FlatBufferBuilder builder;
    const auto name = builder.CreateString("a");
    auto leaf = generated::CreateItem(builder, name);
    for (int i = 0; i < levels; ++i) {
      leaf =
          generated::CreateItem(builder, name, 0, flatbuffers::nullopt, flatbuffers::nullopt, leaf);
    }
    const std::vector<flatbuffers::Offset<generated::Item>> same(branches, leaf);
    const std::vector<std::uint8_t> id{1};
    builder.Finish(generated::CreatePutRequestDirect(builder, &id, &same));
    const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  };
  EXPECT_EQ(refusal("PutRequest", tree(0)), "accepted") << "sharing as such is fine";
  EXPECT_NE(refusal("PutRequest", tree(40)), "accepted") << "each step must be paid for in bytes";
}

TEST_F(Verify, SizeIsLimited) {
  const std::vector<std::byte> huge(binary_bytes_max + 1);
  EXPECT_EQ(schema_->verify("bp.test.sample.Item", huge).error().code(), BP_E_TOO_LARGE);
}

RC_GTEST_FIXTURE_PROP(Verify, RandomBytesNeverCrash, (const std::vector<std::uint8_t>& bytes)) {
  for (const Table& table : schema_->tables()) {
    std::string out;
    static_cast<void>(Schema::to_json(table, std::as_bytes(std::span(bytes)), out));
  }
}

RC_GTEST_FIXTURE_PROP(Verify, FlippedBitsNeverCrash, ()) {
  auto bytes = encoded("Everything", rich);
  const auto flips = *rc::gen::inRange<int>(1, 6);
  for (int i = 0; i < flips; ++i) {
    const auto bit = *rc::gen::inRange<std::size_t>(0, bytes.size() * 8);
    bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
  }
  const auto& table = tests::schema::table(*schema_, "Everything");
  std::string json;
  if (!Schema::to_json(table, bytes, json)) {
    RC_ASSERT(json.empty());
    return;
  }
  // What we print is always JSON that we read.
  std::vector<std::byte> again;
  RC_ASSERT(Schema::to_binary(table, json, again).has_value());
}

// The generated verifier is the second opinion: what ours accepts, it accepts.
RC_GTEST_FIXTURE_PROP(Verify, NeverMoreLenientThanTheGeneratedVerifier, ()) {
  auto bytes = encoded("Everything", rich);
  const auto bit = *rc::gen::inRange<std::size_t>(0, bytes.size() * 8);
  bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
  const auto* raw = reinterpret_cast<const std::uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(raw, bytes.size());
  const bool generated = verifier.VerifyBuffer<bp::test::sample::Everything>();
  if (schema_->verify("bp.test.sample.Everything", bytes)) {
    RC_ASSERT(generated);
  }
}

}  // namespace

}  // namespace host::schema
