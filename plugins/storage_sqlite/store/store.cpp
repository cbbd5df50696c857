// plugins/storage_sqlite/store/store.cpp - opening a database so that either all of it stands or
// nothing.
#include "store/store.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include "kv/schema.hpp"
#include "records/schema.hpp"

namespace storage_sqlite::store {
namespace {

bp::result<void> make_folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code code;
  if (!folder.empty() && !std::filesystem::is_directory(folder, code)) {
    std::filesystem::create_directories(folder, code);
    if (code) {
      return bp::fail(BP_E_IO, "CANTOPEN: cannot make the folder '" + folder.string() +
                                   "': " + code.message() + "; make it by hand, or change `path`");
    }
  }
  return {};
}

}  // namespace

std::vector<migration::Plan> schema() {
  return {kv::schema(), records::schema()};
}

bp::result<std::unique_ptr<Store>> Store::open(const Settings& settings) {
  BP_TRY(make_folder_of(settings.path));
  auto lock = engine::FileLock::hold(settings.path);
  BP_TRY(lock);
  engine::ConnectionOptions options = settings.connection;
  options.access = engine::Access::ReadWrite;
  auto connection = engine::Connection::open(settings.path, options);
  if (!connection) {
    return std::unexpected(std::move(connection).error().during("reading '" + settings.path + "'"));
  }
  const std::vector<migration::Plan> plans = schema();
  for (const migration::Plan& plan : plans) {  // refuse before anything is changed
    BP_TRY(migration::verify(*connection, plan));
  }
  for (const migration::Plan& plan : plans) {
    if (auto moves = migration::migrate(*connection, plan, plan.newest()); !moves) {
      return std::unexpected(
          std::move(moves).error().during("migrating the database '" + settings.path + "'"));
    }
  }
  return std::unique_ptr<Store>(new Store(std::move(*lock), std::move(*connection), settings));
}

Store::Store(engine::FileLock lock, engine::Connection connection, const Settings& settings)
    : lock_(std::move(lock)),
      writer_(std::move(connection), settings.writer),
      readers_(settings.path, settings.connection, settings.readers) {}

Store::~Store() {
  close();
}

void Store::close() {
  readers_.close();
  writer_.stop();
}

}  // namespace storage_sqlite::store
