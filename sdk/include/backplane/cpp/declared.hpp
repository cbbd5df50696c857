// backplane/cpp/declared.hpp - what plugin.json says about channels.
//
// Since: 1.0. Thread: strand. Not for authors: it completes ends that are opened without options.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/abi/channel.h"
#include "backplane/cpp/bind.hpp"
#include "backplane/cpp/channel.hpp"

namespace bp::detail {

enum class declared_direction : std::uint8_t { send = BP_DIR_SEND, receive = BP_DIR_RECEIVE };
enum class declared_kind : std::uint8_t { queue = BP_KIND_QUEUE, broadcast = BP_KIND_BROADCAST };

constexpr auto json_names(declared_direction) {
  return std::array{std::pair{"send", declared_direction::send},
                    std::pair{"receive", declared_direction::receive}};
}

constexpr auto json_names(declared_kind) {
  return std::array{std::pair{"queue", declared_kind::queue},
                    std::pair{"broadcast", declared_kind::broadcast}};
}

struct declared_channel {
  std::string name;  // may end in '*'
  declared_direction direction{};
  declared_kind kind = declared_kind::queue;
  std::string type = "bytes";
  static constexpr auto fields = bp::fields(field<&declared_channel::name>("name"),
                                            field<&declared_channel::direction>("direction"),
                                            field<&declared_channel::kind>("kind").or_default(),
                                            field<&declared_channel::type>("type").or_default())
                                     .ignore_unknown();
};

struct declared_manifest {
  std::vector<declared_channel> channels;
  static constexpr auto fields =
      bp::fields(field<&declared_manifest::channels>("channels").or_default()).ignore_unknown();
};

class declared_channels {
 public:
  explicit declared_channels(std::string_view manifest) {
    if (auto read = json::read<declared_manifest>(manifest); read) {
      all_ = std::move((*read)->channels);
    }  // else: the host reads the same text and refuses the file
  }

  /// Fills in what the caller left open. An undeclared channel is a queue of bytes.
  void complete(std::string_view name, std::uint32_t direction, channel_options& options) const {
    const declared_channel* found = find(name, direction);
    if (options.kind == 0) {
      options.kind =
          found != nullptr ? static_cast<std::uint32_t>(found->kind) : std::uint32_t{BP_KIND_QUEUE};
    }
    if (options.type.empty()) {
      options.type = found != nullptr ? std::string_view(found->type) : "bytes";
    }
  }

 private:
  [[nodiscard]] const declared_channel* find(std::string_view name, std::uint32_t direction) const {
    const declared_channel* by_pattern = nullptr;
    for (const declared_channel& each : all_) {
      if (static_cast<std::uint32_t>(each.direction) != direction) {
        continue;
      }
      if (each.name == name) {
        return &each;
      }
      if (each.name.ends_with('*') &&
          name.starts_with(std::string_view(each.name).substr(0, each.name.size() - 1))) {
        by_pattern = &each;
      }
    }
    return by_pattern;
  }

  std::vector<declared_channel> all_;
};

}  // namespace bp::detail
