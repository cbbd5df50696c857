// tests/plugins/storage_sqlite/service/request.hpp - requests as bytes, from native objects.
#pragma once

#include <utility>

#include <flatbuffers/flatbuffers.h>

namespace storage_sqlite::testing {

/// A packed table that keeps its memory.
template <typename Table>
class Packed {
 public:
  explicit Packed(const typename Table::NativeTableType& native) {
    builder_.Finish(Table::Pack(builder_, &native));
  }

  [[nodiscard]] const Table& operator*() const {
    return *flatbuffers::GetRoot<Table>(builder_.GetBufferPointer());
  }

 private:
  flatbuffers::FlatBufferBuilder builder_;
};

}  // namespace storage_sqlite::testing
