# backplane_add_plugin(): one call makes a plugin. Works in backplane's own tree and installed.
include_guard(GLOBAL)
include(GNUInstallDirs)

# backplane_add_plugin(<name> SOURCES <file>... [LINKS <target>...] [MANIFEST plugin.json] [CONTRACTS <stem>...]
#                      [DESTINATION <folder>])
#
# Builds <build>/plugins/<name>.so, which exports bp_plugin_v1 and nothing else. plugin.json (its id, its version, what it
# sends, receives, provides, requires) is embedded in section .bp_manifest, together with the compiled schemas of the
# contracts that it names or that CONTRACTS adds; see backplane_manifest.h in the build folder.
# DESTINATION is where it is installed, below the prefix, instead of where `backplane` looks for plugins.
#
# The sources are compiled once, into the object library <name>_objects, which the module and the plugin's tests share:
#   target_link_libraries(<tests> PRIVATE <name>_objects)
# brings the objects, LINKS, the folder of the sources, the manifest and the contracts. What target_compile_definitions(),
# target_compile_options() or target_include_directories() add to <name> holds for its objects, too.
function(backplane_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MANIFEST;DESTINATION" "SOURCES;LINKS;CONTRACTS")
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "backplane_add_plugin(${name}): say SOURCES <file>...")
  endif()
  if(NOT arg_MANIFEST)
    set(arg_MANIFEST plugin.json)
  endif()
  if(NOT arg_DESTINATION)
    set(arg_DESTINATION "${CMAKE_INSTALL_LIBDIR}/backplane/plugins")
  endif()
  cmake_path(ABSOLUTE_PATH arg_MANIFEST NORMALIZE)
  _backplane_contracts_of("${arg_MANIFEST}" named)
  list(APPEND arg_CONTRACTS ${named})
  list(REMOVE_DUPLICATES arg_CONTRACTS)
  _backplane_manifest_header(${name} "${arg_MANIFEST}" "${arg_CONTRACTS}")
  _backplane_plugin_objects(${name} "${arg_SOURCES}" "${arg_LINKS}")

  # The objects come as sources and not by linking: then they are compiled with what is set on this target.
  add_library(${name} MODULE "$<TARGET_OBJECTS:${name}_objects>")
  set_target_properties(${name} PROPERTIES
    PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins"
    LINK_DEPENDS "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map")
  target_link_libraries(${name} PRIVATE ${name}_manifest ${arg_LINKS})
  if(UNIX AND NOT APPLE)
    target_link_options(${name} PRIVATE "-Wl,--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map"
      "LINKER:-z,now" "LINKER:-z,relro" "LINKER:-z,noexecstack")
    if(NOT BACKPLANE_SANITIZER)
      target_link_options(${name} PRIVATE "LINKER:-z,defs")  # a sanitizer's runtime is in the host
    endif()
  endif()
  install(TARGETS ${name} LIBRARY DESTINATION "${arg_DESTINATION}")
endfunction()

