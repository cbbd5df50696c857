// tests/plugins/storage_sqlite/migration/folder_test.cpp - an operator's files become versions.
#include "migration/folder.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "scratch.hpp"
#include "store/store.hpp"

namespace storage_sqlite::migration {
namespace {

using storage_sqlite::testing::fails_with;
using storage_sqlite::testing::must;
using storage_sqlite::testing::open_writer;
using storage_sqlite::testing::Scratch;

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() { std::filesystem::create_directories(folder()); }

  [[nodiscard]] std::string folder() const { return scratch_.path("migrations"); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder() + "/" + name, std::ios::binary) << text;
  }

  void write_two() const {
    write("0001_customers.up.sql",
          "CREATE TABLE app_customers (id INTEGER PRIMARY KEY, name);\n"
          "CREATE INDEX app_customers_name ON app_customers (name);\n");
    write("0001_customers.down.sql", "DROP TABLE app_customers;\n");
    write("0002_city.up.sql", "ALTER TABLE app_customers ADD COLUMN city;\n");
    write("0002_city.down.sql", "ALTER TABLE app_customers DROP COLUMN city;\n");
  }

  [[nodiscard]] bp::result<std::unique_ptr<Folder>> read() const {
    return Folder::read(folder(), {.tables = {"app_*"}});
  }

  Scratch scratch_;
};

TEST_F(FolderTest, GoesUpAndDownLikeOurOwn) {
  write_two();
  write("README.md", "is no migration");
  const auto read_folder = must(read());
  const Plan plan = read_folder->plan();
  EXPECT_EQ(plan.component, "app");
  engine::Connection connection = open_writer(scratch_.path());
  EXPECT_EQ(must(migrate(connection, plan, 2)).size(), 2U);
  EXPECT_TRUE(connection.execute("INSERT INTO app_customers VALUES (1, 'n', 'c')"));
  const std::vector<Version> versions = must(status(connection, plan));
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[1].name, "city");
  EXPECT_TRUE(versions[1].applied);
  EXPECT_GT(versions[1].applied_ms, 0);
  ASSERT_TRUE(migrate(connection, plan, 0));
  EXPECT_FALSE(connection.execute("SELECT * FROM app_customers"));
}

TEST_F(FolderTest, TouchesOnlyTheTablesOfStrangers) {
  write_two();
  write("0003_bad.up.sql", "CREATE TABLE app_more (x); DROP TABLE records;");
  write("0003_bad.down.sql", "DROP TABLE app_more;");
  must(store::Store::open({.path = scratch_.path()}));
  engine::Connection connection = open_writer(scratch_.path());
  const auto read_folder = must(read());
  const auto refused = migrate(connection, read_folder->plan(), 3);
  EXPECT_TRUE(fails_with(refused, BP_E_PERMISSION, "SQL_DENIED"));
  EXPECT_TRUE(fails_with(refused, BP_E_PERMISSION, "'app' version 3 (bad)"));
  EXPECT_EQ(must(verify(connection, read_folder->plan())), 2) << "what came before stays";
  EXPECT_FALSE(connection.execute("SELECT * FROM app_more"));
}

TEST_F(FolderTest, AnEditedFileIsRefusedWithBothChecksumsBeforeTheStart) {
  write_two();
  const store::Settings settings{.path = scratch_.path(), .migrations_folder = folder()};
  EXPECT_EQ(must(store::Store::open(settings))->moves().back().component, "app");
  const std::string before = checksum(must(read())->plan().steps[0]);
  write("0001_customers.up.sql", "CREATE TABLE app_customers (id INTEGER PRIMARY KEY, other);");
  const std::string after = checksum(must(read())->plan().steps[0]);
  const auto refused = store::Store::open(settings);
  EXPECT_TRUE(fails_with(refused, BP_E_CONFLICT, "MIGRATION_EDITED"));
  EXPECT_TRUE(fails_with(refused, BP_E_CONFLICT, before));
  EXPECT_TRUE(fails_with(refused, BP_E_CONFLICT, after));
  EXPECT_TRUE(fails_with(refused, BP_E_CONFLICT, folder()));
}

TEST_F(FolderTest, ADatabaseThatKnowsMoreIsRefused) {
  write_two();
  const store::Settings settings{.path = scratch_.path(), .migrations_folder = folder()};
  must(store::Store::open(settings));
  std::filesystem::remove(folder() + "/0002_city.up.sql");
  std::filesystem::remove(folder() + "/0002_city.down.sql");
  EXPECT_TRUE(fails_with(store::Store::open(settings), BP_E_TOO_NEW, "SCHEMA_TOO_NEW"));
}

TEST_F(FolderTest, FilesThatDoNotFitAreNamed) {
  EXPECT_TRUE(must(read())->plan().steps.empty());
  EXPECT_TRUE(fails_with(Folder::read(folder() + "/none", {}), BP_E_CONFIG, "none"));
  const auto refuses = [&](const std::string& name, const std::string& text,
                           const std::string& part) {
    write(name, text);
    EXPECT_TRUE(fails_with(read(), BP_E_CONFIG, part)) << name;
    std::filesystem::remove(folder() + "/" + name);
  };
  refuses("1_short.up.sql", "SELECT 1", "0001_title.up.sql");
  refuses("0000_zero.up.sql", "SELECT 1", "0001_title.up.sql");
  refuses("0001_.up.sql", "SELECT 1", "0001_title.up.sql");
  refuses("0001_sideways.sql", "SELECT 1", "0001_title.up.sql");
  refuses("0002_gap.up.sql", "SELECT 1", "no version 1");
  refuses("0001_alone.up.sql", "SELECT 1", "no .down.sql");
  refuses("0001_alone.down.sql", "SELECT 1", "no .up.sql");
  refuses("0001_empty.up.sql", "", "is empty");
  refuses("0001_large.up.sql", std::string(file_bytes_max + 1, ' '), "larger than 1 MiB");
  write_two();
  refuses("0001_other.up.sql", "SELECT 1", "shares its number");
}

}  // namespace
}  // namespace storage_sqlite::migration
