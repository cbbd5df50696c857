// plugins/transport_ws/tls/source.cpp - look, read, swap.
#include "tls/source.hpp"

#include <utility>

namespace transport_ws::tls {

Source::Seen Source::look(const Settings& settings) {
  Seen seen{facts_of(settings.certificate), facts_of(settings.key), facts_of(settings.ca)};
  for (const Pair& pair : settings.by_name) {
    seen.push_back(facts_of(pair.certificate));
    seen.push_back(facts_of(pair.key));
  }
  return seen;
}

bp::result<std::unique_ptr<Source>> Source::open(Settings settings) {
  Seen seen = look(settings);  // before reading: a change in between is seen later
  auto context = Context::make(settings);
  BP_TRY(context);
  return std::unique_ptr<Source>(
      new Source(std::move(settings), std::move(seen), std::move(*context)));
}

std::shared_ptr<const Context> Source::current() const {
  const std::scoped_lock lock(mutex_);
  return context_;
}

bp::result<bool> Source::refresh() {
  Seen now = look(settings_);
  if (now == seen_) {
    return false;
  }
  seen_ = std::move(now);
  auto context = Context::make(settings_);
  if (!context) {
    return std::unexpected(std::move(context).error());
  }
  const std::scoped_lock lock(mutex_);
  context_ = std::move(*context);
  return true;
}

}  // namespace transport_ws::tls
