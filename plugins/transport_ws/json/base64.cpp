// plugins/transport_ws/json/base64.cpp - OpenSSL's encoder, with the strictness it lacks.
#include "json/base64.hpp"

#include <openssl/evp.h>

namespace transport_ws::json {

namespace {

constexpr std::size_t group_bytes = 3;
constexpr std::size_t group_digits = 4;
constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// OpenSSL skips white space and takes '=' anywhere in the last group; we want one text per value.
std::optional<std::size_t> padding_of(std::string_view text) {
  if (text.size() % group_digits != 0) {
    return std::nullopt;
  }
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') {
    ++padding;
  }
  text.remove_suffix(padding);
  return text.find_first_not_of(digits) == std::string_view::npos ? std::optional(padding)
                                                                  : std::nullopt;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  // One more for the NUL that OpenSSL writes.
  std::string text((bytes.size() + group_bytes - 1) / group_bytes * group_digits + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  const auto padding = padding_of(text);
  if (!padding) {
    return std::nullopt;
  }
  std::string bytes(text.size() / group_digits * group_bytes, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  if (length < 0) {
    return std::nullopt;
  }
  bytes.resize(static_cast<std::size_t>(length) - *padding);
  return bytes;
}

}  // namespace transport_ws::json
