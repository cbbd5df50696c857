// plugins/transport_ws/edge/text.hpp - texts of requests, which may be left out.
#pragma once

#include <string>

#include <flatbuffers/flatbuffers.h>

namespace transport_ws::edge {

[[nodiscard]] inline std::string text_of(const flatbuffers::String* from) {
  return from != nullptr ? from->str() : std::string();
}

}  // namespace transport_ws::edge
