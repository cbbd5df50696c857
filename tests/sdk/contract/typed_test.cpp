// tests/sdk/contract/typed_test.cpp - a generated client and handler, end to end through a loopback
// host.
#include "backplane/contract/typed.hpp"

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "backplane/contract/test_notes_contract.hpp"

#include "tests/sdk/contract/loopback.hpp"

namespace tests::contract {

namespace notes = bp::test::notes;
using Contract = bp::contract::test_notes;

static_assert(Contract::name == "bp.test.notes");
static_assert(Contract::major == 2 && Contract::minor == 3);
static_assert(Contract::schema_hash != 0);

struct Pong {
  Pong() = default;
  Pong(const Pong&) = delete;
  Pong& operator=(const Pong&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  [[nodiscard]] bool await_suspend(std::coroutine_handle<> /*awaiting*/) const noexcept {
    return false;
  }

  [[nodiscard]] bp::result<bp::contract::outgoing<notes::Nothing>> await_resume() const {
    return bp::contract::outgoing<notes::Nothing>(notes::NothingT());
  }
};

// Every way a method may be written.
struct Book {
  // A task, with the call.
  bp::task<bp::result<notes::PutReplyT>> put(const notes::PutRequest& request, bp::call on) {
    EXPECT_EQ(on.method(), 1U);
    if (request.tags() != nullptr) {
      n_tags += request.tags()->size();
    }
    texts[++last_id] = request.note()->text()->str();
    notes::PutReplyT reply;
    reply.id = last_id;
    co_return reply;
  }

  // Built in place, inline.
  [[nodiscard]] bp::result<bp::contract::outgoing<notes::Note>> get_by_id(
      const notes::Id& request) const {
    const auto found = texts.find(request.id());
    if (found == texts.end()) {
      return bp::fail(BP_E_NOT_FOUND, "no note " + std::to_string(request.id()));
    }
    return bp::contract::outgoing<notes::Note>([&](flatbuffers::FlatBufferBuilder& builder) {
      return notes::CreateNoteDirect(builder, found->second.c_str(), notes::Colour::Red);
    });
  }

  // At once, on the strand.
  bp::result<notes::NothingT> delete_(const notes::Id& request) {
    if (texts.erase(request.id()) == 0) {
      throw bp::failure(bp::error(BP_E_NOT_FOUND, "no such note"));
    }
    return notes::NothingT();
  }

  // An awaitable of its own.
  [[nodiscard]] Pong http_ping(const notes::Nothing& /*request*/) const { return {}; }

  std::map<std::uint64_t, std::string> texts;
  std::uint64_t last_id = 0;
  std::size_t n_tags = 0;
};

notes::PutRequestT a_note(const std::string& text) {
  notes::PutRequestT request;
  request.note = std::make_unique<notes::NoteT>();
  request.note->text = text;
  request.tags = {"a", "b"};
  return request;
}

notes::IdT an_id(std::uint64_t id) {
  notes::IdT request;
  request.id = id;
  return request;
}

class Typed : public ::testing::Test {
 protected:
  void SetUp() override { loop_.context().provide(Contract::serve(book_)); }

  void TearDown() override {
    EXPECT_EQ(loop_.leases(), 0) << "every lease was given back";
    EXPECT_TRUE(loop_.faults().empty());
  }

  Contract::client client() {
    return loop_.context().require<Contract::client>(Contract::name, Contract::major);
  }

