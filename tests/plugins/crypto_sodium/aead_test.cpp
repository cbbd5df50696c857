// tests/plugins/crypto_sodium/aead_test.cpp - framed messages: round trips, tampering, threads.
#include "aead.hpp"

#include <rapidcheck.h>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "bytes.hpp"

namespace crypto_sodium {
namespace {

using testing::as_bytes;
using testing::as_text;
using testing::Buffer;

struct Form {
  Algorithm algorithm;
  Framing framing;
  std::size_t overhead_bytes;
};

constexpr std::array<Form, 3> forms{{
    {Algorithm::XChaCha20Poly1305, Framing::Keyed, 5 + 24 + 16},
    {Algorithm::Aes256Gcm, Framing::Keyed, 5 + 12 + 16},
    {Algorithm::Aes256Gcm, Framing::Raw, 12 + 16},
}};

class AeadTest : public ::testing::Test {
 protected:
  AeadTest() { EXPECT_TRUE(keys.add_primary(testing::counting_key(0))); }

  [[nodiscard]] Buffer seal(const Form& form, std::string_view text,
                            std::string_view associated) const {
    return aead.seal(form.algorithm, form.framing, as_bytes(text), as_bytes(associated))
        .value()
        .bytes;
  }

  Keyset keys;
  Aead aead{keys};
};

/// The one thing a caller may learn.
void expect_decryption_failed(const bp::result<Opened>& opened) {
  ASSERT_FALSE(opened);
  ASSERT_EQ(opened.error().code(), BP_E_DECRYPT);
  ASSERT_EQ(opened.error().text(), "decryption failed");
}

TEST_F(AeadTest, OpensWhatItSealed) {
  for (const Form& form : forms) {
    const Buffer sealed = seal(form, "hello", "context");
    EXPECT_EQ(sealed.size(), 5 + form.overhead_bytes);
    const auto opened = aead.open(form.framing, sealed, as_bytes("context"));
    ASSERT_TRUE(opened);
    EXPECT_EQ(as_text(opened->plaintext), "hello");
    EXPECT_EQ(opened->key->facts().algorithm, form.algorithm);
  }
}

TEST_F(AeadTest, RoundTripsAnything) {
  for (const Form& form : forms) {
    EXPECT_TRUE(rc::check([&](const Buffer& plaintext, const Buffer& associated) {
      const auto sealed = aead.seal(form.algorithm, form.framing, plaintext, associated);
      RC_ASSERT(sealed.has_value());
      const auto opened = aead.open(form.framing, sealed->bytes, associated);
      RC_ASSERT(opened.has_value());
      RC_ASSERT(opened->plaintext == plaintext);
    }));
  }
}

TEST_F(AeadTest, EveryFlippedBitFailsAlike) {
  for (const Form& form : forms) {
    Buffer sealed = seal(form, "twelve bytes", "context");
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
      const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
      sealed[bit / 8] ^= mask;
      expect_decryption_failed(aead.open(form.framing, sealed, as_bytes("context")));
      sealed[bit / 8] ^= mask;
    }
    std::string associated = "context";
    for (std::size_t bit = 0; bit < associated.size() * 8; ++bit) {
      const auto mask = static_cast<char>(1U << (bit % 8));
      associated[bit / 8] ^= mask;
      expect_decryption_failed(aead.open(form.framing, sealed, as_bytes(associated)));
      associated[bit / 8] ^= mask;
    }
    EXPECT_TRUE(aead.open(form.framing, sealed, as_bytes("context")));
  }
}

TEST_F(AeadTest, EveryTruncationAndExtensionFailsAlike) {
  for (const Form& form : forms) {
    Buffer sealed = seal(form, "twelve bytes", "");
    for (std::size_t size = 0; size < sealed.size(); ++size) {
      expect_decryption_failed(aead.open(form.framing, Bytes(sealed).first(size), {}));
    }
    sealed.push_back(0);
    expect_decryption_failed(aead.open(form.framing, sealed, {}));
  }
}

TEST_F(AeadTest, NoiseFailsAlike) {
  EXPECT_TRUE(rc::check([&](const Buffer& noise) {
    for (const Framing framing : {Framing::Keyed, Framing::Raw}) {
      const auto opened = aead.open(framing, noise, {});
      RC_ASSERT(!opened.has_value());
      RC_ASSERT(opened.error().code() == BP_E_DECRYPT);
    }
  }));
}

TEST_F(AeadTest, AKeyThatIsUnknownOrDisabledFailsAlike) {
  Keyset other;
  ASSERT_TRUE(other.add_primary(testing::counting_key(1)));
  Keyset disabled;
  ASSERT_TRUE(disabled.add_primary(testing::counting_key(1)));
  ASSERT_TRUE(disabled.add_former(testing::counting_key(0), KeyState::Disabled));
  for (const Form& form : forms) {
    const Buffer sealed = seal(form, "secret", "");
    expect_decryption_failed(Aead(other).open(form.framing, sealed, {}));
    expect_decryption_failed(Aead(disabled).open(form.framing, sealed, {}));
  }
}

TEST_F(AeadTest, AFormerKeyStillOpens) {
  Keyset rotated;
  ASSERT_TRUE(rotated.add_primary(testing::counting_key(1)));
  ASSERT_TRUE(rotated.add_former(testing::counting_key(0), KeyState::Enabled));
  for (const Form& form : forms) {
    const auto opened = Aead(rotated).open(form.framing, seal(form, "old", ""), {});
    ASSERT_TRUE(opened);
    EXPECT_EQ(as_text(opened->plaintext), "old");
    EXPECT_FALSE(opened->key->primary());
  }
}

TEST_F(AeadTest, FramingsAreNotMixedUp) {
  const Buffer keyed = seal(forms[1], "text", "");
  expect_decryption_failed(aead.open(Framing::Raw, keyed, {}));
  expect_decryption_failed(aead.open(Framing::Raw, Bytes(keyed).subspan(key_prefix_bytes), {}));
  expect_decryption_failed(aead.open(Framing::Keyed, seal(forms[2], "text", ""), {}));
}

TEST_F(AeadTest, RawIsAes) {
  const auto sealed = aead.seal(Algorithm::XChaCha20Poly1305, Framing::Raw, {}, {});
  ASSERT_FALSE(sealed);
  EXPECT_EQ(sealed.error().code(), BP_E_UNSUPPORTED);
}

TEST_F(AeadTest, NoncesNeverRepeat) {
  for (const Form& form : forms) {
    std::set<Buffer> seen;
    for (int i = 0; i < 2'000; ++i) {
      seen.insert(seal(form, "", ""));
    }
    EXPECT_EQ(seen.size(), 2'000U);
  }
}

TEST_F(AeadTest, LimitsAreExact) {
  const Buffer largest(plaintext_bytes_max, 1);
  const Buffer larger(plaintext_bytes_max + 1, 1);
  const auto sealed = aead.seal(Algorithm::Aes256Gcm, Framing::Keyed, largest, {});
  ASSERT_TRUE(sealed);
  EXPECT_EQ(aead.open(Framing::Keyed, sealed->bytes, {}).value().plaintext, largest);
  EXPECT_EQ(aead.seal(Algorithm::Aes256Gcm, Framing::Keyed, larger, {}).error().code(),
            BP_E_TOO_LARGE);
  const Buffer associated(associated_data_bytes_max + 1, 1);
  EXPECT_EQ(aead.seal(Algorithm::Aes256Gcm, Framing::Keyed, {}, associated).error().code(),
            BP_E_TOO_LARGE);
  const Buffer absurd(plaintext_bytes_max + overhead_bytes_max + 1, 1);
  EXPECT_EQ(aead.open(Framing::Keyed, absurd, {}).error().code(), BP_E_TOO_LARGE);
}

TEST_F(AeadTest, ASpentBudgetSealsNothing) {
  keys.sealing(Algorithm::Aes256Gcm, Framing::Keyed)->resume_from(gcm_messages_max);
  EXPECT_EQ(aead.seal(Algorithm::Aes256Gcm, Framing::Keyed, {}, {}).error().code(),
            BP_E_UNAVAILABLE);
  EXPECT_TRUE(aead.seal(Algorithm::XChaCha20Poly1305, Framing::Keyed, {}, {}));
}

TEST_F(AeadTest, ManyThreadsAtOnce) {
  constexpr int threads = 6;
  constexpr int rounds = 300;
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        for (int i = 0; i < rounds; ++i) {
          const Form& form = forms[static_cast<std::size_t>(i) % forms.size()];
          const Buffer text(static_cast<std::size_t>((i % 3) * 2'000),
                            static_cast<std::uint8_t>(t));
          auto sealed = aead.seal(form.algorithm, form.framing, text, as_bytes("a")).value();
          const auto opened = aead.open(form.framing, sealed.bytes, as_bytes("a"));
          wrong += opened && opened->plaintext == text ? 0 : 1;
          sealed.bytes.back() ^= 1U;
          wrong += aead.open(form.framing, sealed.bytes, as_bytes("a")) ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
  std::uint64_t budgeted = 0;
  for (int i = 0; i < rounds; ++i) {
    const Form& form = forms[static_cast<std::size_t>(i) % forms.size()];
    budgeted += form.algorithm == Algorithm::Aes256Gcm ? threads : 0;
  }
  std::uint64_t counted = 0;
  for (const auto& key : keys.keys()) {
    // A key without a budget may count messages of the same moment as one.
    counted += key->sealed_messages_max() != 0 ? key->sealed_messages() : 0;
  }
  EXPECT_GT(budgeted, 0U);
  EXPECT_EQ(counted, budgeted);
}

}  // namespace
}  // namespace crypto_sodium
