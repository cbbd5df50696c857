// sdk/contract_gen/contract_gen.cpp - writes the typed client and handler of a contract from its
// .bfbs.
//
//   contract_gen <contract.bfbs> <stem> <major.minor> <folder>
//
// The folder has flatc's <stem>_generated.h and gets <stem>_contract.hpp. A service may be called
// what C++ reserves (bp.metrics.export), but flatc does not escape namespaces: we put the
// underscore into its header. A build tool: it prints what is wrong and exits with 1.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <expected>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <flatbuffers/reflection_generated.h>

namespace {

struct Method {
  std::uint32_t id = 0;
  std::string name;     // "Insert"
  std::string member;   // "insert"
  std::string request;  // full table names
  std::string reply;
  std::vector<std::string> doc;
  bool runs_inline = false;
  std::string limits;  // "4, 64": calls at once, calls that wait; "" for none
};

struct Contract {
  std::string stem;
  std::string major;
  std::string minor;
  std::string service;  // "" for a contract of types only
  std::uint64_t hash = 0;
  std::vector<Method> methods;
  std::set<std::string, std::less<>> reserved;  // namespaces that are keywords of C++
};

template <typename Value>
using Outcome = std::expected<Value, std::string>;

// FNV-1a, 64 bits: the hash the host computes (host/schema/schema.cpp).
std::uint64_t fnv1a(std::string_view bytes) noexcept {
  constexpr std::uint64_t offset_basis = 0xCBF29CE484222325U;
  constexpr std::uint64_t prime = 0x100000001B3U;
  std::uint64_t hash = offset_basis;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<std::uint8_t>(byte)) * prime;
  }
  return hash;
}

bool is_keyword(std::string_view word) {
  constexpr std::string_view keywords =
      " alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t"
      " char32_t char8_t class co_await co_return co_yield compl concept const const_cast"
      " consteval constexpr constinit continue decltype default delete do double dynamic_cast"
      " else enum explicit export extern false float for friend goto if inline int long"
      " mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected"
      " public register reinterpret_cast requires return short signed sizeof static"
      " static_assert static_cast struct switch template this thread_local throw true try"
      " typedef typeid typename union unsigned using virtual void volatile wchar_t while xor"
      " xor_eq ";
  return keywords.find(" " + std::string(word) + " ") != std::string_view::npos;
}

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

// "EncryptMany" -> "encrypt_many", "GetURL" -> "get_url", "Delete" -> "delete_".
std::string member_name(std::string_view method) {
  std::string out;
  for (std::size_t i = 0; i < method.size(); ++i) {
    const bool starts_word =
        is_upper(method[i]) && i > 0 &&
        (!is_upper(method[i - 1]) || (i + 1 < method.size() && !is_upper(method[i + 1])));
    if (starts_word && out.back() != '_') {
      out += '_';
    }
    out += is_upper(method[i]) ? static_cast<char>(method[i] - 'A' + 'a') : method[i];
  }
  const bool taken = is_keyword(out) || out == "client" || out == "handler";  // our own classes
  return taken ? out + "_" : out;
}

// "bp.metrics.export.RenderReply" -> "bp", "metrics", "export"
std::vector<std::string_view> namespaces_of(std::string_view table) {
  std::vector<std::string_view> parts;
  for (std::size_t dot = table.find('.'); dot != std::string_view::npos; dot = table.find('.')) {
    parts.push_back(table.substr(0, dot));
    table.remove_prefix(dot + 1);
  }
  return parts;
}

// "bp.metrics.export.RenderReply" -> "::bp::metrics::export_::RenderReply"
std::string cpp_name(std::string_view table) {
  std::string out = "::";
  for (const std::string_view part : namespaces_of(table)) {
    out += std::string(part) + (is_keyword(part) ? "_" : "") + "::";
  }
  return out + std::string(table.substr(table.rfind('.') + 1));
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

const reflection::KeyValue* attribute(const reflection::RPCCall& call, std::string_view key) {
  if (call.attributes() == nullptr) {
    return nullptr;
  }
  for (const reflection::KeyValue* entry : *call.attributes()) {
    if (entry->key()->string_view() == key) {
      return entry;
    }
  }
  return nullptr;
}

// The number behind an attribute, from `min` to `max`.
Outcome<std::uint32_t> number_of(const reflection::KeyValue& entry, const std::string& method,
                                 std::uint32_t min, std::uint32_t max) {
  const std::string text = entry.value() == nullptr ? "" : entry.value()->str();
  std::uint32_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number < min || number > max) {
    return std::unexpected("method '" + method + "': " + entry.key()->str() + " is a number from " +
                           std::to_string(min) + " to " + std::to_string(max) + ", not \"" + text +
                           "\"");
  }
  return number;
}

