// tests/plugins/metrics_prometheus/negotiation_test.cpp - Accept headers of real scrapers and bad
// ones.
#include "negotiation.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace metrics_prometheus {
namespace {

TEST(Negotiation, PrometheusGetsOpenMetrics) {
  EXPECT_EQ(negotiate("application/openmetrics-text;version=1.0.0;q=0.8,"
                      "application/openmetrics-text;version=0.0.1;q=0.75,"
                      "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            Format::OpenMetrics);
}

TEST(Negotiation, EverybodyElseGetsText) {
  for (const char* accept :
       {"", "*/*", "text/plain", "text/html,application/xhtml+xml,*/*;q=0.8",
        "application/openmetrics-text;version=0.0.1", "application/openmetrics-text;q=0",
        "text/plain;q=0.9, application/openmetrics-text;q=0.5", "application/json", ",;,=;q"}) {
    EXPECT_EQ(negotiate(accept), Format::Text) << accept;
  }
}

TEST(Negotiation, ParametersMayBeQuotedSpacedAndOfAnyCase) {
  EXPECT_EQ(negotiate(" Application/OpenMetrics-Text ; Version = \"1.0.0\" ; Q = 1 "),
            Format::OpenMetrics);
  EXPECT_EQ(negotiate("application/openmetrics-text;q=high"), Format::Text);
  EXPECT_EQ(negotiate("application/openmetrics-text;q=nan"), Format::Text);
}

TEST(Negotiation, ContentTypesNameTheirVersion) {
  EXPECT_EQ(content_type(Format::Text), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(content_type(Format::OpenMetrics),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

RC_GTEST_PROP(Negotiation, AnyHeaderHasAnAnswer, (const std::string& accept)) {
  const Format format = negotiate(accept);
  RC_ASSERT(format == Format::Text || format == Format::OpenMetrics);
}

TEST(Negotiation, GzipIsTakenWhereItIsAccepted) {
  for (const char* header : {"gzip", "deflate, gzip;q=0.5", "GZIP", "x-gzip", "*", "*;q=0.1, br"}) {
    EXPECT_TRUE(accepts_gzip(header)) << header;
  }
  for (const char* header : {"", "identity", "gzip;q=0", "*, gzip;q=0", "gzip;q=nonsense", "br"}) {
    EXPECT_FALSE(accepts_gzip(header)) << header;
  }
}

}  // namespace
}  // namespace metrics_prometheus
