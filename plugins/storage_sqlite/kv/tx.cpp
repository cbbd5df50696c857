// plugins/storage_sqlite/kv/tx.cpp - operations one after the other, and what each of them gave.
#include "kv/tx.hpp"

#include <optional>
#include <utility>

#include "kv/outbox.hpp"

namespace storage_sqlite::kv {
namespace {

bp::result<void> check_count(std::string_view field, std::size_t count) {
  if (count == 0 || count > batch_items_max) {
    return bp::fail(BP_E_RANGE, "LIMIT: `" + std::string(field) + "` has " + std::to_string(count) +
                                    " items, it must have 1 to " + std::to_string(batch_items_max));
  }
  return {};
}

bp::result<void> check_bytes(std::size_t bytes) {
  if (bytes > batch_bytes_max) {
    return bp::fail(BP_E_TOO_LARGE, "TOO_LARGE: the values have " + std::to_string(bytes) +
                                        " bytes together, the limit is " +
                                        std::to_string(batch_bytes_max) + "; send fewer at once");
  }
  return {};
}

/// Checks each item, and that all of them together are not too many.
template <typename Item, typename CheckOne>
bp::result<void> check_all(std::string_view field, std::string_view one,
                           const std::vector<Item>& items, CheckOne check_one) {
  BP_TRY(check_count(field, items.size()));
  std::size_t bytes = 0;
  for (std::size_t index = 0; index < items.size(); ++index) {
    if (bp::result<void> checked = check_one(items[index]); !checked) {
      return std::unexpected(
          std::move(checked).error().during(std::string(one) + " " + std::to_string(index)));
    }
    bytes += items[index].value.size();
  }
  return check_bytes(bytes);
}

bp::result<void> check_one(const Op& op) {
  if (op.kind == Op::Kind::Publish) {
    return check_message(op.channel, op.value);
  }
  BP_TRY(check_key(op.key));
  return check(Content{op.value, op.ttl_ms});
}

bp::result<OpDone> check_present(engine::Connection& connection, const Key& key, const Op& op,
                                 const Turn& turn) {
  const auto present = hold_to(connection, key, op.condition, turn.clock_ms);
  BP_TRY(present);
  if (op.condition.kind == Condition::Kind::Always && !*present) {
    return bp::fail(BP_E_NOT_FOUND, "NOT_FOUND: there is no key '" + key.key + "'");
  }
  return OpDone{present->value_or(0), 0};
}

bp::result<OpDone> apply_one(engine::Connection& connection, const std::string& space, const Op& op,
                             const Turn& turn) {
  const Key key{space, op.key};
  std::int64_t etag = 0;
  std::int64_t seq = 0;
  const auto take = [](const bp::result<std::int64_t>& from, std::int64_t& to) -> bp::result<void> {
    BP_TRY(from);
    to = *from;
    return {};
  };
  switch (op.kind) {
    case Op::Kind::Put:
      BP_TRY(take(put(connection, key, {op.value, op.ttl_ms}, op.condition, turn), seq));
      return OpDone{seq, seq};
    case Op::Kind::Remove:
      BP_TRY(take(remove(connection, key, op.condition, turn), seq));
      return OpDone{0, seq};
    case Op::Kind::Touch:
      BP_TRY(take(touch(connection, key, op.ttl_ms, op.condition, turn), etag));
      return OpDone{etag, 0};
    case Op::Kind::Check:
      return check_present(connection, key, op, turn);
    case Op::Kind::Publish:
      BP_TRY(take(publish(connection, space, op.channel, op.value, turn), seq));
      return OpDone{0, seq};
  }
  return bp::fail(BP_E_INVALID, "INVALID: an operation of an unknown kind");
}

/// What an item gets whose condition failed.
bp::result<PutDone> refused(engine::Connection& connection, const Key& key, const bp::error& why,
                            const Turn& turn) {
  const auto present = present_etag(connection, key, turn.clock_ms);
  BP_TRY(present);
  return PutDone{present->value_or(0), 0, why.message()};
}

}  // namespace

bp::result<void> check(const std::vector<Op>& ops) {
  return check_all("ops", "op", ops, [](const Op& op) { return check_one(op); });
}

bp::result<void> check(const std::vector<PutItem>& items) {
  return check_all("items", "item", items, [](const PutItem& item) -> bp::result<void> {
    BP_TRY(check_key(item.key));
    return check(Content{item.value, item.ttl_ms});
  });
}

bp::result<void> check_keys(const std::vector<std::string>& keys) {
  BP_TRY(check_count("keys", keys.size()));
  for (std::size_t index = 0; index < keys.size(); ++index) {
    if (auto checked = check_key(keys[index]); !checked) {
      return std::unexpected(std::move(checked).error().during("key " + std::to_string(index)));
    }
  }
  return {};
}

bp::result<std::vector<OpDone>> apply(engine::Connection& connection, const std::string& space,
                                      const std::vector<Op>& ops, const Turn& turn) {
  std::vector<OpDone> done;
  for (const Op& op : ops) {
    auto one = apply_one(connection, space, op, turn);
    if (!one) {
      return std::unexpected(std::move(one).error().during("op " + std::to_string(done.size())));
    }
    done.push_back(*one);
  }
  return done;
}

bp::result<std::vector<PutDone>> put_many(engine::Connection& connection, const std::string& space,
                                          const std::vector<PutItem>& items, const Turn& turn) {
  std::vector<PutDone> done;
  for (const PutItem& item : items) {
    const Key key{space, item.key};
    const auto seq = put(connection, key, {item.value, item.ttl_ms}, item.condition, turn);
    if (seq) {
      done.push_back({*seq, *seq, {}});
      continue;
    }
    if (seq.error().code() != BP_E_CONFLICT) {
      return std::unexpected(seq.error());
    }
    auto failed = refused(connection, key, seq.error(), turn);
    BP_TRY(failed);
    done.push_back(std::move(*failed));
  }
  return done;
}

}  // namespace storage_sqlite::kv