// (concurrency: "4", queue: "64")
Outcome<void> read_limits(const reflection::RPCCall& call, Method& method) {
  constexpr std::uint32_t concurrency_most = 65'536;  // BP_CALLS_MAX
  constexpr std::uint32_t queue_most = 4'096;         // BP_METHOD_QUEUE_MAX
  const reflection::KeyValue* concurrency = attribute(call, "concurrency");
  const reflection::KeyValue* queue = attribute(call, "queue");
  if (concurrency == nullptr) {
    return queue == nullptr ? Outcome<void>()
                            : std::unexpected("method '" + method.name +
                                              "' has a queue and no concurrency: nothing would "
                                              "wait; add (concurrency: \"n\") or leave it out");
  }
  if (method.runs_inline) {
    return std::unexpected("method '" + method.name +
                           "' is inline and has a concurrency: inline methods run on their "
                           "callers' threads, which nothing holds back; leave one of them out");
  }
  const auto at_once = number_of(*concurrency, method.name, 1, concurrency_most);
  if (!at_once) {
    return std::unexpected(at_once.error());
  }
  method.limits = std::to_string(*at_once);
  if (queue != nullptr) {
    const auto waiting = number_of(*queue, method.name, 0, queue_most);
    if (!waiting) {
      return std::unexpected(waiting.error());
    }
    method.limits += ", " + std::to_string(*waiting);
  }
  return {};
}

Outcome<Method> read_method(const reflection::RPCCall& call) {
  Method method;
  method.name = call.name()->str();
  method.member = member_name(method.name);
  method.request = call.request()->name()->str();
  method.reply = call.response()->name()->str();
  method.runs_inline = attribute(call, "inline") != nullptr;
  if (call.documentation() != nullptr) {
    for (const flatbuffers::String* line : *call.documentation()) {
      method.doc.push_back(line->str());
    }
  }
  const reflection::KeyValue* number = attribute(call, "method");
  const std::string id =
      number == nullptr || number->value() == nullptr ? "" : number->value()->str();
  const auto [end, code] = std::from_chars(id.data(), id.data() + id.size(), method.id);
  if (code != std::errc() || end != id.data() + id.size() || method.id == 0) {
    return std::unexpected("method '" + method.name +
                           "' has no number of its own: add (method: \"n\") with n from 1 up");
  }
  if (auto limits = read_limits(call, method); !limits) {
    return std::unexpected(std::move(limits).error());
  }
  return method;
}

Outcome<void> read_service(const reflection::Service& service, Contract& contract) {
  const std::string name = service.name()->str();
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos) {
    return std::unexpected("rpc_service '" + name + "' has no namespace: add `namespace <name>;`");
  }
  contract.service = name.substr(0, dot);
  if (service.calls() == nullptr) {
    return {};
  }
  for (const reflection::RPCCall* call : *service.calls()) {
    auto method = read_method(*call);
    if (!method) {
      return std::unexpected(std::move(method).error());
    }
    contract.methods.push_back(std::move(*method));
  }
  std::ranges::sort(contract.methods, {}, &Method::id);
  const auto same = std::ranges::adjacent_find(contract.methods, {}, &Method::id);
  if (same != contract.methods.end()) {
    return std::unexpected("methods '" + same->name + "' and '" + std::next(same)->name +
                           "' share a number: give each its own");
  }
  return {};
}

void note_reserved(std::string_view type, Contract& contract) {
  for (const std::string_view part : namespaces_of(type)) {
    if (is_keyword(part)) {
      contract.reserved.emplace(part);
    }
  }
}

