// plugins/transport_ws/topic/pattern.hpp - allow lists of topics.
//
// Thread: values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace transport_ws::topic {

/// `*` in the pattern stands for any run of characters, also an empty one.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view name) noexcept;

/// An empty list allows nothing.
[[nodiscard]] bool allows(const std::vector<std::string>& patterns, std::string_view name) noexcept;

}  // namespace transport_ws::topic
