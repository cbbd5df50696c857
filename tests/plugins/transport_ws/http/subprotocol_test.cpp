// tests/plugins/transport_ws/http/subprotocol_test.cpp - the server's preference among the client's
// offers.
#include "http/subprotocol.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace transport_ws::http {
namespace {

using Names = std::vector<std::string>;

std::string chosen(const Names& offers, const Names& spoken) {
  Request request;
  for (const std::string& offer : offers) {
    request.fields.push_back({"sec-websocket-protocol", offer});
  }
  const auto choice = choose_subprotocol(request, spoken);
  return choice ? *choice : std::to_string(choice.error().status) + " " + choice.error().reason;
}

TEST(Subprotocol, IsTheFirstOfOursThatIsOffered) {
  EXPECT_EQ(chosen({"b, a"}, {"a", "b"}), "a");
  EXPECT_EQ(chosen({" x ,\tb"}, {"a", "b"}), "b");
  EXPECT_EQ(chosen({"x", "b"}, {"a", "b"}), "b");  // spread over two fields
}

TEST(Subprotocol, IsNoneWhereNobodyAsksOrNoneIsSpoken) {
  EXPECT_EQ(chosen({}, {"a"}), "");
  EXPECT_EQ(chosen({" , "}, {"a"}), "");
  EXPECT_EQ(chosen({"a"}, {}), "");
}

TEST(Subprotocol, IsRefusedWhenThereIsNoneInCommon) {
  EXPECT_EQ(chosen({"A, c"}, {"a", "b"}), "400 no subprotocol in common; here is spoken a, b");
}

TEST(Subprotocol, IsAToken) {
  EXPECT_TRUE(is_token("graphql-transport-ws"));
  for (const auto* text : {"", "a b", "a,b", "a\r\nX: y", "\xc3\xa4"}) {
    EXPECT_FALSE(is_token(text));
  }
}

}  // namespace
}  // namespace transport_ws::http
