// tests/plugins/storage_sqlite/engine/failure_test.cpp - codes, names and ways out of SQLite's
// failures.
#include "engine/failure.hpp"

#include <sqlite3.h>

#include <gtest/gtest.h>

#include "scratch.hpp"

namespace storage_sqlite::engine {
namespace {

TEST(Failure, NamesWhatHappenedAndWhatWasBeingDone) {
  const bp::error error = failure(nullptr, SQLITE_FULL, "inserting a row");
  EXPECT_EQ(error.code(), BP_E_IO);
  EXPECT_TRUE(error.message().starts_with("DISK_FULL: ")) << error.message();
  EXPECT_EQ(error.context().front(), "inserting a row");
}

TEST(Failure, ReadsThePrimaryCodeOutOfAnExtendedOne) {
  EXPECT_EQ(failure(nullptr, SQLITE_IOERR_FSYNC, "").code(), BP_E_IO);
  EXPECT_EQ(failure(nullptr, SQLITE_CONSTRAINT_UNIQUE, "").code(), BP_E_CONFLICT);
  EXPECT_EQ(failure(nullptr, SQLITE_BUSY_SNAPSHOT, "").code(), BP_E_BUSY);
  EXPECT_EQ(failure(nullptr, SQLITE_NOTADB, "").code(), BP_E_CORRUPT);
}

TEST(Failure, NamesTheFileAndTheFix) {
  const storage_sqlite::testing::Scratch scratch;
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(scratch.path("file-that-nobody-writes.db").c_str(), &handle), SQLITE_OK);
  const bp::error error = failure(handle, SQLITE_READONLY, "");
  EXPECT_NE(
      error.message().find("give this process the right to write 'file-that-nobody-writes.db'"),
      std::string::npos)
      << "without its folders: " << error.message();
  sqlite3_close(handle);
}

TEST(Failure, OfTheDiskConcernsEveryoneAndOfOneRowOnlyItsOwner) {
  EXPECT_TRUE(concerns_everyone(failure(nullptr, SQLITE_FULL, "")));
  EXPECT_TRUE(concerns_everyone(failure(nullptr, SQLITE_CORRUPT, "")));
  EXPECT_FALSE(concerns_everyone(failure(nullptr, SQLITE_CONSTRAINT, "")));
  EXPECT_FALSE(concerns_everyone(failure(nullptr, SQLITE_TOOBIG, "")));
}

}  // namespace
}  // namespace storage_sqlite::engine
