// tests/plugins/transport_ws/http/extension_test.cpp - which offers of permessage-deflate are
// taken.
#include "http/extension.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace transport_ws::http {
namespace {

const std::string basic =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

// The answer and the window; "none".
std::string chosen(const std::vector<std::string>& offers) {
  Request request;
  for (const std::string& offer : offers) {
    request.fields.push_back({"sec-websocket-extensions", offer});
  }
  const auto choice = choose_deflate(request);
  return choice ? choice->answer + " " + std::to_string(choice->window_bits) : "none";
}

TEST(Extension, IsTakenWithoutContext) {
  EXPECT_EQ(chosen({"permessage-deflate"}), basic + " 15");
  EXPECT_EQ(chosen({"Permessage-Deflate ; CLIENT_max_window_bits"}), basic + " 15");
  EXPECT_EQ(chosen({"permessage-deflate; client_no_context_takeover;server_no_context_takeover"}),
            basic + " 15");
  EXPECT_EQ(chosen({"permessage-deflate; client_max_window_bits=8"}), basic + " 15");
  EXPECT_EQ(chosen({"permessage-deflate; server_max_window_bits=10"}),
            basic + "; server_max_window_bits=10 10");
  EXPECT_EQ(chosen({R"(permessage-deflate; server_max_window_bits = "12")"}),
            basic + "; server_max_window_bits=12 12");
}

TEST(Extension, IsNoneWhereNothingFits) {
  EXPECT_EQ(chosen({}), "none");
  EXPECT_EQ(chosen({""}), "none");
  EXPECT_EQ(chosen({"x-webkit-deflate-frame, bbf-usp-protocol"}), "none");
  for (const char* parameter :
       {"unknown", "unknown=1", "server_no_context_takeover=1", "client_no_context_takeover=true",
        "server_max_window_bits", "server_max_window_bits=8", "server_max_window_bits=7",
        "server_max_window_bits=16", "server_max_window_bits=010", "server_max_window_bits=1x",
        "server_max_window_bits=", "server_max_window_bits=\"", "client_max_window_bits=7",
        "client_max_window_bits=16", "client_max_window_bits=+9", "",
        "client_max_window_bits; client_max_window_bits=10",
        "server_no_context_takeover; server_no_context_takeover"}) {
    EXPECT_EQ(chosen({std::string("permessage-deflate; ") + parameter}), "none") << parameter;
  }
}

TEST(Extension, IsTheFirstThatFits) {
  EXPECT_EQ(chosen({"permessage-deflate; server_max_window_bits=8, permessage-deflate"}),
            basic + " 15");
  EXPECT_EQ(chosen({"other; a=\"x, permessage-deflate\"", "permessage-deflate; unknown",
                    "permessage-deflate; server_max_window_bits=11, permessage-deflate"}),
            basic + "; server_max_window_bits=11 11");
  EXPECT_EQ(chosen({R"(other; a="\"", permessage-deflate)"}), basic + " 15");
}

}  // namespace
}  // namespace transport_ws::http
