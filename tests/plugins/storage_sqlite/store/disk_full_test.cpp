// tests/plugins/storage_sqlite/store/disk_full_test.cpp - a file system that is really full, made
// by a small tmpfs (which only root may mount; elsewhere engine/writer_test.cpp limits the pages).
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kv/kv.hpp"
#include "scratch.hpp"
#include "small_disk.hpp"
#include "store/store.hpp"

namespace storage_sqlite::store {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::Scratch;
using storage_sqlite::testing::SmallDisk;

using Answer = std::future<bp::result<void>>;

Answer put(Store& store, const std::string& key, std::size_t bytes) {
  auto promise = std::make_shared<std::promise<bp::result<void>>>();
  must(store.writer().submit(
      {.bytes = bytes,
       .work = [key, bytes](engine::Connection& connection) -> bp::result<void> {
         const std::string value(bytes, 'v');
         BP_TRY(kv::put(connection, {"s", key}, {value, 0}, {}, {}));
         return {};
       },
       .done = [promise](bp::result<void> outcome) { promise->set_value(std::move(outcome)); }}));
  return promise->get_future();
}

/// Keeps the writer inside a job until the promise is set: what comes meanwhile is one group.
std::promise<void> hold(Store& store) {
  std::promise<void> release;
  auto gate = std::make_shared<std::future<void>>(release.get_future());
  auto entered = std::make_shared<std::promise<void>>();
  std::future<void> is_in = entered->get_future();
  must(store.writer().submit({.work = [gate, entered](engine::Connection&) -> bp::result<void> {
                                entered->set_value();
                                gate->wait();
                                return {};
                              },
                              .done = [](const bp::result<void>&) {}}));
  is_in.wait();
  return release;
}

std::int64_t keys(Store& store) {
  auto reader = must(store.readers().checkout());
  return must(reader->number("SELECT count(*) FROM kv"));
}

TEST(DiskFull, UndoesTheGroupTellsEveryoneAndGoesOnWhenThereIsSpace) {
  const Scratch scratch;
  const SmallDisk disk(scratch.path("disk"));
  if (!disk.mounted()) {
    GTEST_SKIP() << "only root may mount a small file system";
  }
  const auto store = must(Store::open({.path = disk.path("full.db")}));
  EXPECT_TRUE(put(*store, "first", 100).get());
  std::ofstream filler(disk.path("filler"), std::ios::binary);
  const std::string block(4'096, 'f');
  while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
  }
  filler.close();
  std::promise<void> release = hold(*store);
  std::vector<Answer> answers;
  answers.push_back(put(*store, "small", 10));
  answers.push_back(put(*store, "large", 2'000'000));
  answers.push_back(put(*store, "late", 10));
  release.set_value();
  for (Answer& answer : answers) {
    EXPECT_TRUE(fails_with(answer.get(), BP_E_IO, "DISK_FULL"));
  }
  EXPECT_EQ(keys(*store), 1) << "all of what was acknowledged, nothing of the group";
  std::filesystem::remove(disk.path("filler"));
  EXPECT_TRUE(put(*store, "small", 10).get());
  EXPECT_TRUE(put(*store, "late", 500'000).get());
  EXPECT_EQ(keys(*store), 3);
  auto reader = must(store->readers().checkout());
  EXPECT_EQ(must(reader->word("PRAGMA integrity_check")), "ok");
}

}  // namespace
}  // namespace storage_sqlite::store
