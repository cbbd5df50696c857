// tests/plugins/transport_ws/tls/source_test.cpp - changed files are used, garbage is told once.
#include "tls/source.hpp"

#include <gtest/gtest.h>

#include "paper.hpp"

namespace transport_ws::tls {
namespace {

TEST(Source, TakesChangedFiles) {
  const Office office;
  const auto source = *Source::open(office.server);
  const auto first = source->current();
  EXPECT_FALSE(*source->refresh());
  EXPECT_EQ(source->current(), first);
  office.renew();
  EXPECT_TRUE(*source->refresh());
  EXPECT_NE(source->current(), first);
  EXPECT_FALSE(*source->refresh());
}

TEST(Source, WatchesTheFilesOfEveryName) {
  Office office;
  const auto write = [&] {
    const Paper paper = office.authority.issue("api", "DNS:api.example.org");
    return Pair{office.folder.write("api.pem", paper.certificate),
                office.folder.write("api.key", paper.key)};
  };
  office.server.by_name = {write()};
  const auto source = *Source::open(office.server);
  EXPECT_FALSE(*source->refresh());
  write();
  EXPECT_TRUE(*source->refresh());
  office.folder.write("api.key", "garbage");
  EXPECT_FALSE(source->refresh());
}

TEST(Source, KeepsTheOldOneAndTellsOfGarbageOnce) {
  const Office office;
  const auto source = *Source::open(office.server);
  const auto first = source->current();
  office.folder.write("server.pem", "garbage");
  const auto rejected = source->refresh();
  ASSERT_FALSE(rejected);
  EXPECT_NE(rejected.error().message().find("server.pem"), std::string::npos);
  EXPECT_EQ(source->current(), first);
  EXPECT_FALSE(*source->refresh());
  office.renew();
  EXPECT_TRUE(*source->refresh());
}

TEST(Source, DoesNotOpenWithoutItsFiles) {
  Office office;
  office.server.key = office.folder.at("nothing");
  EXPECT_EQ(Source::open(office.server).error().code(), BP_E_NOT_FOUND);
}

}  // namespace
}  // namespace transport_ws::tls
