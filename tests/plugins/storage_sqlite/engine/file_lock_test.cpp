// tests/plugins/storage_sqlite/engine/file_lock_test.cpp - one holder at a time, named to the
// other.
#include "engine/file_lock.hpp"

#include <string>
#include <unistd.h>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "scratch.hpp"

namespace storage_sqlite::engine {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::Scratch;

TEST(FileLock, RefusesASecondHolderAndNamesTheFirst) {
  const Scratch scratch;
  const FileLock lock = must(FileLock::hold(scratch.path()));
  const bp::result<FileLock> second = FileLock::hold(scratch.path());
  EXPECT_TRUE(fails_with(second, BP_E_BUSY, "process " + std::to_string(::getpid())));
  EXPECT_TRUE(fails_with(second, BP_E_BUSY, scratch.path() + ".lock"));
}

TEST(FileLock, IsFreeAgainAfterItsHolderLetGo) {
  const Scratch scratch;
  {
    const FileLock lock = must(FileLock::hold(scratch.path()));
  }
  EXPECT_TRUE(FileLock::hold(scratch.path()));
}

TEST(FileLock, IsFreeAgainAfterItsHolderWasKilled) {
  const Scratch scratch;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = FileLock::hold(scratch.path());
    ::_exit(lock ? 0 : 1);  // no destructor runs
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(FileLock::hold(scratch.path()));
}

TEST(FileLock, NamesTheFolderThatIsMissing) {
  const Scratch scratch;
  EXPECT_TRUE(fails_with(FileLock::hold(scratch.path("no/test.db")), BP_E_IO, "CANTOPEN"));
}

}  // namespace
}  // namespace storage_sqlite::engine
