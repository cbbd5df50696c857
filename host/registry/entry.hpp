// host/registry/entry.hpp - what a name stands for.
//
// Owns: a share in the channel or service, and in its schema. Thread: a value. Errors: none.
#pragma once

#include <memory>
#include <string>

#include "host/channel/channel.hpp"
#include "host/registry/table.hpp"
#include "host/schema/schema.hpp"
#include "host/service/service.hpp"

namespace host::registry {

struct ChannelEntry {
  std::shared_ptr<channel::Channel> channel;
  std::shared_ptr<const schema::Schema> schema;  // of a typed channel
  const schema::Table* table = nullptr;
};

struct ServiceEntry {
  std::shared_ptr<service::Service> service;
  std::shared_ptr<const schema::Schema> schema;  // null: bytes only
};

struct NamedChannel {
  ChannelEntry channel;
  std::string opened_by;
};

using ChannelTable = Table<NamedChannel>;  // by name and 0
using ServiceTable = Table<ServiceEntry>;  // by name and major

}  // namespace host::registry
