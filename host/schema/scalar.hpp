// host/schema/scalar.hpp - from a Scalar known at run time to a C++ type known at compile time.
//
// Owns: nothing. Thread: any. Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "host/schema/model.hpp"

namespace host::schema {

// Calls `visit.template operator()<T>()` with the type that stores `scalar` in a FlatBuffer.
template <typename Visit>
decltype(auto) with_scalar(Scalar scalar, Visit&& visit) {
  switch (scalar) {
    case Scalar::Int8:
      return std::forward<Visit>(visit).template operator()<std::int8_t>();
    case Scalar::Int16:
      return std::forward<Visit>(visit).template operator()<std::int16_t>();
    case Scalar::Uint16:
      return std::forward<Visit>(visit).template operator()<std::uint16_t>();
    case Scalar::Int32:
      return std::forward<Visit>(visit).template operator()<std::int32_t>();
    case Scalar::Uint32:
      return std::forward<Visit>(visit).template operator()<std::uint32_t>();
    case Scalar::Int64:
      return std::forward<Visit>(visit).template operator()<std::int64_t>();
    case Scalar::Uint64:
      return std::forward<Visit>(visit).template operator()<std::uint64_t>();
    case Scalar::Float32:
      return std::forward<Visit>(visit).template operator()<float>();
    case Scalar::Float64:
      return std::forward<Visit>(visit).template operator()<double>();
    case Scalar::Boolean:
    case Scalar::Uint8:
      break;
  }
  return std::forward<Visit>(visit).template operator()<std::uint8_t>();
}

[[nodiscard]] inline std::size_t scalar_bytes(Scalar scalar) {
  return with_scalar(scalar, []<typename T>() { return sizeof(T); });
}

}  // namespace host::schema
