// plugins/storage_sqlite/records/record.cpp - what a record must hold before it is queued.
#include "records/record.hpp"

#include <string_view>

#include "engine/text.hpp"

namespace storage_sqlite::records {

bp::result<void> check(const Record& record) {
  using engine::check_text;
  using engine::Emptiness;
  BP_TRY(check_text("id", record.id, id_bytes_max, Emptiness::Refused));
  BP_TRY(check_text("name", record.name, name_bytes_max, Emptiness::Refused));
  BP_TRY(check_text("category", record.category, category_bytes_max, Emptiness::Allowed));
  BP_TRY(check_text("key_id", record.key_id, key_id_bytes_max, Emptiness::Allowed));
  BP_TRY(check_text("index", record.index, index_bytes_max, Emptiness::Allowed));
  if (record.data.size() > data_bytes_max) {
    return bp::fail(BP_E_TOO_LARGE, "TOO_LARGE: `data` has " + std::to_string(record.data.size()) +
                                        " bytes, the limit is " + std::to_string(data_bytes_max));
  }
  return {};
}

}  // namespace storage_sqlite::records
