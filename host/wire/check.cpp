// host/wire/check.cpp - channels, services, methods, fields and sources, in this order.
#include "host/wire/check.hpp"

#include <map>

#include "host/registry/nearest.hpp"

namespace host::wire {

namespace {

std::vector<std::string> field_names(const schema::Table& table) {
  std::vector<std::string> names;
  for (const schema::Field& field : table.fields) {
    names.push_back(field.name);
  }
  return names;
}

// The first name of an RFC 6901 pointer.
std::string first_token(const std::string& pointer) {
  const std::size_t end = pointer.find('/', 1);
  return pointer.empty() ? "" : pointer.substr(1, end == std::string::npos ? end : end - 1);
}

// A step: for messages, and its pointer below the wire.
struct Where {
  std::string text;
  std::string pointer;
};

void check_fields(const manifest::Step& step, const schema::Method& method, const Where& where,
                  const std::map<std::string, const schema::Table*>& replies,
                  std::vector<Finding>& findings) {
  for (const manifest::Mapping& mapping : step.map) {
    const std::string pointer = where.pointer + "/map/" + manifest::pointer_token(mapping.field);
    if (method.request->field(mapping.field) == nullptr) {
      findings.push_back(
          {pointer, where.text + ": " + step.method + "'s request has no field '" + mapping.field +
                        "'" + registry::hint(mapping.field, field_names(*method.request))});
    }
    if (mapping.source.kind != manifest::SourceKind::Step) {
      continue;
    }
    const auto reply = replies.find(mapping.source.step);
    const std::string wanted = first_token(mapping.source.pointer);
    if (reply != replies.end() && reply->second != nullptr && !wanted.empty() &&
        reply->second->field(wanted) == nullptr) {
      findings.push_back({pointer, where.text + ": '$" + mapping.source.step + "' has no field '" +
                                       wanted + "'" +
                                       registry::hint(wanted, field_names(*reply->second))});
    }
  }
  for (const schema::Field& field : method.request->fields) {
    bool mapped = false;
    for (const manifest::Mapping& mapping : step.map) {
      mapped = mapped || mapping.field == field.name;
    }
    if (field.required && !mapped) {
      findings.push_back({where.pointer + "/map", where.text + ": " + step.method +
                                                      " needs the field '" + field.name +
                                                      "', which the map does not give"});
    }
  }
}

}  // namespace

std::vector<Finding> check(const manifest::Wire& wire, const Catalog& catalog) {
  std::vector<Finding> findings;
  const std::string name = "wire from '" + wire.from + "'";
  if (!catalog.has_channel(wire.from)) {
    findings.push_back({"/from", name + ": no plugin declares channel '" + wire.from + "'" +
                                     registry::hint(wire.from, catalog.channel_names)});
  }
  std::map<std::string, const schema::Table*> replies;
  std::vector<std::shared_ptr<const schema::Schema>> kept;
  for (std::size_t i = 0; i < wire.steps.size(); ++i) {
    const manifest::Step& step = wire.steps[i];
    const Where where{name + ", step " + std::to_string(i + 1), "/steps/" + std::to_string(i)};
    const std::string service = step.service + "/" + std::to_string(step.major);
    bool provided = false;
    const auto schema = catalog.service(step.service, step.major, provided);
    if (!provided) {
      findings.push_back({where.pointer + "/call",
                          where.text + ": no plugin of the manifest provides service '" + service +
                              "'" + registry::hint(service, catalog.service_names)});
      continue;
    }
    if (!schema) {
      continue;  // a service without a contract takes any JSON
    }
    kept.push_back(schema);
    const schema::Method* method = schema->method(step.method);
    if (method == nullptr) {
      std::vector<std::string> names;
      for (const schema::Method& other : schema->methods()) {
        names.push_back(other.name);
      }
      findings.push_back({where.pointer + "/call", where.text + ": service '" + service +
                                                       "' has no method '" + step.method + "'" +
                                                       registry::hint(step.method, names)});
      continue;
    }
    check_fields(step, *method, where, replies, findings);
    if (!step.out.empty()) {
      replies[step.out] = method->reply;
    }
  }
  return findings;
}

}  // namespace host::wire
