// tests/plugins/crypto_sodium/requests.hpp - requests as they arrive: packed.
#pragma once

#include <flatbuffers/flatbuffers.h>

namespace crypto_sodium::testing {

template <typename Table>
class Request {
 public:
  explicit Request(const typename Table::NativeTableType& from) {
    builder_.Finish(Table::Pack(builder_, &from));
  }

  [[nodiscard]] const Table& operator*() const {
    return *flatbuffers::GetRoot<Table>(builder_.GetBufferPointer());
  }

 private:
  flatbuffers::FlatBufferBuilder builder_;
};

}  // namespace crypto_sodium::testing