Outcome<void> read_schema(const std::string& bfbs, Contract& contract) {
  const auto* raw = reinterpret_cast<const std::uint8_t*>(bfbs.data());
  flatbuffers::Verifier verifier(raw, bfbs.size());
  if (!reflection::VerifySchemaBuffer(verifier)) {
    return std::unexpected("not a binary schema: make it with `flatc -b --schema`");
  }
  const reflection::Schema& schema = *reflection::GetSchema(raw);
  if (schema.objects() == nullptr || schema.enums() == nullptr) {
    return std::unexpected("a schema without tables");  // the verifier does not let it come to this
  }
  for (const reflection::Object* object : *schema.objects()) {
    note_reserved(object->name()->string_view(), contract);
    if (object->is_struct()) {
      return std::unexpected("'" + object->name()->str() +
                             "' is a struct: contracts have tables only");
    }
  }
  for (const reflection::Enum* enumeration : *schema.enums()) {
    note_reserved(enumeration->name()->string_view(), contract);
    if (enumeration->is_union()) {
      return std::unexpected("'" + enumeration->name()->str() +
                             "' is a union: contracts have tables only");
    }
  }
  contract.hash = fnv1a(bfbs);
  const auto* services = schema.services();
  if (services == nullptr || services->size() == 0) {
    return {};
  }
  if (services->size() > 1) {
    return std::unexpected("several rpc_services: one contract is one service");
  }
  return read_service(*services->Get(0), contract);
}

// --- writing
// ---------------------------------------------------------------------------------------

void write_doc(std::ostream& out, std::string_view indent, const Method& method) {
  for (const std::string& line : method.doc) {
    out << indent << "///" << line << "\n";
  }
}

void write_client(std::ostream& out, const Contract& contract) {
  out << "  /// Calls the service: `cx.require<client>(name, major)`, then\n"
         "  /// `co_await client.method(request)` gives "
         "bp::result<bp::contract::incoming<Reply>>.\n"
         "  class client {\n"
         "   public:\n"
         "    client() = default;\n"
         "    explicit client(::bp::service_ref to) : to_(to) {}\n\n"
         "    [[nodiscard]] explicit operator bool() const noexcept { return "
         "static_cast<bool>(to_); }\n"
         "    explicit operator ::bp::service_ref() const noexcept { return to_; }\n";
  for (const Method& method : contract.methods) {
    const std::string request = cpp_name(method.request);
    out << "\n";
    write_doc(out, "    ", method);
    out << "    [[nodiscard]] auto " << method.member << "(::bp::contract::outgoing<" << request
        << "> request, ::bp::call_options with = {}) const {\n"
        << "      return ::bp::contract::typed_call<" << request << ", " << cpp_name(method.reply)
        << ">(to_, " << method.id << ", std::move(request), with);\n"
        << "    }\n";
  }
  out << "\n   private:\n    ::bp::service_ref to_;\n  };\n\n";
}

void write_handler(std::ostream& out, const Contract& contract) {
  out << "  /// Provides the service, method by method: each takes a function of (const Request&) "
         "or\n"
         "  /// (const Request&, bp::call) that returns bp::result<ReplyT>,\n"
         "  /// bp::result<bp::contract::outgoing<Reply>>, or a bp::task of one of these. Methods "
         "marked\n"
         "  /// inline run on any thread, many at once, unless their function makes a task or they "
         "have\n"
         "  /// a limit (bp::call_limits); the contract's is the default.\n"
         "  /// `cx.provide(handler().insert(...).get(...))`; what is left out answers NOT_FOUND.\n"
         "  class handler {\n"
         "   public:\n"
         "    handler() : offered_("
      << contract.stem << "::name, " << contract.stem << "::major, " << contract.stem
      << "::minor) {}\n\n"
         "    operator ::bp::service() && { return std::move(offered_); }\n";
  for (const Method& method : contract.methods) {
    out << "\n";
    write_doc(out, "    ", method);
    if (method.runs_inline) {
      out << "    /// Inline.\n";
    }
    out << "    template <typename Function>\n"
        << "    handler&& " << method.member << "(Function function, ::bp::call_limits limits = {"
        << method.limits << "}) {\n"
        << "      ::bp::contract::bind<" << cpp_name(method.request) << ", "
        << cpp_name(method.reply) << ">(\n          offered_, " << method.id << ", \""
        << method.name << "\",\n          {\"" << method.request << "\", \"" << method.reply
        << "\"}, " << (method.runs_inline ? "true" : "false") << ", std::move(function), limits);\n"
        << "      return std::move(*this);\n"
        << "    }\n";
  }
  out << "\n   private:\n    ::bp::service offered_;\n  };\n\n";
}