# Object library <name>_objects: the sources, compiled for a module that hides what it does not export.
function(_backplane_plugin_objects name sources links)
  set(objects ${name}_objects)
  add_library(${objects} OBJECT ${sources})
  set_target_properties(${objects} PROPERTIES
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("C" IN_LIST languages)
    target_compile_features(${objects} PRIVATE c_std_11)
  endif()
  if("CXX" IN_LIST languages)
    target_compile_features(${objects} PRIVATE cxx_std_23)
  endif()
  target_include_directories(${objects} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(${objects} PUBLIC ${name}_manifest ${links})
  if(TARGET backplane_warnings)
    target_link_libraries(${objects} PRIVATE backplane_warnings)
  endif()
  if(UNIX AND NOT APPLE)
    target_compile_options(${objects} PRIVATE "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>")
  endif()
  target_compile_definitions(${objects} PRIVATE "$<TARGET_PROPERTY:${name},COMPILE_DEFINITIONS>")
  target_compile_options(${objects} PRIVATE "$<TARGET_PROPERTY:${name},COMPILE_OPTIONS>")
  target_include_directories(${objects} PRIVATE "$<TARGET_PROPERTY:${name},INCLUDE_DIRECTORIES>")
endfunction()

# The contract stems that a plugin.json names: in channels[] and in services.provides[].
function(_backplane_contracts_of manifest out)
  # A plugin.json that names another contract than at the last configure needs another configure.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${manifest}")
  file(READ "${manifest}" text)
  string(JSON id ERROR_VARIABLE problem GET "${text}" id)
  if(problem)
    message(FATAL_ERROR "${manifest}: ${problem}. A plugin.json is a JSON object with at least id, version and abi")
  endif()
  set(stems "")
  foreach(list IN ITEMS channels services/provides)
    string(REPLACE "/" ";" path "${list}")
    string(JSON count ERROR_VARIABLE none LENGTH "${text}" ${path})
    if(none OR count EQUAL 0)
      continue()
    endif()
    math(EXPR last "${count} - 1")
    foreach(i RANGE ${last})
      string(JSON stem ERROR_VARIABLE none GET "${text}" ${path} ${i} contract)
      if(none)
        continue()
      endif()
      _backplane_check_contract("${stem}" "${manifest}: /${list}/${i}/contract")
      list(APPEND stems "${stem}")
    endforeach()
  endforeach()
  set(${out} "${stems}" PARENT_SCOPE)
endfunction()

# Stops at a contract that nobody added; names those that there are.
function(_backplane_check_contract stem place)
  if(stem MATCHES "^[a-z][a-z0-9_]*$" AND TARGET backplane::contract_${stem})
    return()
  endif()
  get_property(known GLOBAL PROPERTY BACKPLANE_CONTRACTS)
  # A file's name, or a path to it, is the usual mistake.
  string(REGEX REPLACE "^.*/" "" meant "${stem}")
  string(REGEX REPLACE "[.].*$" "" meant "${meant}")
  set(hint "")
  if(NOT meant STREQUAL "" AND meant IN_LIST known)
    set(hint " Did you mean '${meant}'?")
  endif()
  list(SORT known)
  list(JOIN known ", " known)
  if(known STREQUAL "")
    set(known "none; find_package(backplane COMPONENTS contracts) brings those of the first-party services")
  endif()
  message(FATAL_ERROR "${place}: there is no contract '${stem}'.${hint} A contract is named by the stem of its "
                      "file, without .fbs. There are: ${known}. One of your own: "
                      "backplane_add_contract(<stem> SCHEMA <path>/<stem>.fbs) before backplane_add_plugin()")
endfunction()

# Target <name>_manifest: whoever links it sees backplane_manifest.h and the contracts.
function(_backplane_manifest_header name manifest contracts)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/${name}_manifest")
  set(header "${folder}/backplane_manifest.h")
  set(schemas "")
  set(bfbs_files "")
  set(contract_targets "")
  add_library(${name}_manifest INTERFACE)
  target_include_directories(${name}_manifest INTERFACE "${folder}")
  target_link_libraries(${name}_manifest INTERFACE backplane::sdk)
  foreach(stem IN LISTS contracts)
    _backplane_check_contract("${stem}" "backplane_add_plugin(${name})")
    get_target_property(bfbs backplane::contract_${stem} BACKPLANE_BFBS)
    list(APPEND schemas "${stem}=${bfbs}")
    list(APPEND bfbs_files "${bfbs}")
    target_link_libraries(${name}_manifest INTERFACE backplane::contract_${stem})
    list(APPEND contract_targets backplane_contract_${stem}_files)
  endforeach()
  add_custom_command(OUTPUT "${header}"
    COMMAND "${CMAKE_COMMAND}" "-DMANIFEST=${manifest}" "-DHEADER=${header}" "-DSCHEMAS=${schemas}"
            -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/EmbedManifest.cmake"
    DEPENDS "${manifest}" ${bfbs_files} "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/EmbedManifest.cmake"
    COMMENT "Manifest of ${name}" VERBATIM)
  add_custom_target(${name}_manifest_header DEPENDS "${header}")
  if(contract_targets)
    add_dependencies(${name}_manifest_header ${contract_targets})
  endif()
  add_dependencies(${name}_manifest ${name}_manifest_header)
endfunction()
