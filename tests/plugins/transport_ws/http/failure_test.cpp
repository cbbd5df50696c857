// tests/plugins/transport_ws/http/failure_test.cpp - each status with its code, in JSON and in
// words.
#include "http/failure.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace transport_ws::http {
namespace {

TEST(HttpFailure, IsJsonWithTheCodeOfItsStatus) {
  for (const auto& [status, code] :
       {std::pair{400U, "INVALID"}, std::pair{401U, "PERMISSION"}, std::pair{403U, "PERMISSION"},
        std::pair{404U, "NOT_FOUND"}, std::pair{405U, "UNSUPPORTED"}, std::pair{413U, "TOO_LARGE"},
        std::pair{415U, "UNSUPPORTED"}, std::pair{417U, "UNSUPPORTED"},
        std::pair{426U, "UNSUPPORTED"}, std::pair{429U, "BUSY"}, std::pair{431U, "TOO_LARGE"},
        std::pair{503U, "UNAVAILABLE"}}) {
    const Response told = failure({status, "say \"why\""});
    EXPECT_EQ(told.status, status);
    EXPECT_EQ(told.content_type, "application/json");
    EXPECT_EQ(told.body, std::string(R"({"error":{"code":")") + code +
                             R"(","message":"say \"why\"","context":[]}})");
  }
  EXPECT_EQ(failure(504, "TIMEOUT", "late", R"("calling a")").body,
            R"({"error":{"code":"TIMEOUT","message":"late","context":["calling a"]}})");
}

TEST(HttpFailure, SaysWhatItsStatusAsksFor) {
  for (const Response& told : {failure({401, "who"}), failure_in_words({401, "who"})}) {
    ASSERT_EQ(told.fields.size(), 1U);
    EXPECT_EQ(told.fields[0].name, "WWW-Authenticate");
  }
  for (const Response& told : {failure({426, "up"}), failure_in_words({426, "up"})}) {
    ASSERT_EQ(told.fields.size(), 2U);
    EXPECT_EQ(told.fields[0].name, "Upgrade");
  }
  EXPECT_TRUE(failure({404, "no"}).fields.empty());
  const Response words = failure_in_words({404, "no"});
  EXPECT_EQ(words.status, 404U);
  EXPECT_EQ(words.body, "no\n");
  EXPECT_TRUE(words.content_type.starts_with("text/plain"));
}

}  // namespace
}  // namespace transport_ws::http
