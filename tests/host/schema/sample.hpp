// tests/host/schema/sample.hpp - the compiled test schemas.
#pragma once

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/schema/schema.hpp"

namespace tests::schema {

inline std::vector<std::byte> compiled(const std::string& stem) {
  std::ifstream file(std::string(TEST_SCHEMAS) + "/" + stem + ".bfbs", std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline std::shared_ptr<const host::schema::Schema> sample() {
  return host::schema::Schema::parse(compiled("sample")).value();
}

// A table of the sample, by its short name. `schema` must outlive it.
inline const host::schema::Table& table(const host::schema::Schema& schema,
                                        const std::string& name) {
  return **schema.table("bp.test.sample." + name);
}

}  // namespace tests::schema
