// host/supervisor/plan.cpp - inspect files, check configurations, find the order, check wires.
#include "host/supervisor/plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "host/loader/library_path.hpp"
#include "host/manifest/config_schema.hpp"
#include "host/name/glob.hpp"
#include "host/name/nearest.hpp"
#include "host/supervisor/order.hpp"
#include "host/wire/check.hpp"

namespace host::supervisor {

namespace {

using Members = std::vector<Planned>;

manifest::Problem problem_of(const std::string& file, std::string pointer, std::string message,
                             bp_status code = BP_E_CONFIG) {
  return {file, 0, 0, std::move(pointer), std::move(message), code};
}

std::string entry_pointer(const manifest::Plugin& entry) {
  return "/plugins/" + manifest::pointer_token(entry.id);
}

error::Result<loader::Facts> find_and_inspect(const manifest::Manifest& manifest,
                                              const manifest::Plugin& entry) {
  const std::vector<std::filesystem::path> folders{manifest.host.plugin_path};
  auto path = loader::find_library(entry.library, folders);
  if (!path) {
    return std::unexpected(std::move(path).error());
  }
  loader::InspectOptions options;
  options.sha256 = entry.sha256.value_or("");
  auto facts = loader::inspect(*path, options);
  if (facts && !manifest::version_accepts(entry.version, facts->description.version)) {
    return error::fail(BP_E_ABI, "'" + path->string() + "' has version " +
                                     facts->description.version + ", but the manifest wants " +
                                     entry.version);
  }
  return facts;
}

// What the plugin's own description asks for.
slot::Permissions asked_for(const loader::Description& description) {
  slot::Permissions asked;
  for (const loader::ChannelUse& use : description.channels) {
    (use.direction == loader::Direction::Send ? asked.publish : asked.subscribe)
        .push_back(use.name);
  }
  for (const loader::ServiceProvided& provided : description.provided) {
    asked.provide.push_back(provided.name);
  }
  for (const loader::ServiceRequired& required : description.required) {
    asked.use.push_back(required.name);
  }
  const std::map<std::string_view, std::vector<std::string>*> kinds{
      {"channel.publish:", &asked.publish},  {"channel.subscribe:", &asked.subscribe},
      {"service.provide:", &asked.provide},  {"service.use:", &asked.use},
      {"metric.snapshot:", &asked.snapshot}, {"registry.watch:", &asked.watch}};
  for (const std::string& capability : description.capabilities) {
    for (const auto& [prefix, list] : kinds) {
      if (capability.starts_with(prefix)) {
        list->push_back(capability.substr(prefix.size()));
      }
    }
  }
  return asked;
}

slot::Permissions granted(const manifest::Permissions& manifest, slot::Permissions asked) {
  return {manifest.publish.value_or(std::move(asked.publish)),
          manifest.subscribe.value_or(std::move(asked.subscribe)),
          manifest.provide.value_or(std::move(asked.provide)),
          manifest.use.value_or(std::move(asked.use)),
          std::move(asked.snapshot),
          manifest.watch.value_or(std::move(asked.watch))};
}

void read_schemas(Planned& planned) {
  for (const auto& [contract, bytes] : planned.facts->description.schemas) {
    auto parsed = schema::Schema::parse(bytes);
    if (!parsed) {
      planned.refusal =
          std::move(parsed).error().during("reading the embedded schema '" + contract + "'");
      return;
    }
    planned.schemas.push_back(std::move(*parsed));
  }
}

void check_config(const manifest::Manifest& manifest, Planned& planned,
                  std::vector<manifest::Problem>& problems) {
  const std::string& schema = planned.facts->description.config_schema;
  auto findings = manifest::validate_config(schema, planned.entry.config);
  if (!findings) {
    planned.refusal = std::move(findings).error().during("reading the embedded config schema");
    return;
  }
  for (const manifest::ConfigFinding& finding : *findings) {
    problems.push_back(manifest.config_problem(planned.entry.id, finding.pointer, finding.message));
  }
  if (!findings->empty()) {
    return;
  }
  auto complete = manifest::with_defaults(schema, planned.entry.config);
  if (!complete) {
    planned.refusal = std::move(complete).error();
    return;
  }
  planned.config = std::move(*complete);
}

// Which member provides a service.
std::map<std::string, std::size_t> providers(const Members& members,
                                             std::vector<manifest::Problem>& problems,
                                             const std::string& file) {
  std::map<std::string, std::size_t> by_service;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!members[i].facts) {
      continue;
    }
    for (const loader::ServiceProvided& provided : members[i].facts->description.provided) {
      const std::string key = provided.name + "/" + std::to_string(provided.version.major);
      const auto [place, fresh] = by_service.emplace(key, i);
      if (!fresh) {
        problems.push_back(problem_of(file, entry_pointer(members[i].entry),
                                      "service '" + key + "' is provided by '" +
                                          members[place->second].entry.id + "' and by '" +
                                          members[i].entry.id + "'; fix: disable one of them"));
      }
    }
  }
  return by_service;
}

