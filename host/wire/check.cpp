// host/wire/check.cpp - channels, services, methods, fields, sources and their types, in this
// order.
#include "host/wire/check.hpp"

#include <map>

#include "host/name/nearest.hpp"

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

using Replies = std::map<std::string, const schema::Table*>;

// A literal by the rules that the request is made with at work: those of the contract's JSON form.
// Nothing when it fits.
std::string literal_fault(const manifest::Node& literal, const schema::Field& field) {
  schema::Table alone;
  alone.name = field.name;
  alone.fields = {field};
  alone.by_name = {0};
  manifest::Node request = manifest::json_object();
  request.set(field.name, literal);
  std::vector<std::byte> unused;
  const auto made = schema::Schema::to_binary(alone, manifest::compact(request), unused);
  return made ? std::string() : made.error().message();
}

// Can a value of a reply's field ever be one of the request's field? Texts may hold numbers and
// names of enums; a Mapping makes text and bytes of any value.
bool may_fit(const schema::Field& from, const schema::Field& into) {
  using schema::Kind;
  const Kind kind = into.type.kind;
  if (!into.vector && (kind == Kind::String || kind == Kind::Bytes)) {
    return true;
  }
  const Kind given = from.type.kind;
  if (from.vector != into.vector) {
    return false;
  }
  if (kind == Kind::Integer || kind == Kind::Floating) {
    return given == Kind::Integer || given == Kind::Floating || given == Kind::String;
  }
  return given == kind;
}

void check_literal(const manifest::Mapping& mapping, const schema::Field& field, const Where& where,
                   const std::string& pointer, std::vector<Finding>& findings) {
  if (std::string fault = literal_fault(mapping.source.literal, field); !fault.empty()) {
    findings.push_back({pointer + "/value", where.text + ": the value of '" + mapping.field +
                                                "' does not fit its type, " +
                                                schema::type_name(field) + ": " + fault});
  }
}

void check_reply(const manifest::Mapping& mapping, const schema::Field* field, const Where& where,
                 const std::string& pointer, const Replies& replies,
                 std::vector<Finding>& findings) {
  const manifest::Source& source = mapping.source;
  const auto reply = replies.find(source.step);
  const std::string wanted = first_token(source.pointer);
  if (reply == replies.end() || reply->second == nullptr || wanted.empty()) {
    return;
  }
  const schema::Field* given = reply->second->field(wanted);
  if (given == nullptr) {
    findings.push_back({pointer, where.text + ": '$" + source.step + "' has no field '" + wanted +
                                     "'" + name::hint(wanted, field_names(*reply->second))});
  } else if (field != nullptr && source.pointer.size() == wanted.size() + 1 &&
             !may_fit(*given, *field)) {
    findings.push_back({pointer, where.text + ": '$" + source.step + source.pointer + "' is " +
                                     schema::type_name(*given) + ", which does not fit '" +
                                     mapping.field + "', " + schema::type_name(*field)});
  }
}

void check_fields(const manifest::Step& step, const schema::Method& method, const Where& where,
                  const Replies& replies, std::vector<Finding>& findings) {
  for (const manifest::Mapping& mapping : step.map) {
    const std::string pointer = where.pointer + "/map/" + manifest::pointer_token(mapping.field);
    const schema::Field* field = method.request->field(mapping.field);
    if (field == nullptr) {
      findings.push_back({pointer, where.text + ": " + step.method + "'s request has no field '" +
                                       mapping.field + "'" +
                                       name::hint(mapping.field, field_names(*method.request))});
    }
    if (mapping.source.kind == manifest::SourceKind::Step) {
      check_reply(mapping, field, where, pointer, replies, findings);
    } else if (mapping.source.kind == manifest::SourceKind::Literal && field != nullptr) {
      check_literal(mapping, *field, where, pointer, findings);
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
                                     name::hint(wire.from, catalog.channel_names)});
  }
  Replies replies;
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
                              "'" + name::hint(service, catalog.service_names)});
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
                                                       name::hint(step.method, names)});
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
