// host/loader/description.hpp - what a plugin says about itself: its plugin.json, as embedded by
// the build.
//
// Owns: values. Thread: values. Errors: SCHEMA, with every mistake in one message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/error/error.hpp"

namespace host::loader {

inline constexpr std::size_t description_depth_max = 64;  // nesting of the JSON text
inline constexpr std::size_t description_name_bytes_max =
    255;  // names of channels, services, contracts
inline constexpr std::size_t description_text_bytes_max = 4096;  // the summary
inline constexpr std::size_t description_list_max = 1024;        // channels, services, capabilities
inline constexpr std::size_t description_problems_max = 20;      // told in one message

// The schema of a plugin that declares no configuration.
inline constexpr std::string_view no_config_schema =
    R"({"type":"object","additionalProperties":false})";

enum class Maturity : std::uint8_t { Stable, Beta, Experimental };
enum class Direction : std::uint8_t { Send, Receive };
enum class ChannelKind : std::uint8_t { Queue, Broadcast };

// "1.0"
struct MajorMinor {
  std::uint16_t major{0};
  std::uint16_t minor{0};

  friend auto operator<=>(const MajorMinor&, const MajorMinor&) = default;
};

struct ChannelUse {
  std::string name;  // may be a pattern: "ws.*"
  Direction direction{Direction::Send};
  ChannelKind kind{ChannelKind::Queue};
  std::string type;      // "json", "bytes" or the full name of a FlatBuffers table
  std::string contract;  // the schema that has the table; empty for json and bytes
};

struct ServiceProvided {
  std::string name;
  MajorMinor version;
  std::string contract;
};

struct ServiceRequired {
  std::string name;
  MajorMinor version;
  bool optional{false};
};

struct Description {
  std::string id;
  std::string version;
  MajorMinor abi;
  std::string summary;
  Maturity status{Maturity::Experimental};
  std::string security_posture;                 // "robust_to_untrusted_peer"
  std::string config_schema{no_config_schema};  // JSON Schema text (draft-07)
  std::vector<ChannelUse> channels;
  std::vector<ServiceProvided> provided;
  std::vector<ServiceRequired> required;
  std::vector<std::string> capabilities;
  std::uint32_t state_version{0};
  std::map<std::string, std::vector<std::byte>, std::less<>> schemas;  // contract -> .bfbs
};

[[nodiscard]] std::string_view maturity_name(Maturity maturity) noexcept;
[[nodiscard]] std::string_view direction_name(Direction direction) noexcept;
[[nodiscard]] std::string_view channel_kind_name(ChannelKind kind) noexcept;

// Strict: unknown and duplicate keys, wrong types and missing required keys (id, version, abi) are
// errors.
[[nodiscard]] error::Result<Description> parse_description(std::string_view json);

}  // namespace host::loader