  Book book_;
  Loopback loop_;
};

TEST_F(Typed, MethodsAreOfferedAsTheContractSays) {
  auto methods = loop_.methods();
  std::ranges::sort(methods, {}, &bp_method::id);
  ASSERT_EQ(methods.size(), 4U);
  EXPECT_EQ(methods[0].id, 1U);
  EXPECT_EQ(bp::detail::from_abi(methods[0].name), "Put");
  EXPECT_EQ(bp::detail::from_abi(methods[0].request_type), "bp.test.notes.PutRequest");
  EXPECT_EQ(bp::detail::from_abi(methods[0].reply_type), "bp.test.notes.PutReply");
  EXPECT_EQ(methods[0].flags, 0U);
  EXPECT_EQ(methods[1].flags, std::uint32_t{BP_METHOD_INLINE});
  EXPECT_EQ(methods[3].id, 7U);
}

TEST_F(Typed, LimitsOfTheContractAreOfferedUnlessTheProviderSaysOtherwise) {
  const auto limits = [this](std::uint32_t id) {
    const auto methods = loop_.methods();
    const auto& method = *std::ranges::find(methods, id, &bp_method::id);
    return std::pair(method.concurrency_max, method.queue_max);
  };
  EXPECT_EQ(limits(1), std::pair(0U, 0U));
  EXPECT_EQ(limits(3), std::pair(4U, 64U));
  EXPECT_EQ(limits(7), std::pair(2U, BP_METHOD_QUEUE_MAX));
  const auto ping = [](const notes::Nothing&) -> bp::result<notes::NothingT> {
    return notes::NothingT();
  };
  const auto find = [](const notes::Id&) -> bp::result<notes::NoteT> { return notes::NoteT(); };
  loop_.context().provide(Contract::handler()
                              .http_ping(ping, {.concurrency = 9, .queue = 0})
                              .get_by_id(find, {.concurrency = 1}));
  EXPECT_EQ(limits(7), std::pair(9U, BP_METHOD_QUEUE_NONE));
  EXPECT_EQ(limits(2), std::pair(1U, BP_METHOD_QUEUE_MAX));
  EXPECT_EQ(loop_.methods().size(), 2U);
  for (const bp_method& method : loop_.methods()) {
    EXPECT_EQ(method.flags, 0U) << "what is limited does not run on its caller's thread";
  }
}

TEST_F(Typed, CallsOfEveryKind) {
  const auto kept = loop_.finish([&]() -> bp::task<bp::result<std::string>> {
    const auto to = client();
    const auto put = co_await to.put(a_note("hello"));
    BP_CO_TRY(put);
    const auto got = co_await to.get_by_id(an_id((*put)->id()));
    BP_CO_TRY(got);
    const notes::NoteT note = got->unpack();
    EXPECT_EQ(note.colour, notes::Colour::Red);
    BP_CO_TRY(co_await to.http_ping(notes::NothingT(), {.deadline = std::chrono::seconds(1)}));
    BP_CO_TRY(co_await to.delete_(
        [](flatbuffers::FlatBufferBuilder& builder) { return notes::CreateId(builder, 1); }));
    co_return note.text;
  });
  EXPECT_EQ(kept, "hello");
  EXPECT_EQ(book_.n_tags, 2U);
  EXPECT_TRUE(book_.texts.empty());
}

TEST_F(Typed, ErrorsOfTheProviderArrive) {
  const auto missing =
      loop_.finish([&]() -> bp::task<bp::result<bp::contract::incoming<notes::Note>>> {
        co_return co_await client().get_by_id(an_id(5));
      });
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), BP_E_NOT_FOUND);
  EXPECT_EQ(missing.error().message(), "no note 5");
  const auto thrown =
      loop_.finish([&]() -> bp::task<bp::result<bp::contract::incoming<notes::Nothing>>> {
        co_return co_await client().delete_(an_id(5));
      });
  EXPECT_EQ(thrown.error().message(), "no such note");
}

TEST_F(Typed, DamagedRequestsNeverReachTheHandler) {
  auto raw = loop_.context().require(Contract::name, Contract::major);
  const std::vector<std::byte> damaged(24, std::byte{0x7F});
  for (const std::uint32_t method : {1U, 2U, 3U}) {
    const auto refused = loop_.finish([&]() -> bp::task<bp::result<bp::buffer>> {
      co_return co_await raw.call(method, damaged);
    });
    ASSERT_FALSE(refused) << method;
    EXPECT_EQ(refused.error().code(), BP_E_SCHEMA);
    EXPECT_NE(refused.error().text().find("reading the request"), std::string::npos);
  }
  EXPECT_TRUE(book_.texts.empty());
}

TEST_F(Typed, DamagedRepliesNeverReachTheCaller) {
  loop_.forge_reply(std::vector<std::byte>(24, std::byte{0x7F}));
  const auto refused =
      loop_.finish([&]() -> bp::task<bp::result<bp::contract::incoming<notes::PutReply>>> {
        co_return co_await client().put(a_note("x"));
      });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), BP_E_SCHEMA);
  EXPECT_NE(refused.error().text().find("reading the reply"), std::string::npos);
}

