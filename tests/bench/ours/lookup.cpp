// tests/bench/ours/lookup.cpp - from a name to its channel, in the host's registry.
#include "tests/bench/race/lookup.hpp"

#include <memory>
#include <stdexcept>

#include "host/registry/reader.hpp"
#include "host/registry/registry.hpp"
#include "tests/bench/ours/ours.hpp"

namespace bench {

namespace {

struct Names {
  Names() {
    for (const std::string& name : lookup_names()) {
      host::channel::Settings settings;
      settings.name = name;
      auto opened = registry.open_channel(settings, "bench", nullptr);
      if (!opened) {
        throw std::runtime_error(opened.error().text());
      }
      held.push_back(std::move(*opened));
    }
  }

  host::registry::Registry registry{{}, {}};
  std::vector<host::registry::ChannelEntry> held;
};

Round prepare(unsigned threads) {
  auto names = std::make_shared<Names>();
  return [names, threads](std::uint64_t count) {
    return look_up_each(count, threads, [&names] {
      auto reader = std::make_shared<host::registry::Reader>(names->registry);
      return [&names, reader](std::string_view name, std::size_t index) {
        const auto view = reader->enter();
        const host::registry::ChannelEntry* found = view.channel(name);
        return found != nullptr && found->channel == names->held[index].channel;
      };
    });
  };
}

}  // namespace

Contenders lookup_contenders() {
  return {{"lookup_1", "backplane", [] { return prepare(1); }},
          {"lookup_2", "backplane", [] { return prepare(2); }}};
}

}  // namespace bench
