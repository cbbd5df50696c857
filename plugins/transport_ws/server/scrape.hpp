// plugins/transport_ws/server/scrape.hpp - GET /metrics: asks bp.metrics.export/1 and hands on what
// it renders, piece by piece.
//
// The next piece is asked for when the last one has left, so a slow reader costs one piece of
// memory, until the exchange's deadline. Thread: its io thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "backplane/cpp/error.hpp"

#include "http/exchange.hpp"
#include "rpc/bus.hpp"

namespace transport_ws::server {

class Scrape final : public std::enable_shared_from_this<Scrape> {
 public:
  /// `place` is held until the last piece has left or the exchange has ended. The bus outlives the
  /// io thread's work.
  Scrape(rpc::Bus& bus, std::shared_ptr<http::Exchange> exchange, std::uint32_t timeout_ms,
         std::shared_ptr<const void> place);

  void start(const http::Request& request);

 private:
  struct Piece {
    http::Response response;  // with the piece as its body
    std::uint64_t next = 0;
  };

  void ask(const std::string& arguments);
  void on_reply(const bp::result<std::string>& reply);
  void first(Piece piece);
  void further(const Piece& piece);
  void go_on(std::string bytes, std::uint64_t next);
  [[nodiscard]] static bp::result<Piece> read(std::string_view reply);

  rpc::Bus& bus_;
  std::shared_ptr<http::Exchange> exchange_;
  std::uint32_t timeout_ms_;
  std::shared_ptr<const void> place_;
  unsigned version_ = 11;
  bool begun_ = false;  // the head has left
};

}  // namespace transport_ws::server
