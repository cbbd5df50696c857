// plugins/metrics_prometheus/registry_service.hpp - bp.metrics.registry/1 on the ledger.
//
// Owns: the ledger. Thread: strand.
#pragma once

#include "backplane/contract/metrics_registry_contract.hpp"
#include "backplane/cpp/plugin.hpp"

#include "ledger.hpp"
#include "settings.hpp"

namespace metrics_prometheus {

class RegistryService {
 public:
  RegistryService(bp::context& cx, const Settings& settings);

  // The methods of the contract.
  using Define = bp::metrics::registry::DefineRequest;
  using Bind = bp::metrics::registry::BindRequest;
  using Observe = bp::metrics::registry::ObserveRequest;
  using Drop = bp::metrics::registry::DropRequest;
  [[nodiscard]] bp::result<bp::metrics::registry::DefineReplyT> define(const Define& request,
                                                                       const bp::call& on);
  [[nodiscard]] bp::result<bp::metrics::registry::BindReplyT> bind(const Bind& request,
                                                                   const bp::call& on);
  [[nodiscard]] bp::result<bp::metrics::registry::ObserveReplyT> observe(const Observe& request,
                                                                         const bp::call& on);
  [[nodiscard]] bp::result<bp::metrics::registry::DropReplyT> drop(const Drop& request,
                                                                   const bp::call& on);

  // What there is now, without what expired.
  [[nodiscard]] std::vector<Family> families();

  // Instances that run, as the host's snapshot says; what others defined goes.
  void keep_only(const std::set<std::string>& running);

 private:
  [[nodiscard]] LedgerLimits limits() const;

  bp::context& cx_;
  const Settings& settings_;
  Ledger ledger_;
  bp::counter refused_;
  bp::counter overflowed_;
  bp::gauge series_;
  std::uint64_t told_overflows_ = 0;
};

// The owner of what the command line and wires define: they are no instance, and never gone.
inline constexpr std::string_view operator_name = "operator";

}  // namespace metrics_prometheus
