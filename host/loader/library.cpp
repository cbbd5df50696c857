// host/loader/library.cpp - opens a library through Boost.DLL and compares it with what its file
// said.
#include "host/loader/library.hpp"

#define BOOST_DLL_USE_STD_FS
#include <algorithm>
#include <bit>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <boost/dll/shared_library.hpp>
#include <fmt/format.h>

#include "host/loader/build_id.hpp"

namespace host::loader {

namespace {

using boost::dll::shared_library;
namespace load_mode = boost::dll::load_mode;

constexpr std::size_t text_bytes_max = 256;  // id and version in a plugin's table

constexpr std::uint32_t table_bytes_max =
    4096;  // a larger bp_plugin is a mistake, not a newer version

// Boost.DLL has no name for RTLD_NODELETE, but passes on what it does not know.
constexpr auto mode = static_cast<load_mode::type>(static_cast<unsigned>(load_mode::rtld_now) |
                                                   static_cast<unsigned>(load_mode::rtld_local) |
                                                   static_cast<unsigned>(RTLD_NODELETE));

// Boost.DLL's error codes all say "bad file descriptor"; only its exceptions carry the system's
// words.
error::Result<std::shared_ptr<shared_library>> load(const Facts& facts) {
  try {
    return std::make_shared<shared_library>(facts.path, mode);
  } catch (const std::exception& problem) {
    return std::unexpected(refusal(facts.path, Rule::SystemLoads,
                                   fmt::format("cannot be loaded: {}", problem.what())));
  }
}

// From this one object's program headers: asking for those of all objects would take the longer the
// more plugins there are.
std::string loaded_build_id(void* object) {
  const ElfW(Phdr)* headers = nullptr;
  const link_map* mapped = nullptr;
  const int count = ::dlinfo(object, RTLD_DI_PHDR, static_cast<void*>(&headers));
  if (count <= 0 || ::dlinfo(object, RTLD_DI_LINKMAP, static_cast<void*>(&mapped)) != 0) {
    return "";
  }
  std::string text;
  for (const auto& segment : std::span(headers, static_cast<std::size_t>(count))) {
    if (segment.p_type == PT_NOTE && text.empty()) {
      const auto* start = std::bit_cast<const std::byte*>(mapped->l_addr + segment.p_vaddr);
      text = build_id_in(std::span(start, segment.p_memsz), segment.p_align);
    }
  }
  return text;
}

// The file may have been exchanged between inspection and loading, and the system hands out what it
// has loaded earlier under the same path.
std::optional<Finding> check_same(const bp_entry& entry, const Facts& facts, void* object) {
  const auto now = identify(facts.path);
  if (!now || *now != facts.identity) {
    return Finding{Rule::FileUnchanged, "was changed after it was inspected"};
  }
  const std::string build_id = loaded_build_id(object);
  const std::span bytes(reinterpret_cast<const std::byte*>(&entry), facts.entry.room_bytes);
  if (build_id != facts.object.build_id || read_entry(bytes) != facts.entry) {
    return Finding{
        Rule::FileUnchanged,
        fmt::format(
            "is not what this process loaded from this path before (build id '{}', the file has "
            "'{}'); restart the host to load it",
            build_id, facts.object.build_id)};
  }
  return std::nullopt;
}

std::optional<Finding> check_manifest(const bp_entry& entry, const Facts& facts) {
  if (entry.manifest == nullptr) {
    return Finding{Rule::LawManifest, "its entry does not point to the embedded manifest"};
  }
  if (std::string_view(entry.manifest, entry.manifest_len) != facts.manifest) {
    return Finding{Rule::LawManifest,
                   "its entry points to another text than section .bp_manifest holds"};
  }
  return std::nullopt;
}

std::optional<Finding> check_text(const char* text, std::string_view expected,
                                  std::string_view what) {
  if (text == nullptr) {
    return Finding{Rule::LawTable, fmt::format("its plugin table has no {}", what)};
  }
  const std::string_view found(text, ::strnlen(text, text_bytes_max));
  if (found != expected) {
    return Finding{
        Rule::LawIdentity,
        fmt::format("its code has {} '{}', its embedded manifest '{}'", what, found, expected)};
  }
  return std::nullopt;
}

std::optional<Finding> check_plugin(const bp_entry& entry, const Facts& facts) {
  if (entry.plugins == nullptr || *entry.plugins == nullptr) {
    return Finding{Rule::LawPlugins, "its entry has no table of plugins"};
  }
  const bp_plugin& plugin = **entry.plugins;
  if (plugin.struct_size < sizeof(bp_plugin) || plugin.struct_size > table_bytes_max) {
    return Finding{Rule::LawTable,
                   fmt::format("its plugin table claims {} bytes, version 1.0 has {}",
                               plugin.struct_size, sizeof(bp_plugin))};
  }
  const std::span tail(reinterpret_cast<const char*>(&plugin) + sizeof(bp_plugin),
                       plugin.struct_size - sizeof(bp_plugin));
  const bool tail_used = std::ranges::any_of(tail, [](char byte) { return byte != 0; });
  if (plugin.flags != 0 || tail_used) {
    return Finding{Rule::LawEntryTail,
                   "its plugin table uses flags or fields that this host does not know"};
  }
  for (const auto& [present, name] : {std::pair(plugin.create != nullptr, "create"),
                                      std::pair(plugin.destroy != nullptr, "destroy"),
                                      std::pair(plugin.on_events != nullptr, "on_events")}) {
    if (!present) {
      return Finding{Rule::LawTable, fmt::format("its plugin table has no {}()", name)};
    }
  }
  if (auto finding = check_text(plugin.id, facts.description.id, "id")) {
    return finding;
  }
  return check_text(plugin.version, facts.description.version, "version");
}

}  // namespace

error::Result<Library> Library::open(const Facts& facts) {
  auto handle = load(facts);
  if (!handle) {
    return std::unexpected(std::move(handle).error());
  }
  const bp_entry* entry = nullptr;
  try {
    entry = &(*handle)->get<const bp_entry>(BP_ENTRY_SYMBOL);
  } catch (const std::exception& problem) {
    return std::unexpected(refusal(facts.path, Rule::LawEntry, problem.what()));
  }
  auto finding = check_same(*entry, facts, (*handle)->native());
  if (!finding) {
    finding = check_manifest(*entry, facts);
  }
  if (!finding) {
    finding = check_plugin(*entry, facts);
  }
  if (finding) {
    return std::unexpected(refusal(facts.path, finding->rule, std::move(finding->detail)));
  }
  return Library(std::move(*handle), std::make_shared<const Facts>(facts), *entry);
}

}  // namespace host::loader
