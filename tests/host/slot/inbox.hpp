// tests/host/slot/inbox.hpp - what a scripted instance was told, to be waited for; and short words
// for bp.svc/1.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/host/slot/scripted_plugin.hpp"

namespace host::slot {

struct Seen {
  std::uint16_t type = 0;
  bp_handle handle = 0;
  bp_status status = BP_OK;
  std::uint64_t token = 0;
  std::uint32_t method = 0;
  std::string text;  // the payload, or the error's text
};

// Takes over the instance's events: to be made while its strand is quiet. Completes lifecycle
// operations.
class Inbox {
 public:
  explicit Inbox(Actor& actor) : actor_(actor) {
    actor.script.on_event = [state = state_, &actor](const bp_event& event) {
      state->take(actor, event);
    };
  }

  // On the strand, with each event, before it counts as seen.
  void on_each(std::function<void(const bp_event&)> what) {
    const std::lock_guard lock(state_->mutex);
    state_->on_each = std::move(what);
  }

  // The next event of this type; it is taken.
  Seen next(std::uint16_t type) {
    std::unique_lock lock(state_->mutex);
    std::deque<Seen>::iterator found;
    const bool there = state_->came.wait_for(lock, std::chrono::seconds(20), [&] {
      found = std::ranges::find(state_->seen, type, &Seen::type);
      return found != state_->seen.end();
    });
    if (!there) {
      ADD_FAILURE() << "no event of type " << type;
      return {};
    }
    Seen seen = std::move(*found);
    state_->seen.erase(found);
    return seen;
  }

  // How many of this type are there once everything that was on its way has arrived.
  std::size_t count(std::uint16_t type) {
    EXPECT_EQ(actor_.core()->post(actor_.host(), actor_.instance(), 77), BP_OK);
    next(BP_EV_POSTED);
    return seen(type);
  }

  // The same, of what has arrived.
  std::size_t seen(std::uint16_t type) {
    const std::lock_guard lock(state_->mutex);
    return static_cast<std::size_t>(std::ranges::count(state_->seen, type, &Seen::type));
  }

  // On the strand, and waits for its end.
  void run(const std::function<void()>& what) {
    on_each([&what](const bp_event& event) {
      if (event.type == BP_EV_POSTED) {
        what();
      }
    });
    EXPECT_EQ(actor_.core()->post(actor_.host(), actor_.instance(), 78), BP_OK);
    next(BP_EV_POSTED);
    on_each({});
  }

 private:
  struct State {
    void take(Actor& actor, const bp_event& event) {
      std::function<void(const bp_event&)> first;
      {
        const std::lock_guard lock(mutex);
        first = on_each;
      }
      if (first) {
        first(event);
      }
      Seen one{event.type, event.handle, event.status, event.token, event.method, {}};
      if ((event.flags & BP_EVF_ERROR) != 0) {
        one.text =
            error::Error::from_abi(event.status, static_cast<const bp_error*>(event.buf.data))
                .text();
      } else if (event.buf.data != nullptr) {
        one.text.assign(static_cast<const char*>(event.buf.data), event.buf.size);
      }
      if (event.type < BP_EV_MESSAGE) {
        actor.core()->complete(actor.host(), event.handle, BP_OK, nullptr);
      }
      {
        const std::lock_guard lock(mutex);
        seen.push_back(std::move(one));
      }
      came.notify_all();
    }

    std::mutex mutex;
    std::condition_variable came;
    std::deque<Seen> seen;
    std::function<void(const bp_event&)> on_each;
  };

  Actor& actor_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

[[nodiscard]] inline bp_str str(std::string_view text) {
  return {text.data(), text.size()};
}

[[nodiscard]] inline bp_method method(std::uint32_t id, std::string_view name) {
  bp_method method{};
  method.struct_size = sizeof method;
  method.id = id;
  method.name = str(name);
  return method;
}

[[nodiscard]] inline bp_error no_error() {
  bp_error error{};
  error.struct_size = sizeof error;
  return error;
}

[[nodiscard]] inline std::string text_of(bp_status status, const bp_error& error) {
  return error::Error::from_abi(status, &error).text();
}

// What a call into the law said: its code, and the text or the handle.
struct Said {
  bp_status status = BP_OK;
  std::string text;
  std::uint64_t handle = 0;
};

inline Said provide(Actor& actor, std::string_view name, const std::vector<bp_method>& methods,
                    std::uint32_t major = 1, std::uint32_t minor = 0, std::uint64_t token = 3) {
  const bp_str text = str(name);
  bp_error error = no_error();
  Said said;
  said.status = actor.svc()->provide(
      actor.host(), actor.instance(), &text, major, minor, methods.data(), sizeof(bp_method),
      static_cast<std::uint32_t>(methods.size()), token, &said.handle, &error);
  said.text = said.status < 0 ? text_of(said.status, error) : "";
  return said;
}

inline Said require(Actor& actor, std::string_view name, std::uint32_t major = 1,
                    std::uint32_t min_minor = 0, std::uint32_t flags = 0) {
  const bp_str text = str(name);
  bp_error error = no_error();
  Said said;
  said.status = actor.svc()->require(actor.host(), actor.instance(), &text, major, min_minor, flags,
                                     &said.handle, &error);
  said.text = said.status < 0 ? text_of(said.status, error) : "";
  return said;
}

// `text`: the reply (BP_DONE) or the error. `deadline_ns` 0: the default.
inline Said call(Actor& actor, bp_svc service, std::uint32_t method, std::string_view request = "",
                 std::uint64_t deadline_ns = 0, std::uint64_t token = 9) {
  bp_buf asked{const_cast<char*>(request.data()), request.size(), request.size(), 0};
  bp_buf reply{};
  bp_error error = no_error();
  Said said;
  said.status = actor.svc()->call(actor.host(), service, method, &asked, deadline_ns, nullptr,
                                  token, &reply, &said.handle, &error);
  if (said.status < 0) {
    said.text = text_of(said.status, error);
  } else if (said.status == BP_DONE && reply.size > 0) {
    said.text.assign(static_cast<const char*>(reply.data), reply.size);
    actor.chan()->release(actor.host(), &reply);
  }
  return said;
}

inline bp_status answer(Actor& actor, bp_call call, std::string_view reply = "") {
  bp_buf buf{const_cast<char*>(reply.data()), reply.size(), reply.size(), 0};
  return actor.svc()->reply(actor.host(), call, BP_OK, &buf, nullptr);
}

}  // namespace host::slot
