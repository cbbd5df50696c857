// plugins/transport_ws/edge/client_directory.hpp - to whom the clients belong.
//
// Thread: strand.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "backplane/cpp/error.hpp"

namespace transport_ws::edge {

/// Those of the configuration are everyone's to send and nobody's to close. All others belong to
/// the instance that opened them, and the operator (who has no id: empty) may do with them what
/// their owner may.
class ClientDirectory {
 public:
  ClientDirectory(std::set<std::string> configured, std::uint32_t opened_max)
      : configured_(std::move(configured)), opened_max_(opened_max) {}

  /// Errors: EXISTS, BUSY.
  [[nodiscard]] bp::result<void> add(const std::string& name, const std::string& owner);

  void remove(const std::string& name) { owners_.erase(name); }

  /// Errors: NOT_FOUND, PERMISSION.
  [[nodiscard]] bp::result<void> may_send(const std::string& name, const std::string& caller) const;
  [[nodiscard]] bp::result<void> may_close(const std::string& name,
                                           const std::string& caller) const;

  [[nodiscard]] bool is_configured(const std::string& name) const {
    return configured_.contains(name);
  }

  /// Empty: the operator, or nobody.
  [[nodiscard]] std::string owner_of(const std::string& name) const;

 private:
  [[nodiscard]] bp::result<void> check_owner(const std::string& name,
                                             const std::string& caller) const;

  std::set<std::string> configured_;
  std::uint32_t opened_max_;
  std::map<std::string, std::string> owners_;
};

}  // namespace transport_ws::edge
