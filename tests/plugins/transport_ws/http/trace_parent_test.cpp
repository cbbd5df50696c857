// tests/plugins/transport_ws/http/trace_parent_test.cpp - the field of W3C Trace Context, well and
// badly written.
#include "http/trace_parent.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace transport_ws::http {
namespace {

// Of the section's examples.
const std::string trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string parent_id = "00f067aa0ba902b7";
const std::string usual = "00-" + trace_id + "-" + parent_id + "-01";

std::optional<bp::trace_context> read(const std::vector<std::string>& fields) {
  Request request;
  for (const std::string& value : fields) {
    request.fields.push_back({"TraceParent", value});
  }
  return trace_parent_of(request);
}

TEST(TraceParent, IsReadInItsOrder) {
  const auto context = read({usual});
  ASSERT_TRUE(context);
  EXPECT_EQ(*context, (bp::trace_context{0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
                                         0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36,
                                         0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7}));
}

TEST(TraceParent, OfLaterVersionsIsReadAsFarAsItIsKnown) {
  EXPECT_EQ(read({"cc-" + trace_id + "-" + parent_id + "-01"}), read({usual}));
  EXPECT_EQ(read({"cc-" + trace_id + "-" + parent_id + "-01-what-comes"}), read({usual}));
  EXPECT_EQ(read({"cc-" + trace_id + "-" + parent_id + "-01.what-comes"}), std::nullopt);
  EXPECT_EQ(read({"ff-" + trace_id + "-" + parent_id + "-01"}), std::nullopt);
}

TEST(TraceParent, CountsOnlyWhereItIsRecorded) {
  EXPECT_EQ(read({"00-" + trace_id + "-" + parent_id + "-00"}), std::nullopt);
  EXPECT_EQ(read({"00-" + trace_id + "-" + parent_id + "-02"}), std::nullopt);
  EXPECT_EQ(read({"00-" + trace_id + "-" + parent_id + "-03"}), read({usual}));
}

TEST(TraceParent, IsNoneWhenItIsNotWellWritten) {
  EXPECT_EQ(read({}), std::nullopt);
  EXPECT_EQ(read({usual, usual}), std::nullopt);
  for (const std::string& text :
       {std::string(), std::string(55, '0'), usual + "-", usual + "0", usual.substr(1),
        "0-0" + usual.substr(3), "00-" + std::string(32, '0') + "-" + parent_id + "-01",
        "00-" + trace_id + "-" + std::string(16, '0') + "-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + parent_id + "-01",
        "00_" + trace_id + "-" + parent_id + "-01", "00-" + trace_id + "_" + parent_id + "-01",
        "00-" + trace_id + "-" + parent_id + "_01", "00-" + trace_id + "-" + parent_id + "-0g",
        "0x-" + trace_id + "-" + parent_id + "-01"}) {
    EXPECT_EQ(read({text}), std::nullopt) << text;
  }
  for (std::size_t i = 0; i < usual.size(); ++i) {
    std::string broken = usual;
    broken[i] = ' ';
    EXPECT_EQ(read({broken}), std::nullopt) << broken;
  }
}

}  // namespace
}  // namespace transport_ws::http
