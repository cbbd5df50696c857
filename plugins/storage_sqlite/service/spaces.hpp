// plugins/storage_sqlite/service/spaces.hpp - whose namespace a request means, and who may use it.
//
// Every plugin instance has a namespace of its own, named as the instance is; only the operator and
// those that the configuration names may use another one. Thread: any.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backplane/cpp/config.hpp"
#include "backplane/cpp/error.hpp"

namespace storage_sqlite::service {

enum class Right : std::uint8_t { Read, Write };

/// Who may use a namespace beside the instance that it belongs to: ids of instances; a `*` at the
/// end stands for any rest. Who may write may read.
struct Grant {
  std::vector<std::string> read;
  std::vector<std::string> write;

  static constexpr auto fields = bp::fields(bp::field<&Grant::read>("read").or_default(),
                                            bp::field<&Grant::write>("write").or_default());
};

using Grants = std::map<std::string, Grant>;

class Spaces {
 public:
  explicit Spaces(Grants grants) : grants_(std::move(grants)) {}

  /// The namespace that `caller` (empty: the operator) means by `asked` (empty: its own; the
  /// operator's own is "default"). Errors: PERMISSION (FORBIDDEN).
  [[nodiscard]] bp::result<std::string> resolve(std::string_view caller, std::string_view asked,
                                                Right right) const;

 private:
  [[nodiscard]] bool granted(std::string_view caller, std::string_view space, Right right) const;

  Grants grants_;
};

/// Errors: CONFIG, naming the namespace.
[[nodiscard]] bp::result<void> check(const Grants& grants);

}  // namespace storage_sqlite::service
