// plugins/transport_ws/tls/failure.hpp - OpenSSL's errors as error codes and as words.
#pragma once

#include <string>

#include <boost/system/error_code.hpp>

namespace transport_ws::tls {

using ErrorCode = boost::system::error_code;

/// The latest error of this thread's queue, which is emptied; a general one when it was empty.
[[nodiscard]] ErrorCode take_failure() noexcept;

/// Its reason: "certificate verify failed". Empties the queue, too.
[[nodiscard]] std::string take_reason();

}  // namespace transport_ws::tls
