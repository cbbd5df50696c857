# cmake -DMANIFEST=plugin.json -DHEADER=backplane_manifest.h -DSCHEMAS=stem=file.bfbs;... -P EmbedManifest.cmake
#
# Writes the header that a plugin is compiled with: its id, its version, and the manifest with the schemas as bytes
# (a list of bytes, because compilers bound the length of string literals).
cmake_minimum_required(VERSION 3.25)

file(READ "${MANIFEST}" text)
foreach(key IN ITEMS id version abi)
  string(JSON ${key} ERROR_VARIABLE problem GET "${text}" ${key})
  if(problem)
    message(FATAL_ERROR "${MANIFEST}: ${problem}")
  endif()
endforeach()
string(JSON schemas ERROR_VARIABLE no_schemas GET "${text}" schemas)
if(NOT no_schemas)
  message(FATAL_ERROR "${MANIFEST}: 'schemas' is written by the build; remove it")
endif()

# A JSON string cannot hold a line end, so line ends and the indentation after them are never content.
string(REGEX REPLACE "[ \t]*[\r\n]+[ \t\r\n]*" "" text "${text}")

set(hex_schemas "")
foreach(entry IN LISTS SCHEMAS)
  string(REGEX MATCH "^([a-z0-9_]+)=(.*)$" matched "${entry}")
  set(stem "${CMAKE_MATCH_1}")
  file(READ "${CMAKE_MATCH_2}" hex HEX)
  list(APPEND hex_schemas "\"${stem}\":\"${hex}\"")
endforeach()
list(JOIN hex_schemas "," hex_schemas)
string(REGEX REPLACE "}[ \t]*$" ",\"schemas\":{${hex_schemas}}}" text "${text}")

file(WRITE "${HEADER}.json" "${text}")
file(READ "${HEADER}.json" bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
string(REGEX REPLACE ",$" "" bytes "${bytes}")
file(WRITE "${HEADER}" "/* made from plugin.json by the build; change that instead */
#define BP_PLUGIN_ID \"${id}\"
#define BP_PLUGIN_VERSION \"${version}\"
#define BP_MANIFEST_BYTES ${bytes}
")
