# Contracts: FlatBuffers schemas that two plugins agree on. Works in backplane's own tree and installed.
include_guard(GLOBAL)

# FlatBuffers of Debian 12 has no CMake config.
if(NOT TARGET backplane_flatbuffers_headers)
  find_path(FLATBUFFERS_INCLUDE_DIR flatbuffers/flatbuffers.h REQUIRED)
  add_library(backplane_flatbuffers_headers INTERFACE IMPORTED GLOBAL)
  target_include_directories(backplane_flatbuffers_headers SYSTEM INTERFACE "${FLATBUFFERS_INCLUDE_DIR}")
endif()
find_program(FLATC flatc REQUIRED)

# backplane_add_contract(<stem> SCHEMA <stem>.fbs [VERSION <major.minor>] [IMPORTS <dir>...])
#
# Gives the target backplane::contract_<stem>; who links it may include
#   backplane/contract/<stem>_generated.h    tables and their object API, made by flatc
#   backplane/contract/<stem>_contract.hpp   bp::contract::<stem>: name, version, client, handler, serve()
# Its properties BACKPLANE_BFBS (path of the compiled schema), BACKPLANE_VERSION and BACKPLANE_SCHEMA are
# what backplane_add_plugin() embeds. IMPORTS are searched for `include`d schemas.
function(backplane_add_contract stem)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SCHEMA;VERSION" "IMPORTS")
  if(NOT arg_SCHEMA)
    message(FATAL_ERROR "backplane_add_contract(${stem}): say SCHEMA <file>.fbs")
  endif()
  if(NOT arg_VERSION)
    set(arg_VERSION 1.0)
  endif()
  cmake_path(ABSOLUTE_PATH arg_SCHEMA NORMALIZE)
  cmake_path(GET arg_SCHEMA STEM LAST_ONLY schema_stem)
  if(NOT schema_stem STREQUAL stem OR NOT stem MATCHES "^[a-z][a-z0-9_]*$")
    message(FATAL_ERROR "backplane_add_contract(${stem}): the stem is lower case with underscores and the "
                        "schema is called <stem>.fbs, but this one is '${arg_SCHEMA}'")
  endif()

  set(root "${CMAKE_CURRENT_BINARY_DIR}/contract_${stem}")
  set(folder "${root}/backplane/contract")
  set(bfbs "${folder}/${stem}.bfbs")
  set(tables "${folder}/${stem}_generated.h")
  set(typed "${folder}/${stem}_contract.hpp")
  set(imports "")
  foreach(import IN LISTS arg_IMPORTS)
    cmake_path(ABSOLUTE_PATH import NORMALIZE)
    list(APPEND imports -I "${import}")
  endforeach()
  # An executable of this build is a dependency; an installed one has no rule to depend on.
  set(generator "")
  if(TARGET backplane_contract_gen)
    set(generator backplane_contract_gen)
  endif()
  file(MAKE_DIRECTORY "${folder}")
  add_custom_command(OUTPUT "${bfbs}" "${tables}" "${typed}"
    COMMAND "${FLATC}" ${imports} -b --schema --bfbs-comments -o "${folder}" "${arg_SCHEMA}"
    COMMAND "${FLATC}" ${imports} --cpp --cpp-std c++17 --scoped-enums --gen-object-api
            -o "${folder}" "${arg_SCHEMA}"
    COMMAND "$<TARGET_FILE:backplane::contract_gen>" "${bfbs}" "${stem}" "${arg_VERSION}" "${folder}"
    DEPENDS "${arg_SCHEMA}" ${generator}
    COMMENT "Contract ${stem} ${arg_VERSION}" VERBATIM)
  add_custom_target(backplane_contract_${stem}_files DEPENDS "${bfbs}" "${tables}" "${typed}")

  set_property(GLOBAL APPEND PROPERTY BACKPLANE_CONTRACTS "${stem}")
  add_library(backplane_contract_${stem} INTERFACE)
  add_library(backplane::contract_${stem} ALIAS backplane_contract_${stem})
  add_dependencies(backplane_contract_${stem} backplane_contract_${stem}_files)
  target_include_directories(backplane_contract_${stem} SYSTEM INTERFACE "${root}")
  target_link_libraries(backplane_contract_${stem} INTERFACE backplane::sdk backplane_flatbuffers_headers)
  set_target_properties(backplane_contract_${stem} PROPERTIES
    BACKPLANE_BFBS "${bfbs}" BACKPLANE_VERSION "${arg_VERSION}" BACKPLANE_SCHEMA "${arg_SCHEMA}")
endfunction()

# backplane_add_contracts(<dir>): every schema of a folder, each as version 1.0 or as
# BACKPLANE_CONTRACT_<stem>_VERSION says.
function(backplane_add_contracts folder)
  file(GLOB schemas CONFIGURE_DEPENDS "${folder}/*.fbs")
  foreach(schema IN LISTS schemas)
    cmake_path(GET schema STEM LAST_ONLY stem)
    backplane_add_contract(${stem} SCHEMA "${schema}" VERSION "${BACKPLANE_CONTRACT_${stem}_VERSION}"
      IMPORTS "${folder}")
  endforeach()
endfunction()
