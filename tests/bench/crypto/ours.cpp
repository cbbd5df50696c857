// tests/bench/crypto/ours.cpp - a host with crypto_sodium and a caller in it; each round's last
// reply is checked by the library that our sealing is compared with.
#include "tests/bench/crypto/ours.hpp"

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "backplane/contract/crypto_aead_generated.h"

#include "tests/bench/crypto/raw.hpp"
#include "tests/bench/crypto/sizes.hpp"
#include "tests/bench/ours/boards.hpp"
#include "tests/bench/ours/world.hpp"

namespace bench {

namespace {

namespace aead = bp::crypto::aead;

constexpr std::uint32_t encrypt_method = 1;
constexpr std::uint32_t decrypt_method = 2;
constexpr std::uint32_t calls_per_turn = 256;
constexpr std::size_t prefix_bytes = 5;
constexpr std::size_t reply_bytes_more = 1'024;

template <typename Request>
std::vector<std::uint64_t> packed(const typename Request::NativeTableType& native) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Request::Pack(builder, &native));
  // In words, for the alignment that requests have.
  std::vector<std::uint64_t> words((builder.GetSize() + 7) / 8);
  std::memcpy(words.data(), builder.GetBufferPointer(), builder.GetSize());
  return words;
}

class Calls {
 public:
  Calls(const std::filesystem::path& crypto, const Work& work, bool opens)
      : work_(work),
        opens_(opens),
        place_(own_folder()),
        board_(boards_.add()),
        plaintext_(work.plaintext_bytes, 'p'),
        reply_((work.plaintext_bytes + reply_bytes_more) / 8) {
    board_.batch = calls_per_turn;
    board_.out = reinterpret_cast<const char*>(reply_.data());
    take(encrypt_request(), encrypt_method);
    world_ = std::make_unique<World>(
        place_, 1,
        std::vector<Card>{{"crypto", crypto, nullptr, config()},
                          {"caller", place_.copy_of("crypto_caller"), &board_}});
    world_->start();
    if (opens) {
      call(1);
      take(decrypt_request(), decrypt_method);
    }
  }

  Sample round(std::uint64_t count) {
    call(count);
    check();
    return {per_operation(board_.begin_ns, board_.end_ns, count), 0};
  }

 private:
  void call(std::uint64_t count) {
    Boards::reset(board_, count);
    wake(board_);
    world_->wait(boards_.done(), 1);
    boards_.check();
    expect_equal(board_.handled, count, "calls answered");
  }

  void take(std::vector<std::uint64_t> request, std::uint32_t method) {
    request_ = std::move(request);
    board_.in = reinterpret_cast<const char*>(request_.data());
    board_.message_bytes = static_cast<std::uint32_t>(request_.size() * 8);
    board_.method = method;
  }

  std::string config() {
    const std::filesystem::path file = place_.folder("key") / "master.key";
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(master_.data()),
               static_cast<std::streamsize>(master_.size()));
    std::filesystem::permissions(
        file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return R"({"key":{"file":")" + file.string() + R"("}})";
  }

  [[nodiscard]] std::vector<std::uint64_t> encrypt_request() const {
    aead::EncryptRequestT request;
    request.plaintext = plaintext_;
    request.associated_data = associated_;
    request.algorithm = work_.aes ? aead::Algorithm::Aes256Gcm : aead::Algorithm::XChaCha20Poly1305;
    return packed<aead::EncryptRequest>(request);
  }

  [[nodiscard]] std::vector<std::uint64_t> decrypt_request() const {
    aead::DecryptRequestT request;
    const auto* sealed = flatbuffers::GetRoot<aead::EncryptReply>(reply_.data())->ciphertext();
    request.ciphertext.assign(sealed->begin(), sealed->end());
    request.associated_data = associated_;
    request.omit_text = true;
    return packed<aead::DecryptRequest>(request);
  }

  // The libraries agree with what the plugin answered last.
  void check() const {
    std::vector<std::uint8_t> opened;
    if (opens_) {
      const auto* reply = flatbuffers::GetRoot<aead::DecryptReply>(reply_.data());
      opened.assign(reply->plaintext()->begin(), reply->plaintext()->end());
    } else {
      const auto* sealed = flatbuffers::GetRoot<aead::EncryptReply>(reply_.data())->ciphertext();
      const char* label =
          work_.aes ? "bp.crypto.aead/1 AES-256-GCM" : "bp.crypto.aead/1 XChaCha20-Poly1305";
      opened = open_with_library(work_.aes, derived_key(master_, label),
                                 std::span(sealed->data(), sealed->size()).subspan(prefix_bytes),
                                 associated_);
    }
    if (opened != plaintext_) {
      throw std::runtime_error("the plugin's last reply holds something else than was sealed");
    }
  }

  Work work_;
  bool opens_;
  Place place_;
  Boards boards_;
  bench_board& board_;
  CryptoKey master_{1, 2, 3};
  std::vector<std::uint8_t> plaintext_;
  std::vector<std::uint8_t> associated_ = std::vector<std::uint8_t>(associated_bytes, 'a');
  std::vector<std::uint64_t> request_;
  std::vector<std::uint64_t> reply_;
  std::unique_ptr<World> world_;  // ends before the boards
};

Contender contender(const std::filesystem::path& crypto, const Work& work, bool opens) {
  return {work.row, opens ? "backplane open" : "backplane", [crypto, work, opens]() -> Round {
            auto calls = std::make_shared<Calls>(crypto, work, opens);
            return [calls](std::uint64_t count) { return calls->round(count); };
          }};
}

}  // namespace

Contenders crypto_contenders(const std::filesystem::path& crypto) {
  Contenders all;
  for (const Work& work : works) {
    all.push_back(contender(crypto, work, false));
    all.push_back(contender(crypto, work, true));
  }
  return all;
}

}  // namespace bench
