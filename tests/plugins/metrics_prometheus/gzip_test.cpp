// tests/plugins/metrics_prometheus/gzip_test.cpp - what was compressed in pieces is read as one.
#include "gzip.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "unzipped.hpp"

namespace metrics_prometheus {
namespace {

RC_GTEST_PROP(Gzip, PiecesOfAnySizeAreOneStream, ()) {
  std::string text;
  for (int i = *rc::gen::inRange(0, 3'000); i > 0; --i) {
    text += "backplane_channel_published_total{channel=\"" + std::to_string(i * i) + "\"} 1\n";
  }
  auto gzip = *Gzip::make();
  std::string out;
  std::string_view rest = text;
  do {
    const auto size = std::min<std::size_t>(rest.size(), *rc::gen::inRange<std::size_t>(1, 50'000));
    gzip.append(rest.substr(0, size), size == rest.size(), out);
    rest.remove_prefix(size);
  } while (!rest.empty());
  RC_ASSERT(unzipped(out) == text);
  RC_ASSERT(text.size() < 50'000 || out.size() * 4 < text.size());
}

}  // namespace
}  // namespace metrics_prometheus
