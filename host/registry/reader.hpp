// host/registry/reader.hpp - names found without a lock, for those who look often.
//
// Owns: a seat in the registry. Thread: one at a time, and the registry outlives it. Errors: null
// for a name that is not there; the registry's find_...() say what there is instead.
#pragma once

#include <string_view>

#include "host/registry/entry.hpp"
#include "host/registry/grace.hpp"
#include "host/registry/table.hpp"

namespace host::registry {

class Registry;

class Reader {
 public:
  explicit Reader(Registry& registry);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader();

  // What it finds is there as long as it is, whoever removes it meanwhile. To be kept for
  // microseconds: what goes in the meantime is not freed. One at a time.
  class View {
   public:
    View(const View&) = delete;
    View& operator=(const View&) = delete;

    ~View() { Grace::get_up(seat_); }

    [[nodiscard]] const ChannelEntry* channel(std::string_view name) const noexcept {
      const auto* node = name.size() > BP_NAME_BYTES_MAX ? nullptr : channels_.find(name, 0);
      return node == nullptr ? nullptr : &node->entry.channel;
    }

    [[nodiscard]] const ServiceEntry* service(std::string_view name,
                                              std::uint32_t major) const noexcept {
      const auto* node = name.size() > BP_NAME_BYTES_MAX ? nullptr : services_.find(name, major);
      return node == nullptr ? nullptr : &node->entry;
    }

   private:
    friend class Reader;

    View(Seat& seat, const ChannelTable& channels, const ServiceTable& services) noexcept
        : seat_(seat), channels_(channels.view()), services_(services.view()) {}

    Seat& seat_;
    ChannelTable::View channels_;
    ServiceTable::View services_;
  };

  [[nodiscard]] View enter() noexcept {
    grace_.sit(seat_);
    return {seat_, channels_, services_};
  }

 private:
  Seat seat_;
  Registry& registry_;
  Grace& grace_;
  const ChannelTable& channels_;
  const ServiceTable& services_;
};

}  // namespace host::registry
