// host/schema/json_place.hpp - where in a JSON document we are, and what to say when it is wrong
// there.
//
// Owns: a stack of steps, views into the document. Thread: a value. Errors: makes them (E_SCHEMA).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "host/error/error.hpp"
#include "host/schema/model.hpp"

namespace host::schema {

inline constexpr std::size_t excerpt_bytes_max = 64;

class JsonPlace {
 public:
  void enter(std::string_view key) { steps_.push_back({.key = key, .index = 0, .is_key = true}); }

  void enter(std::size_t index) { steps_.push_back({.key = {}, .index = index, .is_key = false}); }

  void leave() { steps_.pop_back(); }

  // RFC 6901: "/items/3/name"; "" is the whole document. Foreign keys are cut at excerpt_bytes_max.
  [[nodiscard]] std::string pointer() const;

  // E_SCHEMA with "at '/items/3/name': <what>".
  [[nodiscard]] std::unexpected<error::Error> refuse(std::string_view what) const;

 private:
  struct Step {
    std::string_view key;
    std::size_t index;
    bool is_key;
  };

  std::vector<Step> steps_;
};

// `text`, cut at excerpt_bytes_max and quoted as JSON: safe to put into a message.
[[nodiscard]] std::string excerpt(std::string_view text);

// ": did you mean 'name'?" for the nearest candidate, "" when none is near.
[[nodiscard]] std::string did_you_mean(std::string_view wrong,
                                       const std::vector<std::string_view>& candidates);

}  // namespace host::schema
