// plugins/transport_ws/auth/census.hpp - how many connections each principal has.
//
// Thread: any.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace transport_ws::auth {

class Census {
 public:
  /// A place that was granted; given back when it dies. The Census must outlive it.
  class Place {
   public:
    Place() = default;

    Place(Place&& other) noexcept
        : home_(std::exchange(other.home_, nullptr)), name_(std::move(other.name_)) {}

    Place& operator=(Place&& other) noexcept {
      std::swap(home_, other.home_);
      std::swap(name_, other.name_);
      return *this;
    }

    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    ~Place() {
      if (home_ != nullptr) {
        home_->leave(name_);
      }
    }

   private:
    friend class Census;

    Place(Census& home, std::string name) : home_(&home), name_(std::move(name)) {}

    Census* home_ = nullptr;
    std::string name_;
  };

  explicit Census(std::uint32_t per_principal_max) noexcept : max_(per_principal_max) {}

  /// None: the principal has as many as it may have.
  [[nodiscard]] std::optional<Place> enter(const std::string& name);

 private:
  void leave(const std::string& name) noexcept;

  std::mutex mutex_;
  std::unordered_map<std::string, std::uint32_t> inside_;
  std::uint32_t max_;
};

}  // namespace transport_ws::auth
