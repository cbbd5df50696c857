// tests/plugins/transport_ws/http/proxies_test.cpp - who is believed, and whose request it is.
#include "http/proxies.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace transport_ws::http {
namespace {

Proxies::Address at(const std::string& text) {
  return boost::asio::ip::make_address(text);
}

Proxies proxies(const std::vector<std::string>& entries = {"127.0.0.1", "10.0.0.0/8", "fd00::/8"}) {
  const auto parsed = Proxies::parse(entries);
  EXPECT_TRUE(parsed) << parsed.error().text();
  return *parsed;
}

// The client's address, or the status of the refusal.
std::string client(const std::vector<std::string>& fields, const std::string& peer = "10.0.0.1") {
  Request request;
  for (const std::string& value : fields) {
    request.fields.push_back({"x-forwarded-for", value});
  }
  const auto found = proxies().client_of(request, at(peer));
  return found ? found->to_string() : std::to_string(found.error().status);
}

TEST(Proxies, TrustAddressesAndNetworks) {
  const Proxies some = proxies();
  for (const auto* inside :
       {"127.0.0.1", "10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "fd12::1"}) {
    EXPECT_TRUE(some.trusts(at(inside))) << inside;
  }
  for (const auto* outside :
       {"127.0.0.2", "9.255.255.255", "11.0.0.0", "::1", "fe00::1", "::ffff:11.0.0.1", "::a00:1"}) {
    EXPECT_FALSE(some.trusts(at(outside))) << outside;
  }
  EXPECT_TRUE(proxies({"0.0.0.0/0"}).trusts(at("1.2.3.4")));
  EXPECT_FALSE(proxies({"0.0.0.0/0"}).trusts(at("::1")));
  EXPECT_TRUE(proxies({"192.168.4.0/22"}).trusts(at("192.168.7.255")));
  EXPECT_FALSE(proxies({"192.168.4.0/22"}).trusts(at("192.168.8.0")));
  EXPECT_TRUE(proxies({"fe80::/10"}).trusts(at("fe80::1%1"))) << "whatever the interface";
  EXPECT_FALSE(Proxies().trusts(at("127.0.0.1")));
}

TEST(Proxies, RefuseWhatIsNoNetwork) {
  for (const auto* entry :
       {"", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1", "10.0.0.1/8",
        "fd00::/129", "/8", "10.0.0", "fe80::1%lo", "10.0.0.1:80"}) {
    const auto refused = Proxies::parse({entry});
    ASSERT_FALSE(refused) << entry;
    EXPECT_EQ(refused.error().code(), BP_E_CONFIG);
    EXPECT_NE(refused.error().text().find("'" + std::string(entry) + "'"), std::string::npos);
  }
  EXPECT_FALSE(Proxies::parse(std::vector<std::string>(65, "127.0.0.1")));
}

TEST(Proxies, TakeTheRightmostThatIsNoProxy) {
  EXPECT_EQ(client({}), "10.0.0.1");
  EXPECT_EQ(client({"203.0.113.9"}), "203.0.113.9");
  EXPECT_EQ(client({"1.1.1.1, 203.0.113.9"}), "203.0.113.9");  // the left one it made up
  EXPECT_EQ(client({"203.0.113.9, 10.0.0.7,127.0.0.1"}), "203.0.113.9");
  EXPECT_EQ(client({"1.1.1.1", "203.0.113.9", "10.0.0.7"}), "203.0.113.9");
  EXPECT_EQ(client({"10.0.0.5, 10.0.0.6"}), "10.0.0.5");
  EXPECT_EQ(client({"203.0.113.9:4711"}), "203.0.113.9");
  EXPECT_EQ(client({"[2001:db8::1]:4711"}), "2001:db8::1");
  EXPECT_EQ(client({"[2001:db8::1]"}), "2001:db8::1");
  EXPECT_EQ(client({"2001:db8::1"}), "2001:db8::1");
  EXPECT_EQ(client({"::ffff:203.0.113.9"}), "203.0.113.9");
  EXPECT_EQ(client({"<script>, 203.0.113.9"}), "203.0.113.9");  // not read
}

TEST(Proxies, RefuseAChainThatIsNone) {
  for (const auto* value : {"", "unknown", "203.0.113.9,", "203.0.113.9 10.0.0.1", "_hidden",
                            "203.0.113", "[::1", "[::1]x", "[::1]:", "[::1]:99999", "[1.2.3.4]:1",
                            "1.2.3.4:", "1.2.3.4:x", "fe80::1%eth0", "unknown, 10.0.0.7"}) {
    EXPECT_EQ(client({value}), "400") << value;
  }
}

}  // namespace
}  // namespace transport_ws::http
