// host/manifest/channel_keys.cpp - the keys of channels.<id>.
#include "host/manifest/key_tables.hpp"

namespace host::manifest {

Keys<Channel> channel_keys() {
  return {
      key("capacity", &Channel::capacity, integer(1, channel_capacity_max), "messages it holds"),
      key("on_full", &Channel::on_full,
          word<OnFull>({{"block", OnFull::Block},
                        {"reject", OnFull::Reject},
                        {"drop-newest", OnFull::DropNewest},
                        {"drop-oldest", OnFull::DropOldest}}),
          "what happens to a message that does not fit"),
      key("block_timeout", &Channel::block_timeout, duration(timeout_min, timeout_max),
          "longest wait for room"),
      key("delivery", &Channel::delivery,
          word<Delivery>({{"queued", Delivery::Queued},
                          {"volatile", Delivery::Queued, "volatile channels"},
                          {"durable", Delivery::Queued, "durable channels"}}),
          "what a message survives"),
      key("max_bytes", &Channel::max_bytes, size(1, channel_bytes_max), "bytes it holds"),
      key("dead_letter", &Channel::dead_letter, text(channel_rule()),
          "channel for messages that nobody could handle"),
      key("retry", &Channel::retry, integer(1, retry_max),
          "deliveries of one message before dead_letter"),
      key("groups", &Channel::groups, list(text(group_rule())),
          "queues: groups of consumers that keep their messages while nobody is there"),
  };
}

}  // namespace host::manifest
