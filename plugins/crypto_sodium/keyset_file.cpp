// plugins/crypto_sodium/keyset_file.cpp - reads and writes numbers, names and masters in order.
#include "keyset_file.hpp"

#include <array>
#include <sodium.h>

#include "derivation.hpp"
#include "private_file.hpp"

namespace crypto_sodium {
namespace {

constexpr std::string_view magic = "BPKS\x01";
constexpr std::string_view label = "bp.crypto.keys/1 keyset";  // part of the format
constexpr std::size_t header_bytes = magic.size() + sizeof(std::uint32_t) + sizeof(std::uint64_t);
constexpr std::size_t file_nonce_bytes = nonce_bytes(Algorithm::XChaCha20Poly1305);
constexpr std::size_t ring_bytes_max = 1 + key_name_bytes_max + 1 + 4 + 4 + 2;
constexpr std::size_t version_bytes_max = 4 + 1 + 8 + 1 + key_bytes;
constexpr std::size_t inside_bytes_max =
    2 + (rings_max * (ring_bytes_max + (versions_max * version_bytes_max)));
constexpr std::size_t file_bytes_max =
    header_bytes + file_nonce_bytes + inside_bytes_max + tag_bytes;

class Writer {
 public:
  explicit Writer(WritableBytes out) : out_(out) {}

  template <typename Number>
  void number(Number value) {
    for (std::size_t i = sizeof(value); i-- > 0;) {
      out_[written_++] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8U * i));
    }
  }

  void bytes(Bytes from) {
    std::ranges::copy(from, out_.begin() + static_cast<std::ptrdiff_t>(written_));
    written_ += from.size();
  }

  void text(std::string_view from) {
    bytes({reinterpret_cast<const std::uint8_t*>(from.data()), from.size()});
  }

  [[nodiscard]] std::size_t written() const noexcept { return written_; }

 private:
  WritableBytes out_;
  std::size_t written_ = 0;
};

class Reader {
 public:
  explicit Reader(Bytes from) : rest_(from) {}

  template <typename Number>
  Number number() {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes(sizeof(Number))) {
      value = (value << 8U) | byte;
    }
    return static_cast<Number>(value);
  }

  /// Empty once something was missing.
  Bytes bytes(std::size_t size) {
    if (size > rest_.size()) {
      rest_ = {};
      short_ = true;
      return {};
    }
    const Bytes taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  [[nodiscard]] bool ok() const noexcept { return !short_; }

  [[nodiscard]] bool finished() const noexcept { return !short_ && rest_.empty(); }

 private:
  Bytes rest_;
  bool short_ = false;
};

void write_ring(Writer& out, const StoredRing& ring) {
  out.number(static_cast<std::uint8_t>(ring.name.size()));
  out.text(ring.name);
  out.number(static_cast<std::uint8_t>(ring.purpose));
  out.number(ring.primary);
  out.number(ring.min_version);
  out.number(static_cast<std::uint16_t>(ring.versions.size()));
  for (const StoredVersion& version : ring.versions) {
    out.number(version.number);
    out.number(static_cast<std::uint8_t>(version.state));
    out.number(version.created_s);
    out.number(static_cast<std::uint8_t>(version.master != nullptr ? 1 : 0));
    if (version.master != nullptr) {
      out.bytes(version.master->bytes());
    }
  }
}

/// What is authentic was written by us; still nothing is believed that would break us.
bp::result<StoredRing> read_ring(Reader& in) {
  StoredRing ring;
  const Bytes name = in.bytes(in.number<std::uint8_t>());
  ring.name.assign(name.begin(), name.end());
  ring.purpose = static_cast<Purpose>(in.number<std::uint8_t>());
  ring.primary = in.number<std::uint32_t>();
  ring.min_version = in.number<std::uint32_t>();
  const auto versions = in.number<std::uint16_t>();
  for (std::size_t i = 0; i < versions && in.ok(); ++i) {
    StoredVersion version;
    version.number = in.number<std::uint32_t>();
    version.state = static_cast<KeyState>(in.number<std::uint8_t>());
    version.created_s = in.number<std::int64_t>();
    if (in.number<std::uint8_t>() != 0) {
      auto master = Secret::copy_of(in.bytes(key_bytes));
      if (!master) {
        return std::unexpected(std::move(master).error());
      }
      version.master = std::make_shared<const Secret>(std::move(*master));
    }
    ring.versions.push_back(std::move(version));
  }
  return ring;
}

}  // namespace

