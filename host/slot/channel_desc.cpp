// host/slot/channel_desc.cpp - the rules for each field of bp_chan_desc.
#include "host/slot/channel_desc.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "host/registry/name.hpp"
#include "host/slot/text.hpp"

namespace host::slot {

namespace {

// What the first plugins of version 1.0 knew of bp_chan_desc.
constexpr std::size_t bytes_min = offsetof(bp_chan_desc, group);

std::unexpected<error::Error> invalid(std::string text) {
  return error::fail(BP_E_INVALID, std::move(text));
}

}  // namespace

error::Result<channel::Settings> settings_of(const bp_chan_desc& desc) {
  if (desc.struct_size < bytes_min) {
    return invalid("bp_chan_desc.struct_size is " + std::to_string(desc.struct_size) +
                   ", below version 1.0's " + std::to_string(bytes_min));
  }
  if (!tail_is_zero(&desc, desc.struct_size, sizeof(bp_chan_desc))) {
    return error::fail(BP_E_TOO_NEW, "bp_chan_desc has fields that this host does not know");
  }
  const std::string_view name = view_of(desc.name);
  if (!registry::is_name(name)) {
    return invalid("a channel's name is 1 to " + std::to_string(BP_NAME_BYTES_MAX) +
                   " bytes of letters, digits, '.', '_' and '-'");
  }
  const std::string where = "channel '" + std::string(name) + "': ";
  if (desc.kind != BP_KIND_QUEUE && desc.kind != BP_KIND_BROADCAST) {
    return invalid(where + "kind " + std::to_string(desc.kind) +
                   " is neither queue (1) nor broadcast (2)");
  }
  if (desc.direction != BP_DIR_SEND && desc.direction != BP_DIR_RECEIVE) {
    return invalid(where + "direction " + std::to_string(desc.direction) +
                   " is neither send (1) nor receive (2)");
  }
  if ((desc.flags & ~std::uint32_t{BP_CHAN_GATING | BP_CHAN_CONFIRMING}) != 0) {
    return error::fail(BP_E_TOO_NEW, where + "unknown flags " + std::to_string(desc.flags));
  }
  if (desc.on_full > BP_FULL_DROP_OLDEST) {
    return invalid(where + "unknown policy on_full " + std::to_string(desc.on_full));
  }
  if (desc.capacity > BP_CHAN_CAPACITY_MAX || desc.concurrency > BP_CHAN_CONCURRENCY_MAX ||
      desc.message_bytes_max > BP_MESSAGE_BYTES_MAX) {
    return error::fail(BP_E_RANGE,
                       where + "capacity is at most " + std::to_string(BP_CHAN_CAPACITY_MAX) +
                           ", concurrency " + std::to_string(BP_CHAN_CONCURRENCY_MAX) +
                           ", message_bytes_max " + std::to_string(BP_MESSAGE_BYTES_MAX));
  }
  channel::Settings settings;
  settings.name = name;
  settings.kind = desc.kind;
  settings.type =
      desc.type.len == 0 ? "bytes" : std::string(view_of(desc.type).substr(0, BP_NAME_BYTES_MAX));
  settings.schema = desc.schema;
  settings.capacity = desc.capacity == 0 ? BP_CHAN_CAPACITY_DEFAULT : desc.capacity;
  settings.message_bytes_max =
      desc.message_bytes_max == 0 ? BP_MESSAGE_BYTES_MAX : desc.message_bytes_max;
  settings.on_full = desc.on_full == 0 ? std::uint32_t{BP_FULL_BLOCK} : desc.on_full;
  return settings;
}

error::Result<std::string> group_of(const bp_chan_desc& desc) {
  if (desc.struct_size < offsetof(bp_chan_desc, group) + sizeof(bp_chan_desc::group)) {
    return std::string();
  }
  const std::string_view group = view_of(desc.group);
  if (group.empty()) {
    return std::string();
  }
  const std::string where = "channel '" + std::string(view_of(desc.name)) + "': ";
  if (!registry::is_name(group)) {
    return invalid(where + "the name of a group is 1 to " + std::to_string(BP_NAME_BYTES_MAX) +
                   " bytes of letters, digits, '.', '_' and '-'");
  }
  if (desc.kind != BP_KIND_QUEUE || desc.direction != BP_DIR_RECEIVE) {
    return invalid(where + "group '" + std::string(group) +
                   "' means nothing here: only consumers of a queue form groups");
  }
  return std::string(group);
}

}  // namespace host::slot
