// plugins/metrics_prometheus/reply.hpp - a RenderReply laid out by hand, so that an exposition is
// written where the caller reads it.
//
// Owns: the reply's memory. Thread: strand. Errors: those of the host's memory.
#pragma once

#include <cstdint>
#include <string_view>

#include "backplane/cpp/service.hpp"

#include "lines.hpp"

namespace metrics_prometheus {

class Reply {
 public:
  // For a body of at most `body_bytes`.
  [[nodiscard]] static bp::result<Reply> make(const bp::call& on, std::size_t body_bytes);

  // In memory of head_bytes, the body and 8 bytes more.
  explicit Reply(bp::buffer memory) : memory_(std::move(memory)) {}

  // The body's memory: fill it from the front.
  [[nodiscard]] Room room() noexcept;

  struct Head {
    std::string_view content_type;
    std::string_view content_encoding;  // empty: the body is the text
    std::uint64_t next = 0;
  };

  // The packed table, with the body as far as it was filled.
  [[nodiscard]] bp::buffer finish(const Room& filled, const Head& head) &&;

  // What a reply takes beside its body.
  static constexpr std::size_t head_bytes = 256;

 private:
  bp::buffer memory_;
};

}  // namespace metrics_prometheus
