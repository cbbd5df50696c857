// plugins/metrics_prometheus/scrapes.cpp - renders a piece into a reply, and remembers where it
// stopped.
#include "scrapes.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace metrics_prometheus {

namespace {

constexpr std::size_t body_bytes_max = BP_MESSAGE_BYTES_MAX - (std::size_t{4} << 10U);
constexpr std::size_t text_step_bytes = std::size_t{64} << 10U;
// Of one reply: what is compressed in a go bounds how long the strand is held.
constexpr std::size_t text_bytes_max = std::size_t{4} << 20U;

std::unexpected<bp::error> too_large() {
  return bp::fail(BP_E_TOO_LARGE, "the exposition does not fit one message of " +
                                      std::to_string(BP_MESSAGE_BYTES_MAX) +
                                      " bytes; ask for it in pieces, with chunk_bytes and cursor");
}

}  // namespace

Scrape::Scrape(Format format, std::vector<bp::buffer> parts, std::vector<Piece> pieces,
               std::vector<OwnFamily> own)
    : parts_(std::move(parts)),
      own_(std::move(own)),
      format_(format),
      exposition_(std::move(pieces), own_, format) {}

bp::result<void> Scrape::compress() {
  auto made = Gzip::make();
  BP_TRY(made);
  gzip_ = std::move(*made);
  text_.resize(text_step_bytes);
  return {};
}

bp::result<bp::buffer> Scrape::answer(const bp::call& on, std::uint32_t bytes, std::uint64_t next) {
  return gzip_ ? packed(on, bytes, next) : plain(on, bytes, next);
}

bp::result<bp::buffer> Scrape::plain(const bp::call& on, std::uint32_t bytes, std::uint64_t next) {
  const std::size_t wanted = bytes == 0 ? body_bytes_max : bytes;
  auto reply = Reply::make(on, std::min(wanted, exposition_.size_max()));
  BP_TRY(reply);
  Room room = reply->room();
  const std::size_t before = room.left();
  BP_TRY(exposition_.write(room));
  if (bytes == 0 && !done()) {
    return too_large();
  }
  written += before - room.left();
  return std::move(*reply).finish(
      room,
      {.content_type = content_type(format_), .content_encoding = {}, .next = done() ? 0 : next});
}

bp::result<bp::buffer> Scrape::packed(const bp::call& on, std::uint32_t bytes, std::uint64_t next) {
  const std::size_t wanted = bytes == 0 ? body_bytes_max : bytes;
  std::size_t rendered = 0;
  while (!done() && out_.size() < wanted && (bytes == 0 || rendered < text_bytes_max)) {
    Room room{text_.data(), text_.data() + text_.size()};
    BP_TRY(exposition_.write(room));
    const auto size = static_cast<std::size_t>(room.at - text_.data());
    gzip_->append({text_.data(), size}, done(), out_);
    rendered += size;
  }
  if (bytes == 0 && (!done() || out_.size() > body_bytes_max)) {
    return too_large();
  }
  // What one step made too much waits for the next reply; the last one takes it all.
  auto reply = Reply::make(on, out_.size());
  BP_TRY(reply);
  Room room = reply->room();
  room.at = std::ranges::copy(out_, room.at).out;
  written += out_.size();
  out_.clear();
  return std::move(*reply).finish(room, {.content_type = content_type(format_),
                                         .content_encoding = "gzip",
                                         .next = done() ? 0 : next});
}

bp::result<void> Scrapes::admit(const ScrapeLimits& limits) const {
  if (open_.size() >= limits.scrapes) {
    return bp::fail(BP_E_BUSY, std::to_string(open_.size()) +
                                   " scrapes are under way, the limit; finish one of them, wait "
                                   "for its timeout, or raise limits.scrapes");
  }
  return {};
}

void Scrapes::keep(std::uint64_t cursor, std::unique_ptr<Scrape> scrape) {
  open_.emplace(cursor, std::move(scrape));
}

bp::result<std::unique_ptr<Scrape>> Scrapes::take(std::uint64_t cursor) {
  const auto found = open_.find(cursor);
  if (found == open_.end()) {
    return bp::fail(BP_E_STALE, "nothing waits behind cursor " + std::to_string(cursor) +
                                    ": it was asked for already or too late; begin anew, "
                                    "without a cursor");
  }
  auto scrape = std::move(found->second);
  open_.erase(found);
  return scrape;
}

std::size_t Scrapes::drop_overdue(std::uint64_t now_ns) {
  return std::erase_if(open_,
                       [now_ns](const auto& entry) { return entry.second->deadline_ns <= now_ns; });
}

}  // namespace metrics_prometheus
