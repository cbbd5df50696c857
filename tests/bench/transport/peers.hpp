// tests/bench/transport/peers.hpp - the other servers as contenders, and rounds that all share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/race/contender.hpp"
#include "tests/bench/transport/clients.hpp"
#include "tests/bench/transport/server.hpp"

namespace bench {

// Owns a server and its clients; a Round that has them echo.
[[nodiscard]] Round echo_round(std::shared_ptr<Server> server, std::shared_ptr<Clients> clients);
[[nodiscard]] Round broadcast_round(std::shared_ptr<Server> server,
                                    std::shared_ptr<Clients> clients);

// A round: a new server and that many connections; its figure: what one of them takes, in bytes.
[[nodiscard]] Round idle_round(std::function<std::shared_ptr<Server>()> start,
                               const std::string& path, unsigned connections);

// `idle`: connections of the row that counts their memory.
[[nodiscard]] Contenders peer_contenders(unsigned idle);

// "peer: why", of those that were not built.
[[nodiscard]] std::vector<std::string> absent_peers();

}  // namespace bench
