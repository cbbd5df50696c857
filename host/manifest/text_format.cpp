// host/manifest/text_format.cpp - addresses, and the walk to the texts that must be one.
#include "host/manifest/text_format.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace host::manifest {

namespace {

constexpr std::string_view as_in = "write it as 127.0.0.1:9400 or [::1]:9400";

bool is_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return read.ec == std::errc() && read.ptr == digits.data() + digits.size();
}

bool is_address(const std::string& text, int family) {
  in6_addr room{};  // large enough for both
  return ::inet_pton(family, text.c_str(), &room) == 1;
}

// A schema and the value it describes, walked side by side.
class Walk {
 public:
  Walk(const Node& root, std::vector<ConfigFinding>& findings) : root_(root), findings_(findings) {}

  void at(const Node& schema, const Node& value, const std::string& pointer) {
    if (const Node* reference = schema.find("$ref"); reference != nullptr) {
      if (const Node* target = root_.resolve(std::string_view(reference->text).substr(1))) {
        at(*target, value, pointer);
      }
      return;  // draft-07: the neighbours of $ref are ignored
    }
    if (const Node* all = schema.find("allOf"); all != nullptr) {
      for (const Node& each : all->children) {
        at(each, value, pointer);
      }
    }
    if (value.is(Kind::String)) {
      text(schema, value, pointer);
    } else if (value.is(Kind::Object)) {
      members(schema, value, pointer);
    } else if (value.is(Kind::Array)) {
      items(schema, value, pointer);
    }
  }

 private:
  void text(const Node& schema, const Node& value, const std::string& pointer) {
    const Node* format = schema.find("format");
    if (format == nullptr || format->text != host_port_format || value.text.empty()) {
      return;
    }
    if (std::string fault = host_port_fault(value.text); !fault.empty()) {
      ConfigFinding finding{pointer, std::move(fault)};
      if (std::ranges::find(findings_, finding) == findings_.end()) {
        findings_.push_back(std::move(finding));
      }
    }
  }

  void members(const Node& schema, const Node& value, const std::string& pointer) {
    const Node* properties = schema.find("properties");
    const Node* others = schema.find("additionalProperties");
    for (const Node& member : value.children) {
      const Node* own = properties == nullptr ? nullptr : properties->find(member.key);
      own = own == nullptr ? others : own;
      if (own != nullptr) {
        at(*own, member, pointer + '/' + pointer_token(member.key));
      }
    }
  }

  void items(const Node& schema, const Node& value, const std::string& pointer) {
    const Node* items = schema.find("items");
    for (std::size_t i = 0; items != nullptr && i < value.children.size(); ++i) {
      const Node* item = items;
      if (items->is(Kind::Array)) {
        item = i < items->children.size() ? &items->children[i] : schema.find("additionalItems");
      }
      if (item != nullptr) {
        at(*item, value.children[i], pointer + '/' + std::to_string(i));
      }
    }
  }

  const Node& root_;
  std::vector<ConfigFinding>& findings_;
};

}  // namespace

std::string host_port_fault(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return "has no port: " + std::string(as_in);
  }
  std::string address(text.substr(0, colon));
  const bool bracketed = address.starts_with('[') && address.ends_with(']');
  if (!bracketed && address.contains(':')) {
    return "is no address with a port: put the IPv6 part in brackets, as in [::1]:9400";
  }
  if (bracketed) {
    address = address.substr(1, address.size() - 2);
  }
  if (!is_address(address, bracketed ? AF_INET6 : AF_INET)) {
    return "has no numeric address before the port: " + std::string(as_in);
  }
  return is_port(text.substr(colon + 1)) ? std::string()
                                         : "the port must be 0 to 65535: " + std::string(as_in);
}

void check_formats(const Node& schema, const Node& config, std::vector<ConfigFinding>& findings) {
  Walk(schema, findings).at(schema, config, "");
}

}  // namespace host::manifest
