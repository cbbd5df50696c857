// host/wire/mapping.hpp - builds the JSON request of a wire's step from the message and earlier
// replies.
//
// Owns: compiled JSON pointers. Thread: immutable after construction. Errors: INVALID for a message
// that is not JSON.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/error/error.hpp"
#include "host/manifest/manifest.hpp"
#include "host/schema/schema.hpp"

namespace host::wire {

// A JSON document: a message or a reply.
class Document {
 public:
  [[nodiscard]] static error::Result<std::shared_ptr<const Document>> parse(std::string_view json);
  virtual ~Document() = default;

 protected:
  Document() = default;
};

// The documents that a step may read: the message under "" and the replies under their `out` names.
using Documents = std::map<std::string, std::shared_ptr<const Document>, std::less<>>;

class Mapping {
 public:
  // `request`: the step's request table, or null when it is not known. A JSON value put into a
  // [ubyte] field becomes its JSON text, and so does one that is no string in a string field. A
  // string that was base64 of a typed source's own [ubyte] stays as it is (`message_is_typed`, and
  // every reply).
  Mapping(const std::vector<manifest::Mapping>& map, const schema::Table* request,
          bool message_is_typed);
  Mapping(Mapping&&) noexcept;
  Mapping& operator=(Mapping&&) noexcept;
  ~Mapping();

  // Sources that are absent leave their field out.
  [[nodiscard]] std::string request(const Documents& documents) const;

 private:
  struct Compiled;
  std::vector<Compiled> fields_;
};

}  // namespace host::wire
