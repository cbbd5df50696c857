// plugins/metrics_prometheus/registry_service.cpp - requests to the ledger, under their caller's
// name.
#include "registry_service.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace metrics_prometheus {

namespace {

namespace contract = bp::metrics::registry;

constexpr std::uint64_t ns_per_s = 1'000'000'000;

std::uint64_t unix_now_ns() {
  return static_cast<std::uint64_t>(
      std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
}

std::string text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string() : text->str();
}

std::vector<std::string> texts_of(
    const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* texts) {
  std::vector<std::string> out;
  if (texts != nullptr) {
    for (const flatbuffers::String* text : *texts) {
      out.push_back(text->str());
    }
  }
  return out;
}

bp::result<std::string> owner_of(const bp::call& on) {
  auto caller = on.caller();
  if (caller && caller->empty()) {
    return std::string(operator_name);
  }
  return caller;
}

}  // namespace

RegistryService::RegistryService(bp::context& cx, const Settings& settings)
    : cx_(cx), settings_(settings) {
  refused_ = cx.counter("metrics_registry_refused", "Observations that made no sense.");
  overflowed_ = cx.counter("metrics_registry_overflow",
                           "Bindings that went to the overflow series of a family.");
  series_ = cx.gauge("metrics_registry_series", "Series that callers have bound.");
}

LedgerLimits RegistryService::limits() const {
  return {.families_per_caller = settings_.registry.families_per_caller,
          .series_per_family = settings_.registry.series_per_family,
          .series_total = settings_.registry.series_total};
}

bp::result<contract::DefineReplyT> RegistryService::define(const Define& request,
                                                           const bp::call& on) {
  const auto owner = owner_of(on);
  BP_TRY(owner);
  Definition definition{.kind = static_cast<std::uint32_t>(request.kind()),
                        .name = text_of(request.name()),
                        .help = text_of(request.help()),
                        .unit = text_of(request.unit()),
                        .label_names = texts_of(request.label_names()),
                        .bounds = {}};
  if (request.bounds() != nullptr) {
    definition.bounds.assign(request.bounds()->begin(), request.bounds()->end());
  }
  const auto family = ledger_.define(*owner, definition, limits());
  BP_TRY(family);
  contract::DefineReplyT reply;
  reply.family = *family;
  return reply;
}

bp::result<contract::BindReplyT> RegistryService::bind(const Bind& request, const bp::call& on) {
  const auto owner = owner_of(on);
  BP_TRY(owner);
  const auto series = ledger_.bind(*owner, request.family(), texts_of(request.label_values()),
                                   limits(), cx_.now_ns(), unix_now_ns());
  BP_TRY(series);
  overflowed_.add(ledger_.overflowed() - std::exchange(told_overflows_, ledger_.overflowed()));
  series_.set(static_cast<double>(ledger_.series()));
  contract::BindReplyT reply;
  reply.series = *series;
  return reply;
}

bp::result<contract::ObserveReplyT> RegistryService::observe(const Observe& request,
                                                             const bp::call& on) {
  const auto owner = owner_of(on);
  BP_TRY(owner);
  contract::ObserveReplyT reply;
  if (request.observations() != nullptr) {
    for (const contract::Observation* one : *request.observations()) {
      const auto taken = ledger_.observe(*owner, one->series(), one->value(), cx_.now_ns());
      BP_TRY(taken);
      reply.refused += *taken ? 0U : 1U;
    }
  }
  refused_.add(reply.refused);
  return reply;
}

bp::result<contract::DropReplyT> RegistryService::drop(const Drop& request, const bp::call& on) {
  const auto owner = owner_of(on);
  BP_TRY(owner);
  BP_TRY(request.family() != 0 ? ledger_.drop_family(*owner, request.family())
                               : ledger_.drop_series(*owner, request.series()));
  series_.set(static_cast<double>(ledger_.series()));
  return contract::DropReplyT();
}

std::vector<Family> RegistryService::families() {
  if (settings_.registry.expire_after_s != 0) {
    ledger_.expire(cx_.now_ns(), settings_.registry.expire_after_s * ns_per_s);
  }
  series_.set(static_cast<double>(ledger_.series()));
  return ledger_.families();
}

void RegistryService::keep_only(const std::set<std::string>& running) {
  ledger_.drop_owners(
      [&](const std::string& owner) { return owner == operator_name || running.contains(owner); });
}

}  // namespace metrics_prometheus
