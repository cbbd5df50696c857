// tests/bench/transport/server.cpp - fork, exec, and the clocks that Linux has for other processes.
#include "tests/bench/transport/server.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <string_view>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/bench/race/measure.hpp"

namespace bench {

namespace {

constexpr std::uint64_t start_ns_max = 30'000'000'000;

[[noreturn]] void become(const std::vector<std::string>& command, int output) {
  std::vector<char*> words;
  for (const std::string& word : command) {
    words.push_back(const_cast<char*>(word.c_str()));  // NOLINT(*-const-cast): exec's old signature
  }
  words.push_back(nullptr);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execv(words.front(), words.data());
  _exit(127);
}

std::optional<std::uint16_t> port_in(std::string_view line) {
  constexpr std::string_view host = "127.0.0.1:";
  const std::size_t at = line.find(host);
  if (line.find("listening") == std::string_view::npos || at == std::string_view::npos) {
    return std::nullopt;
  }
  std::uint16_t port = 0;
  line.remove_prefix(at + host.size());
  std::from_chars(line.data(), line.data() + line.size(), port);
  return port != 0 ? std::optional(port) : std::nullopt;
}

// Up to `start_ns_max`; throws with what the server said.
std::uint16_t wait_for_port(int output, const std::string& name) {
  std::string said;
  const std::uint64_t until = bench_now_ns() + start_ns_max;
  while (bench_now_ns() < until) {
    pollfd readable{output, POLLIN, 0};
    if (poll(&readable, 1, 1'000) <= 0) {
      continue;
    }
    std::array<char, 4'096> part{};
    const ssize_t bytes = read(output, part.data(), part.size());
    if (bytes <= 0) {
      break;
    }
    said.append(part.data(), static_cast<std::size_t>(bytes));
    std::size_t begin = 0;
    for (std::size_t end = said.find('\n'); end != std::string::npos;
         end = said.find('\n', begin)) {
      if (const auto port = port_in(std::string_view(said).substr(begin, end - begin))) {
        return *port;
      }
      begin = end + 1;
    }
  }
  throw std::runtime_error(name + " does not listen; it said: " + said);
}

}  // namespace

Server::Server(const std::vector<std::string>& command) {
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("pipe: " + std::string(std::strerror(errno)));
  }
  process_ = fork();
  if (process_ == 0) {
    become(command, pipe_ends[1]);
  }
  close(pipe_ends[1]);
  output_ = pipe_ends[0];
  if (process_ < 0) {
    close(output_);
    throw std::runtime_error("fork: " + std::string(std::strerror(errno)));
  }
  try {
    port_ = wait_for_port(output_, command.front());
  } catch (...) {
    end();
    throw;
  }
  reader_ = std::thread([output = output_] {
    std::array<char, 4'096> part{};
    while (read(output, part.data(), part.size()) > 0) {
    }
  });
}

Server::~Server() {
  end();
}

void Server::end() noexcept {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  if (reader_.joinable()) {
    reader_.join();  // its end of the pipe is closed by now
  }
  close(output_);
}

std::uint64_t Server::processor_ns() const {
  clockid_t clock = 0;
  timespec spent{};
  if (clock_getcpuclockid(process_, &clock) != 0 || clock_gettime(clock, &spent) != 0) {
    throw std::runtime_error("the server is gone");
  }
  return static_cast<std::uint64_t>(spent.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(spent.tv_nsec);
}

std::uint64_t Server::private_bytes() const {
  std::ifstream status("/proc/" + std::to_string(process_) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) {
      return std::stoull(line.substr(line.find(':') + 1)) * 1'024;
    }
  }
  throw std::runtime_error("the server is gone");
}

}  // namespace bench
