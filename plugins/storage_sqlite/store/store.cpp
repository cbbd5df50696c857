// plugins/storage_sqlite/store/store.cpp - opening a database so that either all of it stands or
// nothing.
#include "store/store.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
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

/// Refuses before anything is changed.
bp::result<std::vector<migration::Move>> prepare_schema(engine::Connection& connection,
                                                        const std::vector<migration::Plan>& plans,
                                                        bool migrate) {
  for (const migration::Plan& plan : plans) {
    BP_TRY(migration::verify(connection, plan));
  }
  std::vector<migration::Move> all;
  for (const migration::Plan& plan : plans) {
    if (migrate) {
      auto moves = migration::migrate(connection, plan, plan.newest());
      BP_TRY(moves);
      std::ranges::move(*moves, std::back_inserter(all));
    }
  }
  return all;
}

/// What keeps a database from being opened, and with damage what to do now.
bp::error unusable(bp::error error, const std::string& doing, const std::string& path) {
  if (error.code() != BP_E_CORRUPT) {
    return std::move(error).during(doing + " '" + path + "'");
  }
  std::string message = error.message();
  if (!message.starts_with("CORRUPT")) {
    message = "CORRUPT: " + message;
  }
  bp::error out(BP_E_CORRUPT,
                message + ". The file '" + path +
                    "' is damaged or no database, and was left as it is: stop the host, move the "
                    "file away, put a backup in its place, remove '" +
                    path + "-wal' and '" + path + "-shm', and start the host");
  for (const std::string& link : error.context()) {
    out = std::move(out).during(link);
  }
  return std::move(out).during(doing + " '" + path + "'");
}

}  // namespace

bp::result<bool> is_behind(engine::Connection& connection) {
  for (const migration::Plan& plan : schema()) {
    const auto version = migration::verify(connection, plan);
    BP_TRY(version);
    if (*version < plan.newest()) {
      return true;
    }
  }
  return false;
}

std::vector<migration::Plan> schema() {
  return {kv::schema(), records::schema()};
}

bp::result<std::unique_ptr<Store>> Store::open(const Settings& settings) {
  BP_TRY(make_folder_of(settings.path));
  std::unique_ptr<migration::Folder> folder;
  if (!settings.migrations_folder.empty()) {
    auto read = migration::Folder::read(settings.migrations_folder,
                                        engine::rules_for(settings.sql, ""));  // the operator's
    BP_TRY(read);
    folder = std::move(*read);
  }
  auto lock = engine::FileLock::hold(settings.path);
  BP_TRY(lock);
  engine::ConnectionOptions options = settings.connection;
  options.access = engine::Access::ReadWrite;
  options.busy_retries = std::make_shared<std::atomic<std::uint64_t>>(0);
  auto connection = engine::Connection::open(settings.path, options);
  if (!connection) {
    return std::unexpected(unusable(std::move(connection).error(), "reading", settings.path));
  }
  std::vector<migration::Plan> plans = schema();
  if (folder != nullptr) {
    plans.push_back(folder->plan());
  }
  auto tables = connection->number("SELECT count(*) FROM sqlite_schema");
  if (!tables) {
    return std::unexpected(unusable(std::move(tables).error(), "reading", settings.path));
  }
  auto moves = prepare_schema(*connection, plans, settings.migrate_at_start);
  if (!moves) {
    return std::unexpected(
        unusable(std::move(moves).error(), "migrating the database", settings.path));
  }
  const auto behind = is_behind(*connection);
  BP_TRY(behind);
  std::unique_ptr<Store> store(new Store(std::move(*lock), std::move(*connection), settings,
                                         std::move(options), std::move(folder)));
  store->moves_ = std::move(*moves);
  store->fresh_ = *tables == 0;
  store->health_.set_behind(*behind);
  return store;
}

Store::Store(engine::FileLock lock, engine::Connection connection, const Settings& settings,
             engine::ConnectionOptions options, std::unique_ptr<migration::Folder> folder)
    : lock_(std::move(lock)),
      path_(settings.path),
      connection_options_(std::move(options)),
      sql_rules_(settings.sql),
      folder_(std::move(folder)),
      writer_(std::move(connection), settings.writer),
      readers_(settings.path, connection_options_, settings.readers) {}

Store::~Store() {
  close();
}

std::vector<migration::Plan> Store::plans() const {
  std::vector<migration::Plan> plans = schema();
  if (folder_ != nullptr) {
    plans.push_back(folder_->plan());
  }
  return plans;
}

bp::result<engine::Connection> Store::connect(engine::Access access) const {
  engine::ConnectionOptions options = connection_options_;
  options.access = access;
  return engine::Connection::open(path_, options);
}

bp::result<engine::Connection*> Store::alone_connection() {
  if (!alone_) {
    auto opened = connect(engine::Access::ReadWrite);
    BP_TRY(opened);
    alone_.emplace(std::move(*opened));
  }
  return &*alone_;
}

bp::result<void> Store::submit_alone(std::uint64_t bytes, Alone work) {
  // An empty job of a group of its turn: when it is told of the commit, no transaction is open.
  return writer_.submit({.bytes = bytes,
                         .work = [](engine::Connection&) -> bp::result<void> { return {}; },
                         .done =
                             [this, work = std::move(work)](bp::result<void> outcome) mutable {
                               if (outcome) {
                                 work(alone_connection());
                               } else {
                                 work(std::unexpected(std::move(outcome).error()));
                               }
                             }});
}

void Store::close() {
  readers_.close();
  writer_.stop();
}

}  // namespace storage_sqlite::store