void write_serve(std::ostream& out, const Contract& contract) {
  out << "  /// Every method from the member function of `self` with its name; `self` must outlive "
         "the\n"
         "  /// instance's service. `cx.provide(serve(*this));`\n"
         "  template <typename Self>\n"
         "  [[nodiscard]] static ::bp::service serve(Self& self) {\n"
         "    return handler()";
  for (const Method& method : contract.methods) {
    out << "\n        ." << method.member << "([&self](const " << cpp_name(method.request)
        << "& request, const ::bp::call& on) {\n"
        << "          if constexpr (requires { self." << method.member << "(request, on); }) {\n"
        << "            return self." << method.member << "(request, on);\n"
        << "          } else {\n"
        << "            return self." << method.member << "(request);\n"
        << "          }\n"
        << "        })";
  }
  out << ";\n  }\n";
}

std::string generated(const Contract& contract) {
  std::ostringstream out;
  out << "// backplane/contract/" << contract.stem
      << "_contract.hpp - generated by backplane's contract_gen; edit the .fbs instead.\n"
         "#pragma once\n\n"
         "#include <cstdint>\n#include <string_view>\n#include <utility>\n\n"
         "#include \"backplane/contract/"
      << contract.stem << "_generated.h\"\n#include \"backplane/contract/typed.hpp\"\n\n"
      << "namespace bp::contract {\n\n"
      << "struct " << contract.stem << " {\n";
  if (!contract.service.empty()) {
    out << "  static constexpr std::string_view name = \"" << contract.service << "\";\n";
  }
  out << "  static constexpr std::uint32_t major = " << contract.major << ";\n"
      << "  static constexpr std::uint32_t minor = " << contract.minor << ";\n"
      << "  /// Of the compiled schema: equal hashes are the same file.\n"
      << "  static constexpr std::uint64_t schema_hash = 0x" << std::hex << contract.hash
      << std::dec << "U;\n";
  if (!contract.service.empty()) {
    out << "\n";
    write_client(out, contract);
    write_handler(out, contract);
    write_serve(out, contract);
  }
  out << "};\n\n}  // namespace bp::contract\n";
  return out.str();
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Outcome<std::string> contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return std::unexpected("'" + path + "' cannot be read");
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Outcome<void> write(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  return out ? Outcome<void>() : std::unexpected("'" + path + "' cannot be written");
}

// flatc's header with `namespace export` made `namespace export_`.
Outcome<void> escape_namespaces(const std::string& header, const Contract& contract) {
  if (contract.reserved.empty()) {
    return {};
  }
  auto text = contents(header);
  if (!text) {
    return std::unexpected(std::move(text).error());
  }
  for (const std::string& word : contract.reserved) {
    replace_all(*text, "namespace " + word + " {", "namespace " + word + "_ {");
    replace_all(*text, "namespace " + word + "\n", "namespace " + word + "_\n");
    replace_all(*text, "::" + word + "::", "::" + word + "_::");
  }
  return write(header, *text);
}

Outcome<void> generate(const std::array<std::string, 4>& arguments) {
  const auto& [in, stem, version, folder] = arguments;
  const std::size_t dot = version.find('.');
  Contract contract;
  contract.stem = stem;
  contract.major = version.substr(0, dot);
  contract.minor = dot == std::string::npos ? "" : version.substr(dot + 1);
  if (!is_number(contract.major) || !is_number(contract.minor)) {
    return std::unexpected("the version '" + version + "' is not of the form major.minor");
  }
  const auto bfbs = contents(in);
  if (!bfbs) {
    return std::unexpected(bfbs.error());
  }
  if (auto read = read_schema(*bfbs, contract); !read) {
    return read;
  }
  if (auto escaped = escape_namespaces(folder + "/" + stem + "_generated.h", contract); !escaped) {
    return escaped;
  }
  return write(folder + "/" + stem + "_contract.hpp", generated(contract));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: contract_gen <contract.bfbs> <stem> <major.minor> <folder>\n";
    return EXIT_FAILURE;
  }
  if (const auto done = generate({argv[1], argv[2], argv[3], argv[4]}); !done) {
    std::cerr << "contract_gen: " << argv[1] << ": " << done.error() << "\n";
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
