// plugins/crypto_sodium/service_edges.hpp - the smaller services towards the host: what is quick
// runs inline, passwords wait at the gate for the blocking pool.
#pragma once

#include "digest.hpp"
#include "instance.hpp"
#include "kdf_service.hpp"
#include "mac.hpp"
#include "password_hash.hpp"
#include "signature.hpp"
#include "stream.hpp"

namespace crypto_sodium {

struct HashEdge {
  [[nodiscard]] static bp::result<hash_contract::HashReplyT> hash(
      const hash_contract::HashRequest& request) {
    return hash_message(request);
  }
};

struct RandomEdge {
  [[nodiscard]] static bp::result<random_contract::BytesReplyT> bytes(
      const random_contract::BytesRequest& request) {
    return random_bytes(request);
  }
};

class KdfEdge {
 public:
  explicit KdfEdge(Instance& in) : in_(in), service_(*in.keys) {}

  [[nodiscard]] bp::result<kdf_contract::DeriveReplyT> derive(
      const kdf_contract::DeriveRequest& request) const {
    return service_.derive(request);
  }

  [[nodiscard]] static bp::result<kdf_contract::HkdfReplyT> hkdf(
      const kdf_contract::HkdfRequest& request) {
    return KdfService::hkdf(request);
  }

  bp::task<bp::result<kdf_contract::Pbkdf2ReplyT>> pbkdf2(
      const kdf_contract::Pbkdf2Request& request) {
    const auto pass = co_await in_.password_gate.enter();
    BP_CO_TRY(pass);
    co_return co_await in_.cx.run_blocking([&] { return KdfService::pbkdf2(request); });
  }

 private:
  Instance& in_;
  KdfService service_;
};

class PasswordEdge {
 public:
  explicit PasswordEdge(Instance& in)
      : in_(in), service_({in.settings.argon2.memory_kib, in.settings.argon2.passes}) {}

  bp::task<bp::result<password_contract::HashReplyT>> hash(
      const password_contract::HashRequest& request) {
    const auto pass = co_await in_.password_gate.enter();
    BP_CO_TRY(pass);
    co_return co_await in_.cx.run_blocking([&] { return service_.hash(request); });
  }

  bp::task<bp::result<password_contract::VerifyReplyT>> verify(
      const password_contract::VerifyRequest& request) {
    const auto pass = co_await in_.password_gate.enter();
    BP_CO_TRY(pass);
    co_return co_await in_.cx.run_blocking([&] { return service_.verify(request); });
  }

  [[nodiscard]] bp::result<password_contract::NeedsRehashReplyT> needs_rehash(
      const password_contract::NeedsRehashRequest& request) const {
    return service_.needs_rehash(request);
  }

 private:
  Instance& in_;
  PasswordService service_;
};

class StreamEdge {
 public:
  explicit StreamEdge(Instance& in) : in_(in), service_(*in.keys) {}

  [[nodiscard]] bp::result<stream_contract::BeginReplyT> begin(
      const stream_contract::BeginRequest& request) const {
    return service_.begin(request);
  }

  [[nodiscard]] bp::result<stream_contract::SealChunkReplyT> seal_chunk(
      const stream_contract::SealChunkRequest& request) const {
    return service_.seal_chunk(request);
  }

  bp::result<stream_contract::OpenChunkReplyT> open_chunk(
      const stream_contract::OpenChunkRequest& request) {
    auto reply = service_.open_chunk(request);
    if (!reply && reply.error().code() == BP_E_DECRYPT) {
      in_.refused(bytes_of(request.chunk()));
    }
    return reply;
  }

  bp::task<bp::result<stream_contract::SealReplyT>> seal(
      const stream_contract::SealRequest& request) {
    co_return co_await in_.cx.run_blocking([&] { return service_.seal(request); });
  }

  bp::task<bp::result<stream_contract::OpenReplyT>> open(
      const stream_contract::OpenRequest& request) {
    auto reply = co_await in_.cx.run_blocking([&] { return service_.open(request); });
    if (!reply && reply.error().code() == BP_E_DECRYPT) {
      in_.refused(bytes_of(request.stream()));
    }
    co_return reply;
  }

  [[nodiscard]] static bp::result<stream_contract::LocateReplyT> locate(
      const stream_contract::LocateRequest& request) {
    return StreamService::locate(request);
  }

 private:
  Instance& in_;
  StreamService service_;
};

/// Each as its service is provided; made when the keys are there.
struct ServiceEdges {
  explicit ServiceEdges(Instance& in)
      : sign(*in.keys), mac(*in.keys), kdf(in), password(in), stream(in) {}

  SignService sign;
  MacService mac;
  HashEdge hash;
  RandomEdge random;
  KdfEdge kdf;
  PasswordEdge password;
  StreamEdge stream;
};

}  // namespace crypto_sodium
