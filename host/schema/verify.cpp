// host/schema/verify.cpp - walks a buffer by the model before anything else reads it.
//
// The library's own reflection verifier (flatbuffers::Verify) follows the root offset unchecked,
// ignores `required` on strings and vectors, and lets a small buffer whose parts point at each
// other cost more than its size; this walk has none of that, and says which field is wrong.
#include "host/schema/verify.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "host/schema/scalar.hpp"

namespace host::schema {

namespace {

using error::fail;
using error::Result;

using OffsetVector = flatbuffers::Vector<flatbuffers::Offset<void>>;

constexpr std::size_t offset_bytes = sizeof(flatbuffers::uoffset_t);
constexpr std::size_t spare_visits = 64;

// NOLINTBEGIN(misc-no-recursion): as deep as the verifier allows, table_depth_max.
class Walk {
 public:
  // A message written the plain way refers to each of its parts once, so the walk needs no more
  // steps than the buffer has bytes.
  explicit Walk(std::span<const std::uint8_t> buffer)
      : bytes_(buffer.data()),
        verifier_(buffer.data(), buffer.size(), limits()),
        visits_left_(buffer.size() + spare_visits) {}

  const flatbuffers::Table* root(const Table& spec) {
    const auto at = verifier_.VerifyOffset(0);
    if (at == 0) {
      broken_ = &spec.name;
      return nullptr;
    }
    const auto* table = reinterpret_cast<const flatbuffers::Table*>(bytes_ + at);
    return this->table(spec, table) ? table : nullptr;
  }

  // The table, and where it is known the field, that failed first.
  [[nodiscard]] std::string place() const {
    return field_ == nullptr ? *broken_ : *broken_ + "." + field_->name;
  }

 private:
  static flatbuffers::Verifier::Options limits() {
    flatbuffers::Verifier::Options options;
    options.max_depth = table_depth_max;
    options.max_tables = binary_bytes_max;
    return options;
  }

  bool visit() {
    if (visits_left_ == 0) {
      return false;
    }
    --visits_left_;
    return true;
  }

  bool table(const Table& spec, const flatbuffers::Table* raw) {
    if (!visit() || !raw->VerifyTableStart(verifier_)) {
      return note(spec, nullptr);
    }
    for (const Field& field : spec.fields) {
      if (!this->field(field, raw)) {
        return note(spec, &field);
      }
    }
    return verifier_.EndTable();
  }

  bool note(const Table& spec, const Field* field) {
    if (broken_ == nullptr) {
      broken_ = &spec.name;
      field_ = field;
    }
    return false;
  }

  bool field(const Field& field, const flatbuffers::Table* raw) {
    if (field.is_scalar()) {
      return with_scalar(field.type.scalar, [&]<typename T>() {
        return raw->VerifyField<T>(verifier_, field.offset, sizeof(T));
      });
    }
    if (!raw->CheckField(field.offset)) {
      return !field.required;
    }
    if (!raw->VerifyOffset(verifier_, field.offset)) {
      return false;
    }
    const auto* target = raw->GetPointer<const std::uint8_t*>(field.offset);
    return field.vector ? vector(field, target) : value(field.type, target);
  }

  bool value(const ValueType& type, const std::uint8_t* at) {
    if (type.kind == Kind::Table) {
      return table(*type.table, reinterpret_cast<const flatbuffers::Table*>(at));
    }
    if (type.kind == Kind::Bytes) {
      return visit() && verifier_.VerifyVectorOrString(at, 1);
    }
    return visit() && verifier_.VerifyString(reinterpret_cast<const flatbuffers::String*>(at));
  }

  bool vector(const Field& field, const std::uint8_t* at) {
    if (!visit()) {
      return false;
    }
    if (field.type.kind <= Kind::Floating) {
      const std::size_t bytes = scalar_bytes(field.type.scalar);
      const auto first = static_cast<std::size_t>(at - bytes_) + offset_bytes;
      // An empty vector has no element to be aligned, and the builder does not align it.
      return verifier_.VerifyVectorOrString(at, bytes) &&
             (flatbuffers::ReadScalar<flatbuffers::uoffset_t>(at) == 0 ||
              verifier_.VerifyAlignment(first, bytes));
    }
    if (!verifier_.VerifyVectorOrString(at, offset_bytes)) {
      return false;
    }
    const auto* elements = reinterpret_cast<const OffsetVector*>(at);
    for (flatbuffers::uoffset_t i = 0; i < elements->size(); ++i) {
      const auto* slot = elements->Data() + (i * offset_bytes);
      const auto target = verifier_.VerifyOffset(static_cast<std::size_t>(slot - bytes_));
      if (target == 0 || !value(field.type, slot + target)) {
        return false;
      }
    }
    return true;
  }

  const std::uint8_t* bytes_;
  flatbuffers::Verifier verifier_;
  std::size_t visits_left_;
  const std::string* broken_ = nullptr;
  const Field* field_ = nullptr;
};

// NOLINTEND(misc-no-recursion)

}  // namespace

AlignedBytes::AlignedBytes(std::span<const std::byte> bytes)
    : view_(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()) {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  if (address % buffer_alignment_bytes == 0) {
    return;
  }
  copy_.resize((bytes.size() / sizeof(std::uint64_t)) + 1);
  std::ranges::copy(bytes, std::as_writable_bytes(std::span(copy_)).begin());
  view_ = {reinterpret_cast<const std::uint8_t*>(copy_.data()), bytes.size()};
}

Result<const flatbuffers::Table*> verified_root(const Table& table,
                                                std::span<const std::uint8_t> buffer) {
  if (buffer.size() > binary_bytes_max) {
    return fail(BP_E_TOO_LARGE, fmt::format("the message has {} bytes, the limit is {}",
                                            buffer.size(), binary_bytes_max));
  }
  Walk walk(buffer);
  const flatbuffers::Table* root = walk.root(table);
  if (root == nullptr) {
    return fail(BP_E_SCHEMA,
                fmt::format("the {} bytes are no '{}': '{}' is damaged or missing; was the message "
                            "made for another type?",
                            buffer.size(), table.name, walk.place()));
  }
  return root;
}

}  // namespace host::schema
