// tests/plugins/metrics_prometheus/exposed.hpp - a snapshot's bytes and own families as one text.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "backplane/cpp/bytes.hpp"
#include "backplane/cpp/error.hpp"

#include "catalog.hpp"
#include "exposition.hpp"
#include "snapshot.hpp"

namespace metrics_prometheus {

inline bp::result<std::string> written(Exposition exposition) {
  std::string text(exposition.size_max(), '\0');
  Room room{text.data(), text.data() + text.size()};
  BP_TRY(exposition.write(room));
  text.resize(static_cast<std::size_t>(room.at - text.data()));
  return text;
}

inline bp::result<std::string> expose(bp::bytes_view bytes, std::span<const Family> families,
                                      Format format, bool created = false) {
  const auto part = Snapshot::open(bytes);
  BP_TRY(part);
  Catalog catalog(format, created);
  auto pieces = catalog.take(std::span(&*part, 1));
  BP_TRY(pieces);
  std::vector<OwnFamily> own;
  for (const Family& family : families) {
    auto made = OwnFamily::make(family, format, created);
    BP_TRY(made);
    own.push_back(std::move(*made));
  }
  return written(Exposition(std::move(*pieces), own, format));
}

}  // namespace metrics_prometheus