void need_services(Members& members, const std::map<std::string, std::size_t>& by_service,
                   std::vector<std::set<std::size_t>>& needs) {
  std::vector<std::string> names;
  for (const auto& [key, provider] : by_service) {
    names.push_back(key);
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!members[i].facts) {
      continue;
    }
    for (const loader::ServiceRequired& required : members[i].facts->description.required) {
      const std::string key = required.name + "/" + std::to_string(required.version.major);
      const auto provider = by_service.find(key);
      if (provider != by_service.end()) {
        if (provider->second != i) {
          needs[i].insert(provider->second);
        }
      } else if (!required.optional && !members[i].refusal) {
        members[i].refused_at = entry_pointer(members[i].entry);
        members[i].refusal = error::Error(
            BP_E_UNAVAILABLE, "it requires service '" + key +
                                  "', which no enabled plugin of the manifest provides" +
                                  name::hint(key, names) + "; fix: add a plugin that provides it");
      }
    }
  }
}

const loader::ChannelUse* channel_use(const Members& members, const std::string& name,
                                      std::size_t& owner) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!members[i].facts) {
      continue;
    }
    for (const loader::ChannelUse& use : members[i].facts->description.channels) {
      if (name::matches(use.name, name)) {
        owner = i;
        return &use;
      }
    }
  }
  return nullptr;
}

std::shared_ptr<const schema::Schema> schema_of_service(const Planned& planned,
                                                        const std::string& service) {
  for (const auto& schema : planned.schemas) {
    if (schema->service_name() == service) {
      return schema;
    }
  }
  return nullptr;
}

struct WireWork {
  const Members& members;
  const std::map<std::string, std::size_t>& by_service;
  std::vector<std::set<std::size_t>>& needs;
  const std::string& file;
};

wire::Catalog catalog_of(const WireWork& work) {
  wire::Catalog catalog;
  catalog.has_channel = [&work](const std::string& channel) {
    std::size_t owner = 0;
    return channel_use(work.members, channel, owner) != nullptr;
  };
  catalog.service = [&work](const std::string& service, std::uint32_t major,
                            bool& provided) -> std::shared_ptr<const schema::Schema> {
    const auto found = work.by_service.find(service + "/" + std::to_string(major));
    provided = found != work.by_service.end();
    return provided ? schema_of_service(work.members[found->second], service) : nullptr;
  };
  for (const auto& [key, provider] : work.by_service) {
    catalog.service_names.push_back(key);
  }
  for (const Planned& planned : work.members) {
    if (planned.facts) {
      for (const loader::ChannelUse& use : planned.facts->description.channels) {
        catalog.channel_names.push_back(use.name);
      }
    }
  }
  return catalog;
}

void report_wire(const WireWork& work, std::size_t index,
                 const std::vector<wire::Finding>& findings, Plan& plan) {
  // While a plugin could not be read, what it offers is unknown: its refusal is told, this is only
  // a warning.
  const bool complete = std::ranges::all_of(
      work.members, [](const Planned& planned) { return planned.facts.has_value(); });
  for (const wire::Finding& finding : findings) {
    (complete ? plan.problems : plan.warnings)
        .push_back(problem_of(work.file, "/wires/" + std::to_string(index) + finding.pointer,
                              finding.message));
  }
}

