// host/daemon/notify.hpp - tells a service manager how the daemon is (sd_notify(3)'s datagram,
// $NOTIFY_SOCKET).
//
// Owns: nothing. Thread: any. Errors: none; without a service manager it does nothing.
#pragma once

#include <string_view>

namespace host::daemon {

// "READY=1\nSTATUS=..."
void notify_service_manager(std::string_view state) noexcept;

}  // namespace host::daemon