TEST(TypedHandler, TakesFunctionsMethodByMethod) {
  Loopback loop;
  loop.context().provide(
      Contract::handler()
          .get_by_id([](const notes::Id&) -> bp::task<bp::result<notes::NoteT>> {
            notes::NoteT note;
            note.text = "from a task";
            co_return note;
          })
          .delete_([](const notes::Id&, const bp::call&) -> bp::result<notes::NothingT> {
            return notes::NothingT();
          }));
  ASSERT_EQ(loop.methods().size(), 2U);
  for (const bp_method& method : loop.methods()) {
    EXPECT_EQ(method.flags, 0U) << "a task cannot run inline";
  }
  const auto text = loop.finish([&]() -> bp::task<bp::result<std::string>> {
    const auto to = loop.context().require<Contract::client>(Contract::name, Contract::major);
    const auto got = co_await to.get_by_id(an_id(1));
    BP_CO_TRY(got);
    co_return (*got)->text()->str();
  });
  EXPECT_EQ(text, "from a task");
}

TEST(TypedOutgoing, TakesABuilderOfAnySizeWithItsRoot) {
  constexpr std::size_t expected_bytes = 4'096;
  flatbuffers::FlatBufferBuilder builder(expected_bytes);
  const auto root = notes::CreateNoteDirect(builder, "in place", notes::Colour::Red);
  bp::contract::outgoing<notes::Note> made(std::move(builder), root);
  const bp::contract::outgoing<notes::Note> moved(std::move(made));
  const auto read = bp::contract::read<notes::Note>(moved.bytes());
  ASSERT_TRUE(read);
  EXPECT_EQ((*read)->text()->str(), "in place");
}

TEST(TypedHandler, MayWriteTheReplyWhereItIsToLie) {
  Loopback loop;
  loop.context().provide(Contract::handler().get_by_id(
      [](const notes::Id& request, const bp::call& on) -> bp::result<bp::buffer> {
        if (request.id() == 5) {
          return bp::fail(BP_E_NOT_FOUND, "no note 5");
        }
        notes::NoteT note;
        note.text = "in place";
        const bp::contract::outgoing<notes::Note> packed(note);
        auto room = on.room(packed.bytes().size());
        if (room) {
          std::ranges::copy(packed.bytes(), room->data());
        }
        return room;
      }));
  const auto get = [&loop](std::uint64_t id) {
    return loop.finish([&loop, id]() -> bp::task<bp::result<std::string>> {
      const auto to = loop.context().require<Contract::client>(Contract::name, Contract::major);
      const auto got = co_await to.get_by_id(an_id(id));
      BP_CO_TRY(got);
      co_return (*got)->text()->str();
    });
  };
  EXPECT_EQ(get(1), "in place");
  EXPECT_EQ(get(5).error().code(), BP_E_NOT_FOUND);
}

TEST(TypedRead, RefusesMisalignedEmptyAndHugeMessages) {
  const bp::contract::outgoing<notes::Id> sent(an_id(7));
  const auto read = bp::contract::read<notes::Id>(sent.bytes());
  ASSERT_TRUE(read);
  EXPECT_EQ((*read)->id(), 7U);

  alignas(8) std::array<std::byte, 64> moved{};
  std::memcpy(moved.data() + 4, sent.bytes().data(), sent.bytes().size());
  const auto misaligned =
      bp::contract::read<notes::Id>(std::span(moved).subspan(4, sent.bytes().size()));
  EXPECT_EQ(misaligned.error().code(), BP_E_INVALID);
  EXPECT_EQ(bp::contract::read<notes::Id>({}).error().code(), BP_E_SCHEMA);
  const std::vector<std::byte> huge(BP_MESSAGE_BYTES_MAX + 1);
  EXPECT_EQ(bp::contract::read<notes::Id>(huge).error().code(), BP_E_TOO_LARGE);
}

RC_GTEST_PROP(TypedRead, RandomBytesNeverCrash, (const std::vector<std::uint8_t>& bytes)) {
  static_cast<void>(bp::contract::read<notes::PutRequest>(std::as_bytes(std::span(bytes))));
}

}  // namespace tests::contract
