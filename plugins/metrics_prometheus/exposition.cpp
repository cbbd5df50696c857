// plugins/metrics_prometheus/exposition.cpp - writes piece after piece, and stops where the room
// ends.
#include "exposition.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>

namespace metrics_prometheus {

namespace {

constexpr std::string_view end_mark = "# EOF\n";

}  // namespace

bp::result<OwnFamily> OwnFamily::make(const Family& family, Format format, bool created) {
  OwnFamily made;
  made.name_ = family.name;
  made.lines_ =
      std::make_shared<Lines>(family.kind, family.name, family.help, family.unit, format, created);
  std::vector<double> uppers;
  for (const Series& series : family.series) {
    uppers.clear();
    const auto first = static_cast<std::uint32_t>(made.buckets_.size());
    for (const Bucket& bucket : series.buckets) {
      uppers.push_back(bucket.upper);
      made.buckets_.push_back({bucket.upper, bucket.count});
    }
    BP_TRY(made.lines_->add(series.labels, uppers, series.created_unix_ns));
    made.series_.push_back({.first_label = 0,
                            .n_labels = 0,
                            .first_bucket = first,
                            .n_buckets = static_cast<std::uint32_t>(uppers.size()),
                            .value = series.value,
                            .sum = series.sum,
                            .count = series.count});
  }
  return made;
}

Piece OwnFamily::piece() const {
  return {.name = name_,
          .lines = lines_,
          .first = 0,
          .numbers = {.series = std::as_bytes(std::span(series_)).data(),
                      .buckets = std::as_bytes(std::span(buckets_)).data(),
                      .n_series = static_cast<std::uint32_t>(series_.size()),
                      .n_buckets = static_cast<std::uint32_t>(buckets_.size()),
                      .first_series = 0,
                      .n_exemplars = 0,
                      .exemplars = nullptr}};
}

Exposition::Exposition(std::vector<Piece> pieces, std::span<const OwnFamily> own, Format format)
    : pieces_(std::move(pieces)), format_(format) {
  std::vector<Piece> ours;
  for (const OwnFamily& family : own) {
    Piece piece = family.piece();
    const bool taken = std::ranges::binary_search(pieces_, piece.name, {}, &Piece::name);
    if (!taken && piece.numbers.n_series > 0) {
      ours.push_back(std::move(piece));
    }
  }
  if (!ours.empty()) {
    std::ranges::sort(ours, {}, &Piece::name);
    std::vector<Piece> all;
    all.reserve(pieces_.size() + ours.size());
    std::ranges::merge(std::move_iterator(pieces_.begin()), std::move_iterator(pieces_.end()),
                       std::move_iterator(ours.begin()), std::move_iterator(ours.end()),
                       std::back_inserter(all),
                       [](const Piece& a, const Piece& b) { return a.name < b.name; });
    pieces_ = std::move(all);
  }
}

bp::result<void> Exposition::write(Room& room) {
  for (; piece_ < pieces_.size(); ++piece_, series_ = 0, headed_ = false) {
    const Piece& piece = pieces_[piece_];
    if (!headed_ && piece.first == 0 && !piece.lines->write_head(room)) {
      return {};
    }
    headed_ = true;
    const auto written = piece.lines->write(room, piece.first + series_, piece.numbers, series_);
    BP_TRY(written);
    series_ += *written;
    if (series_ < piece.numbers.n_series) {
      return {};
    }
  }
  if (format_ == Format::OpenMetrics) {
    if (room.left() < end_mark.size()) {
      return {};
    }
    std::memcpy(room.at, end_mark.data(), end_mark.size());
    room.at += end_mark.size();
  }
  done_ = true;
  return {};
}

std::size_t Exposition::size_max() const noexcept {
  std::size_t bytes = end_mark.size();
  for (const Piece& piece : pieces_) {
    bytes += piece.first == 0 ? piece.lines->size_max() : 0;
    bytes += piece.numbers.n_exemplars * exemplar_bytes_max;
  }
  return bytes;
}

std::size_t Exposition::size_min() const noexcept {
  std::size_t bytes = 0;
  for (const Piece& piece : pieces_) {
    bytes += piece.first == 0 ? piece.lines->size_min() : 0;
  }
  return bytes;
}

bp::result<std::string> render(std::span<const Family> families, Format format) {
  std::vector<OwnFamily> own;
  std::vector<Piece> pieces;
  own.reserve(families.size());
  for (const Family& family : families) {
    if (!Lines::is_known(family.kind) || family.series.empty()) {
      continue;
    }
    auto made = OwnFamily::make(family, format);
    BP_TRY(made);
    own.push_back(std::move(*made));
    pieces.push_back(own.back().piece());
  }
  Exposition exposition(std::move(pieces), {}, format);
  std::string text(exposition.size_max() + number_bytes_max, '\0');
  Room room{text.data(), text.data() + text.size()};
  BP_TRY(exposition.write(room));
  text.resize(static_cast<std::size_t>(room.at - text.data()));
  return text;
}

Family build_info(std::string_view version) {
  return {.kind = BP_METRIC_GAUGE,
          .name = "backplane_build_info",
          .help = "Always 1; the labels say which build this is.",
          .unit = {},
          .series = {Series{.labels = {{"version", version}}, .value = 1.0, .buckets = {}}}};
}

}  // namespace metrics_prometheus
