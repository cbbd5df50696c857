// plugins/crypto_sodium/record_file.cpp - private files, as text.
#include "record_file.hpp"

#include "private_file.hpp"

namespace crypto_sodium {

bp::result<std::optional<std::string>> read_record(const std::string& path, std::size_t bytes_max) {
  const auto content = read_private_file(path, bytes_max);
  if (content) {
    const Bytes bytes = content->bytes();
    return std::string(bytes.begin(), bytes.end());
  }
  if (content.error().code() == BP_E_NOT_FOUND) {
    return std::nullopt;
  }
  return std::unexpected(content.error());
}

bp::result<void> replace_record(const std::string& path, std::string_view text) {
  return replace_private_file(
      path, Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace crypto_sodium
