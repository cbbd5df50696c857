// tests/bench/transport/peers/websocketpp.cpp - websocketpp as its examples use it: an echo server,
// and one that sends each message to all.
//
//   bench-server-websocketpp echo|broadcast
#include <iostream>
#include <set>
#include <string_view>

#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/server.hpp>

namespace {

using Server = websocketpp::server<websocketpp::config::asio>;
using websocketpp::connection_hdl;

}  // namespace

int main(int argc, char** argv) {
  const bool broadcasts = argc > 1 && std::string_view(argv[1]) == "broadcast";
  Server server;
  std::set<connection_hdl, std::owner_less<connection_hdl>> all;
  server.clear_access_channels(websocketpp::log::alevel::all);
  server.init_asio();
  server.set_tcp_post_init_handler([&](connection_hdl connection) {
    server.get_con_from_hdl(connection)
        ->get_socket()
        .set_option(boost::asio::ip::tcp::no_delay(true));
  });
  server.set_open_handler([&](connection_hdl connection) { all.insert(connection); });
  server.set_close_handler([&](connection_hdl connection) { all.erase(connection); });
  server.set_message_handler([&](connection_hdl from, const Server::message_ptr& message) {
    if (!broadcasts) {
      server.send(from, message->get_payload(), message->get_opcode());
      return;
    }
    for (const connection_hdl& to : all) {
      server.send(to, message->get_payload(), message->get_opcode());
    }
  });
  server.listen(boost::asio::ip::address_v4::loopback(), 0);
  server.start_accept();
  websocketpp::lib::asio::error_code error;
  std::cout << "listening on 127.0.0.1:" << server.get_local_endpoint(error).port() << std::endl;
  server.run();
}
