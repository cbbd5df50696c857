// tests/plugins/transport_ws/client/fields_test.cpp - what may not stand in a handshake.
#include "client/fields.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "limits.hpp"

namespace transport_ws::client {
namespace {

TEST(Fields, MayBeWhatServersAskFor) {
  EXPECT_FALSE(problem_of(http::Field{"Authorization", "Bearer abc.def"}));
  EXPECT_FALSE(problem_of(http::Field{"X-Region", "eu\twest"}));
  EXPECT_FALSE(problem_of(http::Field{"Origin", ""}));
}

TEST(Fields, MayNotEndTheHeaderOrChangeTheRequest) {
  for (const http::Field& field :
       {http::Field{"X\r\nHost", "a"}, http::Field{"", "a"}, http::Field{"X Y", "a"},
        http::Field{"X", "a\r\nHost: evil"}, http::Field{"X", "a\n"},
        http::Field{"X", std::string("\0", 1)}, http::Field{"HOST", "a"},
        http::Field{"Sec-WebSocket-Key", "a"}, http::Field{"transfer-encoding", "chunked"},
        http::Field{"X", std::string(client_field_bytes_max + 1, 'a')}}) {
    EXPECT_TRUE(problem_of(field)) << field.name;
  }
}

TEST(Fields, AreNotToldWithTheirValues) {
  const auto problem = problem_of(http::Field{"Authorization", "secret\n"});
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->find("'Authorization'"), std::string::npos);
  EXPECT_EQ(problem->find("secret"), std::string::npos);
}

TEST(Fields, AreCounted) {
  std::vector<http::Field> fields(client_fields_max, {"X", "y"});
  EXPECT_FALSE(problem_of(fields));
  fields.push_back({"X", "y"});
  EXPECT_TRUE(problem_of(fields));
}

}  // namespace
}  // namespace transport_ws::client
