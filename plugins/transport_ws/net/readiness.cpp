// plugins/transport_ws/net/readiness.cpp - turns: everybody who is ready is told once.
#include "net/readiness.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

namespace transport_ws::net {

namespace {

ErrorCode last_failure() noexcept {
  return {errno, boost::system::system_category()};
}

int make_epoll() {
  const int made = epoll_create1(EPOLL_CLOEXEC);
  if (made < 0) {
    throw boost::system::system_error(last_failure(), "epoll_create1");
  }
  return made;
}

}  // namespace

Readiness::Readiness(asio::io_context& context)
    : service(context), context_(context), epoll_(context.get_executor(), make_epoll()) {}

void Readiness::watch(int socket, Watcher& watcher, ErrorCode& failure) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | static_cast<std::uint32_t>(EPOLLET);
  event.data.ptr = &watcher;
  if (epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, socket, &event) != 0) {
    failure = last_failure();
    return;
  }
  failure = {};
  ++watched_;
  await();
}

void Readiness::forget(int socket, const Watcher& watcher) noexcept {
  if (shut_) {
    return;
  }
  (void)epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, socket, nullptr);
  for (epoll_event& event : untold_) {
    if (event.data.ptr == &watcher) {
      event.data.ptr = nullptr;
    }
  }
  std::ranges::replace(again_, &watcher, nullptr);
  std::ranges::replace(again_now_, &watcher, nullptr);
  if (--watched_ == 0) {
    ErrorCode ignored;
    epoll_.cancel(ignored);
  }
}

void Readiness::again(Watcher& watcher) {
  again_.push_back(&watcher);
  if (!std::exchange(extra_posted_, true)) {
    asio::post(context_, [this] { extra_turn(); });
  }
}

void Readiness::await() {
  if (awaiting_ || watched_ == 0) {
    return;
  }
  awaiting_ = true;
  epoll_.async_wait(asio::posix::descriptor_base::wait_read, [this](ErrorCode failure) {
    awaiting_ = false;
    if (!failure) {
      turn();
    }
    await();
  });
}

void Readiness::turn() {
  const int count = epoll_wait(epoll_.native_handle(), ready_.data(), ready_sockets_max, 0);
  untold_ = std::span(ready_).first(static_cast<std::size_t>(std::max(count, 0)));
  while (!untold_.empty()) {
    const epoll_event event = untold_.front();
    untold_ = untold_.subspan(1);
    if (event.data.ptr != nullptr) {
      static_cast<Watcher*>(event.data.ptr)->on_ready(event.events);
    }
  }
}

void Readiness::extra_turn() {
  extra_posted_ = false;
  again_now_.swap(again_);
  // By position: forget() writes into it.
  for (std::size_t i = 0; i < again_now_.size(); ++i) {
    if (Watcher* watcher = std::exchange(again_now_[i], nullptr)) {
      watcher->on_ready(0);
    }
  }
  again_now_.clear();
}

}  // namespace transport_ws::net
