// plugins/metrics_prometheus/message.cpp - verifies requests and builds replies.
#include "message.hpp"

namespace metrics_prometheus {

namespace {

// The slots of a table's fields, in the order of the schema (flatbuffers::FieldIndexToOffset).
constexpr flatbuffers::voffset_t accept_slot = 4;
constexpr flatbuffers::voffset_t text_slot = 4;
constexpr flatbuffers::voffset_t content_type_slot = 6;

// The shape of flatc's own classes: the verifier calls Verify().
class RenderRequest : private flatbuffers::Table {
 public:
  [[nodiscard]] bool Verify(flatbuffers::Verifier& verifier) const {  // NOLINT: flatbuffers' name
    return VerifyTableStart(verifier) && VerifyOffset(verifier, accept_slot) &&
           verifier.VerifyString(accept()) && verifier.EndTable();
  }

  [[nodiscard]] const flatbuffers::String* accept() const {
    return GetPointer<const flatbuffers::String*>(accept_slot);
  }
};

}  // namespace

bp::result<std::string_view> read_render_request(bp::bytes_view request) {
  const auto* raw = reinterpret_cast<const std::uint8_t*>(request.data());
  flatbuffers::Verifier verifier(raw, request.size());
  if (!verifier.VerifyBuffer<RenderRequest>(nullptr)) {
    return bp::fail(BP_E_SCHEMA, "the request is not a bp.metrics.export.RenderRequest");
  }
  const auto* accept = flatbuffers::GetRoot<RenderRequest>(raw)->accept();
  return accept == nullptr ? std::string_view{} : accept->string_view();
}

flatbuffers::DetachedBuffer build_render_reply(std::string_view text,
                                               std::string_view content_type) {
  flatbuffers::FlatBufferBuilder builder(text.size() + 256);
  const auto text_at = builder.CreateString(text.data(), text.size());
  const auto type_at = builder.CreateString(content_type.data(), content_type.size());
  const auto start = builder.StartTable();
  builder.AddOffset(text_slot, text_at);
  builder.AddOffset(content_type_slot, type_at);
  builder.Finish(flatbuffers::Offset<flatbuffers::Table>(builder.EndTable(start)));
  return builder.Release();
}

}  // namespace metrics_prometheus