// A wire stands even when a provider is missing: then its publishers are told, instead of nothing
// being stored.
void plan_wire(const WireWork& work, const manifest::Wire& wire, std::size_t index, Plan& plan) {
  report_wire(work, index, wire::check(wire, catalog_of(work)), plan);
  std::size_t owner = 0;
  const loader::ChannelUse* use = channel_use(work.members, wire.from, owner);
  if (use == nullptr) {
    return;
  }
  WirePlan planned;
  planned.wire = wire;
  planned.from.name = wire.from;
  planned.from.kind = use->kind == loader::ChannelKind::Queue ? BP_KIND_QUEUE : BP_KIND_BROADCAST;
  planned.from.type = use->type;
  planned.from.lasting = true;
  for (const auto& schema : work.members[owner].schemas) {
    if (schema->table(use->type)) {
      planned.from_schema = schema;
      planned.from.schema = schema::Schema::hash(**schema->table(use->type));
    }
  }
  for (const manifest::Step& step : wire.steps) {
    const auto provider = work.by_service.find(step.service + "/" + std::to_string(step.major));
    const bool known = provider != work.by_service.end();
    planned.step_schemas.push_back(
        known ? schema_of_service(work.members[provider->second], step.service) : nullptr);
    if (known && provider->second != owner) {
      work.needs[owner].insert(
          provider->second);  // whoever feeds the wire starts after what it runs through
    }
  }
  plan.wires.push_back(std::move(planned));
}

void need_after(const Members& members, std::vector<std::set<std::size_t>>& needs) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (const std::string& after : members[i].entry.after) {
      const auto found = std::ranges::find_if(
          members, [&](const Planned& other) { return other.entry.id == after; });
      const auto other = static_cast<std::size_t>(found - members.begin());
      if (found != members.end() && other != i) {  // itself: the manifest's reader tells
        needs[i].insert(other);
      }
    }
  }
}

Planned plan_plugin(const manifest::Manifest& manifest, const manifest::Plugin& entry,
                    const std::string& file, Plan& plan) {
  Planned planned;
  planned.entry = entry;
  planned.refused_at = entry_pointer(entry) + "/library";
  auto facts = find_and_inspect(manifest, entry);
  if (!facts) {
    planned.refusal = std::move(facts).error();
    return planned;
  }
  planned.facts = std::move(*facts);
  for (const loader::Finding& warning : planned.facts->warnings) {
    plan.warnings.push_back(problem_of(file, planned.refused_at, loader::finding_text(warning),
                                       loader::rule_row(warning.rule).code));
  }
  planned.permissions = granted(entry.permissions, asked_for(planned.facts->description));
  read_schemas(planned);
  if (!planned.refusal) {
    check_config(manifest, planned, plan.problems);
  }
  return planned;
}

}  // namespace

std::vector<manifest::Problem> Plan::refusals(const std::string& manifest_file,
                                              bool fatal_only) const {
  std::vector<manifest::Problem> refused;
  for (const Planned& planned : plugins) {
    const bool fatal =
        planned.entry.required && planned.entry.on_start_error == manifest::OnStartError::Fail;
    if (planned.refusal && (fatal || !fatal_only)) {
      refused.push_back(problem_of(manifest_file, planned.refused_at, planned.refusal->text(),
                                   planned.refusal->code()));
    }
  }
  return refused;
}

Plan make_plan(const manifest::Manifest& manifest, const std::string& manifest_file) {
  Plan plan;
  Members members;
  std::vector<std::string> names;
  for (const manifest::Plugin& entry : manifest.plugins) {
    if (entry.enabled) {
      names.push_back(entry.id);
      members.push_back(plan_plugin(manifest, entry, manifest_file, plan));
    }
  }
  std::vector<std::set<std::size_t>> needs(members.size());
  const auto by_service = providers(members, plan.problems, manifest_file);
  need_services(members, by_service, needs);
  need_after(members, needs);
  const WireWork work{members, by_service, needs, manifest_file};
  for (std::size_t i = 0; i < manifest.wires.size(); ++i) {
    plan_wire(work, manifest.wires[i], i, plan);
  }
  auto order = start_order(names, needs);
  if (!order) {
    plan.problems.push_back(problem_of(manifest_file, "/plugins", order.error().text()));
    plan.plugins = std::move(members);
    return plan;
  }
  for (const std::size_t index : *order) {
    plan.plugins.push_back(std::move(members[index]));
  }
  return plan;
}

}  // namespace host::supervisor
