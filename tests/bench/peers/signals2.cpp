// tests/bench/peers/signals2.cpp - Boost.Signals2, and Boost.DLL for loading.
#include <memory>

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>
#include <boost/signals2.hpp>

#include "tests/bench/peers/peers.hpp"
#include "tests/bench/race/measure.hpp"
#include "tests/bench/race/memory.hpp"

namespace bench {

namespace {

using Small = Message<16>;

struct Signal {
  boost::signals2::signal<void(const Small&)> emit;
  std::vector<std::uint64_t> sums;
};

Round prepare(unsigned subscribers) {
  auto signal = std::make_shared<Signal>();
  signal->sums.resize(subscribers);
  for (std::uint64_t& sum : signal->sums) {
    signal->emit.connect([&sum](const Small& message) { sum += message.sum(); });
  }
  return [signal](std::uint64_t count) {
    std::ranges::fill(signal->sums, 0);
    const std::uint64_t begin = bench_now_ns();
    for (std::uint64_t seq = 0; seq < count; ++seq) {
      Small message;
      message.fill(seq);
      signal->emit(message);
    }
    const double ns = per_operation(begin, bench_now_ns(), count);
    for (const std::uint64_t sum : signal->sums) {
      expect_equal(sum, bench_expected(count, sizeof(Small)), "checksum");
    }
    return Sample{ns, ns};
  };
}

}  // namespace

Contenders signals2_contenders() {
  Contenders all{{"no_subscriber", "signals2", [] { return prepare(0); }}};
  for (const unsigned subscribers : {1U, 8U, 64U}) {
    all.push_back({"broadcast", "signals2 " + std::to_string(subscribers),
                   [subscribers] { return prepare(subscribers); }});
  }
  return all;
}

void load_boost_dll(const std::filesystem::path& libraries) {
  const std::vector<std::filesystem::path> files = libraries_in(libraries);
  std::vector<boost::dll::shared_library> loaded;
  loaded.reserve(files.size());
  const std::uint64_t bytes = anonymous_bytes();
  const std::uint64_t begin = bench_now_ns();
  for (const std::filesystem::path& file : files) {
    loaded.emplace_back(file, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    keep(&loaded.back().get<const bp_entry>(BP_ENTRY_SYMBOL));
  }
  const std::uint64_t end = bench_now_ns();
  print_loaded(end - begin, anonymous_bytes() - bytes, files.size());
}

}  // namespace bench
