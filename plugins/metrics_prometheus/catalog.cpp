// plugins/metrics_prometheus/catalog.cpp - learns lines, and finds them again.
#include "catalog.hpp"

#include <utility>

namespace metrics_prometheus {

bp::result<void> Catalog::learn(const Snapshot& part, const Snapshot::Head& head, Entry& entry) {
  const bool watched =
      head.name == overflow_family || head.name == conflict_family || head.name == state_family;
  for (std::uint32_t i = 0; i < head.n_series; ++i) {
    BP_TRY(part.shape_of(head, i, room_));
    BP_TRY(entry.lines->add(room_.labels, room_.uppers, room_.created_unix_ns));
    if (watched) {
      auto& values = entry.told.emplace_back();
      for (const Label& label : room_.labels) {
        values.emplace_back(label.value);
      }
    }
  }
  return {};
}

bp::result<void> Catalog::take(const Snapshot& part, std::vector<Piece>& pieces) {
  for (std::uint32_t i = 0; i < part.n_families(); ++i) {
    const auto head = part.family(i);
    BP_TRY(head);
    if (!Lines::is_known(head->kind)) {
      continue;  // of a newer host
    }
    auto found = entries_.find(head->name);
    const bool known =
        found != entries_.end() && head->shape != 0 && head->shape <= shape_ && shape_ != 0;
    if (found == entries_.end()) {
      found = entries_.try_emplace(std::string(head->name)).first;
    }
    Entry& entry = found->second;
    if (entry.round != round_) {
      entry.round = round_;
      entry.seen = 0;
      entry.fresh = !known;
      if (entry.fresh) {
        entry.told.clear();
        entry.lines = std::make_shared<Lines>(head->kind, head->name, head->help, head->unit,
                                              format_, created_);
      }
    }
    if (entry.fresh) {
      BP_TRY(learn(part, *head, entry));
    }
    if (head->n_series > 0) {
      pieces.push_back({found->first, entry.lines, entry.seen, part.numbers(*head)});
    }
    entry.seen += head->n_series;
  }
  return {};
}

std::vector<std::vector<std::string>> Catalog::told(std::string_view family) const {
  const auto found = entries_.find(family);
  return found == entries_.end() ? std::vector<std::vector<std::string>>() : found->second.told;
}

// Forgets what is gone.
bool Catalog::all_whole() {
  bool whole = true;
  std::erase_if(entries_, [&](const auto& named) {
    const Entry& entry = named.second;
    const bool gone = entry.round != round_;
    whole = whole && (gone || entry.seen == entry.lines->n_series());
    return gone;
  });
  return whole;
}

bp::result<std::vector<Piece>> Catalog::take(std::span<const Snapshot> parts) {
  std::vector<Piece> pieces;
  ++round_;
  bp::result<void> taken;
  std::uint32_t shape = shape_;
  for (const Snapshot& part : parts) {
    taken = take(part, pieces);
    if (!taken) {
      break;
    }
    shape = part.shape();
  }
  if (taken && !all_whole()) {
    taken = bp::fail(BP_E_CORRUPT, "the host's metric snapshot leaves out what was never told");
  }
  if (!taken) {
    shape_ = 0;
    entries_.clear();
    return std::unexpected(std::move(taken).error());
  }
  shape_ = shape;
  return pieces;
}

}  // namespace metrics_prometheus
