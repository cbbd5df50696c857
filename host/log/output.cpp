// host/log/output.cpp - writes to a descriptor without ever being stuck behind a reader that
// stopped.
#include "host/log/output.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>

#include <sys/stat.h>
#else
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <sys/stat.h>
#endif

namespace host::log {

namespace {

constexpr int stdout_fd = 1;
constexpr int stderr_fd = 2;

#if defined(_WIN32)

constexpr std::size_t chunk_bytes_max = 65'536;

int open_file(const char* path) {
  return ::_open(path, _O_WRONLY | _O_APPEND | _O_CREAT | _O_BINARY, _S_IREAD | _S_IWRITE);
}

void close_file(int fd) {
  ::_close(fd);
}

bool is_tty(int fd) {
  return ::_isatty(fd) != 0;
}

bool is_regular(int) {
  return true;
}

long long write_some(int fd, std::string_view bytes) {
  return ::_write(fd, bytes.data(), static_cast<unsigned>(std::min(bytes.size(), chunk_bytes_max)));
}

bool wait_writable(int, const std::atomic<bool>&) {
  return true;
}

#else

constexpr mode_t file_mode = 0640;
constexpr int poll_interval_ms = 100;

// POLLOUT promises that this much can be written without blocking (POSIX's least PIPE_BUF is 512,
// Linux's is 4096).
constexpr std::size_t pipe_chunk_bytes = 4'096;

int open_file(const char* path) {
  return ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, file_mode);
}

void close_file(int fd) {
  ::close(fd);
}

bool is_tty(int fd) {
  return ::isatty(fd) != 0;
}

bool is_regular(int fd) {
  struct stat facts{};
  return ::fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
}

ssize_t write_some(int fd, std::string_view bytes) {
  return ::write(fd, bytes.data(), bytes.size());
}

bool wait_writable(int fd, const std::atomic<bool>& give_up) {
  while (!give_up.load(std::memory_order_relaxed)) {
    pollfd wanted{.fd = fd, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&wanted, 1, poll_interval_ms);
    if (ready > 0) {
      return true;  // an error condition shows itself in the write
    }
    if (ready < 0 && errno != EINTR) {
      return false;
    }
  }
  return false;
}

#endif

class Descriptor final : public Output {
 public:
  Descriptor(int fd, bool owned) : fd_(fd), owned_(owned), regular_(is_regular(fd)) {}

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() override {
    if (owned_) {
      close_file(fd_);
    }
  }

  bool write(std::string_view lines, const std::atomic<bool>& give_up) override {
    while (!lines.empty() && (regular_ || wait_writable(fd_, give_up))) {
      const auto written = write_some(fd_, regular_ ? lines : lines.substr(0, pipe_chunk()));
      if (written < 0 && errno != EINTR && errno != EAGAIN) {
        return false;
      }
      lines.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return lines.empty();
  }

  [[nodiscard]] bool is_terminal() const override { return is_tty(fd_); }

 private:
  static constexpr std::size_t pipe_chunk() noexcept {
#if defined(_WIN32)
    return chunk_bytes_max;
#else
    return pipe_chunk_bytes;
#endif
  }

  int fd_;
  bool owned_;
  bool regular_;
};

}  // namespace

error::Result<std::unique_ptr<Output>> open_output(const std::string& destination) {
  if (destination == "stderr" || destination == "stdout") {
    return std::make_unique<Descriptor>(destination == "stderr" ? stderr_fd : stdout_fd, false);
  }
  const int fd = open_file(destination.c_str());
  if (fd < 0) {
    return error::fail(BP_E_IO, "cannot open log file '" + destination +
                                    "': " + std::generic_category().message(errno) +
                                    "; make its folder writable, or set log.sink to \"stderr\"");
  }
  return std::make_unique<Descriptor>(fd, true);
}

}  // namespace host::log