bp::result<SealingKey> SealingKey::of(const Secret& master) {
  const auto id = key_id(master, label);
  auto secret = hkdf_sha256(master.bytes(), label);
  if (!id || !secret) {
    return std::unexpected(id ? std::move(secret).error() : id.error());
  }
  auto cipher = Cipher::open(Algorithm::XChaCha20Poly1305, std::move(*secret));
  if (!cipher) {
    return std::unexpected(std::move(cipher).error());
  }
  return SealingKey(*id, std::move(*cipher));
}

std::unexpected<bp::error> KeysetFile::damaged() const {
  return bp::fail(BP_E_CORRUPT, "'" + path_ +
                                    "' is damaged: it holds the named keys and every rotated one; "
                                    "restore it from a backup");
}

bp::result<std::optional<Secret>> KeysetFile::content() const {
  auto content = read_private_file(path_, file_bytes_max);
  if (!content) {
    if (content.error().code() == BP_E_NOT_FOUND) {
      return std::nullopt;
    }
    return std::unexpected(std::move(content).error());
  }
  const Bytes bytes = content->bytes();
  if (bytes.size() < header_bytes + file_nonce_bytes + tag_bytes ||
      !std::ranges::equal(bytes.first(magic.size()), magic, [](std::uint8_t byte, char sign) {
        return byte == std::uint8_t(sign);
      })) {
    return damaged();
  }
  return std::optional<Secret>(std::move(*content));
}

bp::result<std::optional<std::uint32_t>> KeysetFile::sealed_under() const {
  const auto file = content();
  if (!file) {
    return std::unexpected(file.error());
  }
  if (!*file) {
    return std::nullopt;
  }
  return Reader((*file)->bytes().subspan(magic.size())).number<std::uint32_t>();
}

bp::result<StoredKeyset> KeysetFile::read(const std::vector<SealingKey>& keys) const {
  const auto file = content();
  if (!file) {
    return std::unexpected(file.error());
  }
  StoredKeyset stored;
  if (!*file) {
    return stored;
  }
  const Bytes bytes = (*file)->bytes();
  Reader header(bytes.subspan(magic.size()));
  const auto id = header.number<std::uint32_t>();
  stored.generation = header.number<std::uint64_t>();
  const auto key = std::ranges::find(keys, id, &SealingKey::id);
  if (key == keys.end()) {
    return bp::fail(BP_E_CONFLICT, "'" + path_ + "' is sealed under key " + std::to_string(id) +
                                       ", and the configuration has another; put the earlier key "
                                       "back, or name it under 'former_keys' beside the new one");
  }
  auto inside = Secret::allocate(bytes.size() - header_bytes - file_nonce_bytes - tag_bytes);
  if (!inside) {
    return std::unexpected(std::move(inside).error());
  }
  if (!key->cipher().open(bytes.subspan(header_bytes, file_nonce_bytes),
                          bytes.subspan(header_bytes + file_nonce_bytes), bytes.first(header_bytes),
                          inside->writable())) {
    return damaged();
  }
  Reader in(inside->bytes());
  const auto rings = in.number<std::uint16_t>();
  for (std::size_t i = 0; i < rings && in.ok(); ++i) {
    auto ring = read_ring(in);
    if (!ring) {
      return std::unexpected(std::move(ring).error());
    }
    stored.rings.push_back(std::move(*ring));
  }
  if (!in.finished()) {
    return damaged();
  }
  return stored;
}

bp::result<void> KeysetFile::write(const StoredKeyset& keys, const SealingKey& with) const {
  std::size_t bytes_max = 2;
  for (const StoredRing& ring : keys.rings) {
    bytes_max += ring_bytes_max + (ring.versions.size() * version_bytes_max);
  }
  auto inside = Secret::allocate(bytes_max);
  if (!inside) {
    return std::unexpected(std::move(inside).error());
  }
  Writer out(inside->writable());
  out.number(static_cast<std::uint16_t>(keys.rings.size()));
  for (const StoredRing& ring : keys.rings) {
    write_ring(out, ring);
  }
  inside->truncate(out.written());

  std::vector<std::uint8_t> file(header_bytes + file_nonce_bytes + out.written() + tag_bytes);
  Writer header{WritableBytes(file)};
  header.text(magic);
  header.number(with.id());
  header.number(keys.generation);
  const WritableBytes nonce = WritableBytes(file).subspan(header_bytes, file_nonce_bytes);
  randombytes_buf(nonce.data(), nonce.size());
  BP_TRY(with.cipher().seal(nonce, inside->bytes(), Bytes(file).first(header_bytes),
                            WritableBytes(file).subspan(header_bytes + file_nonce_bytes)));
  return replace_private_file(path_, file);
}

}  // namespace crypto_sodium
