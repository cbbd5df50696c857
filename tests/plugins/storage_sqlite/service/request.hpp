// tests/plugins/storage_sqlite/service/request.hpp - requests as bytes, from native objects.
#pragma once

#include <utility>

#include <flatbuffers/flatbuffers.h>

#include "backplane/contract/typed.hpp"

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

/// What a reply says, as a native object.
template <typename Table>
[[nodiscard]] typename Table::NativeTableType unpacked(const bp::contract::outgoing<Table>& reply) {
  typename Table::NativeTableType native;
  flatbuffers::GetRoot<Table>(reply.bytes().data())->UnPackTo(&native);
  return native;
}

}  // namespace storage_sqlite::testing
