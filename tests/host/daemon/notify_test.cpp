// tests/host/daemon/notify_test.cpp - a service manager's socket gets the datagram; without one
// nothing happens.
#include "host/daemon/notify.hpp"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace host::daemon {
namespace {

// A service manager's end: an abstract socket, whose name dies with it.
class Manager {
 public:
  Manager() : name_("backplane-notify-test-" + std::to_string(::getpid())) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name_.data(), name_.size());
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bound_ = ::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), bytes) == 0;
    ::setenv("NOTIFY_SOCKET", ("@" + name_).c_str(), 1);
  }

  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  ~Manager() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(descriptor_);
  }

  [[nodiscard]] bool bound() const { return bound_; }

  // A datagram to a local socket has arrived when the sender returns: no waiting.
  [[nodiscard]] std::string received() const {
    std::array<char, 256> text{};
    const auto bytes = ::recv(descriptor_, text.data(), text.size(), 0);
    return bytes < 0 ? "nothing" : std::string(text.data(), static_cast<std::size_t>(bytes));
  }

 private:
  std::string name_;
  int descriptor_ = -1;
  bool bound_ = false;
};

TEST(Notify, SendsTheStateToTheManager) {
  const Manager manager;
  ASSERT_TRUE(manager.bound());
  notify_service_manager("READY=1\nSTATUS=4 plugins run");
  EXPECT_EQ(manager.received(), "READY=1\nSTATUS=4 plugins run");
}

TEST(Notify, IsSilentWithoutAManagerOrWithAnImpossibleName) {
  const Manager manager;
  ASSERT_TRUE(manager.bound());
  ::setenv("NOTIFY_SOCKET", "", 1);
  notify_service_manager("READY=1");
  ::setenv("NOTIFY_SOCKET", ("/" + std::string(500, 'x')).c_str(), 1);
  notify_service_manager("READY=1");
  ::unsetenv("NOTIFY_SOCKET");
  notify_service_manager("READY=1");
  EXPECT_EQ(manager.received(), "nothing");
}

}  // namespace
}  // namespace host::daemon
