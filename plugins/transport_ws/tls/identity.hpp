// plugins/transport_ws/tls/identity.hpp - the names in a certificate, as text that can be compared.
#pragma once

#include <openssl/x509.h>

#include "tls/engine.hpp"

namespace transport_ws::tls {

/// Names that are not printable ASCII are left out: nothing must look like another name.
[[nodiscard]] Identity identity_of(X509& certificate);

}  // namespace transport_ws::tls
