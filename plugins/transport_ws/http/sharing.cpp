// plugins/transport_ws/http/sharing.cpp - the fields of the CORS protocol.
#include "http/sharing.hpp"

#include <string>

namespace transport_ws::http {

namespace {

constexpr std::string_view preflight_age_s = "600";  // how long a browser may remember the answer

}  // namespace

// What answers without an origin say differs from those with one, and caches must know that.
std::vector<Field> sharing_fields(const OriginPolicy& origins,
                                  std::optional<std::string_view> origin) {
  if (origin ? !origins.allows(*origin) : origins.none()) {
    return {};
  }
  std::vector<Field> fields{{"Vary", "Origin"}};
  if (origin) {
    fields.push_back({"Access-Control-Allow-Origin", std::string(*origin)});
  }
  return fields;
}

bool is_preflight(const Request& request) {
  return request.method == "OPTIONS" && request.has("Origin") &&
         request.has("Access-Control-Request-Method");
}

std::vector<Field> preflight_fields(std::string_view methods) {
  return {{"Access-Control-Allow-Methods", std::string(methods)},
          {"Access-Control-Allow-Headers", "Authorization, Content-Type"},
          {"Access-Control-Max-Age", std::string(preflight_age_s)}};
}

}  // namespace transport_ws::http
