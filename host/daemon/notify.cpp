// host/daemon/notify.cpp - one datagram; the protocol is fixed and tiny, so no library is linked
// for it.
#include "host/daemon/notify.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/un.h>

namespace host::daemon {

void notify_service_manager(std::string_view state) noexcept {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path == nullptr || path[0] == '\0' || std::strlen(path) >= sizeof address.sun_path) {
    return;
  }
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path);  // NOLINT: the length was checked
  const std::size_t length = std::strlen(path);
  if (path[0] == '@') {
    address.sun_path[0] = '\0';  // the abstract namespace
  }
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    return;
  }
  const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  [[maybe_unused]] const auto sent = ::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL,
                                              reinterpret_cast<const sockaddr*>(&address), bytes);
  ::close(descriptor);
}

}  // namespace host::daemon
