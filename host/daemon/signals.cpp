// host/daemon/signals.cpp - signalfd: no handler, hence nothing that a handler may not do.
#include "host/daemon/signals.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <sys/eventfd.h>
#include <sys/signalfd.h>

namespace host::daemon {

namespace {

sigset_t ours() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&set, signal);
  }
  return set;
}

int opened(int descriptor, const char* what) {
  if (descriptor < 0) {
    throw std::system_error(errno, std::generic_category(), what);
  }
  return descriptor;
}

}  // namespace

StopRequests::Meaning StopRequests::take(Time now, bool stopping) {
  if (first_) {
    return now - *first_ < one_request ? Meaning::Same : Meaning::LeaveNow;
  }
  first_ = now;
  return stopping ? Meaning::LeaveNow : Meaning::Stop;
}

void Signals::block() {
  const sigset_t set = ours();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool Signals::pending() {
  sigset_t set;
  sigpending(&set);
  return sigismember(&set, SIGTERM) == 1 || sigismember(&set, SIGINT) == 1;
}

Signals::Signals(std::function<void(int)> on_signal) : on_signal_(std::move(on_signal)) {
  const sigset_t set = ours();
  signals_ = opened(signalfd(-1, &set, SFD_CLOEXEC), "signalfd");
  end_ = opened(eventfd(0, EFD_CLOEXEC), "eventfd");
  thread_ = std::thread([this] { read(); });
}

Signals::~Signals() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(end_, &one, sizeof one);
  thread_.join();
  ::close(signals_);
  ::close(end_);
}

void Signals::read() {
  std::array<pollfd, 2> wanted{{{signals_, POLLIN, 0}, {end_, POLLIN, 0}}};
  for (;;) {
    if (::poll(wanted.data(), wanted.size(), -1) < 0) {
      continue;  // EINTR
    }
    signalfd_siginfo info{};
    if ((wanted[0].revents & POLLIN) != 0 && ::read(signals_, &info, sizeof info) == sizeof info) {
      on_signal_(static_cast<int>(info.ssi_signo));
    } else if (wanted[1].revents != 0) {
      return;
    }
  }
}

}  // namespace host::daemon
