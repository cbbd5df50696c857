// plugins/transport_ws/tls/source.hpp - the context for new connections: made from files at the
// start, and again when the files change.
//
// Connections keep the context that they began with, so a reload closes none. Thread: current()
// any; refresh() one at a time.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "tls/context.hpp"
#include "tls/file.hpp"

namespace transport_ws::tls {

class Source {
 public:
  /// Errors: those of Context::make.
  [[nodiscard]] static bp::result<std::unique_ptr<Source>> open(Settings settings);

  [[nodiscard]] std::shared_ptr<const Context> current() const;

  /// Looks at the files: one stat() each. True: they had changed and are used from now on. An
  /// error: they had changed and cannot be used; it comes once for each change, and the old ones
  /// stay.
  [[nodiscard]] bp::result<bool> refresh();

 private:
  using Seen = std::vector<Facts>;

  Source(Settings settings, Seen seen, std::shared_ptr<const Context> context)
      : settings_(std::move(settings)), seen_(std::move(seen)), context_(std::move(context)) {}

  [[nodiscard]] static Seen look(const Settings& settings);

  const Settings settings_;
  Seen seen_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Context> context_;
};

}  // namespace transport_ws::tls
