# cmake -DBUILD=<build folder> -DSTAGE=<prefix> -DOUTSIDE=<the plugin's build> -DSOURCE=<tree> -P stage.cmake
#
# Installs afresh into STAGE, and refuses an installation that still needs the source tree.
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE "${STAGE}" "${OUTSIDE}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${STAGE}" COMMAND_ERROR_IS_FATAL ANY)

file(READ "${STAGE}/lib/systemd/system/backplane.service" unit)
string(FIND "${unit}" "ExecStart=${STAGE}/" place)
if(place EQUAL -1)
  message(FATAL_ERROR "the installed backplane.service does not start the installed host")
endif()
foreach(page IN ITEMS operating manifest errors control_socket decisions/dependencies)
  file(GLOB there "${STAGE}/share/doc/*/host/${page}.md")
  if(NOT there)
    message(FATAL_ERROR "host/docs/${page}.md is not installed")
  endif()
endforeach()

file(GLOB_RECURSE described "${STAGE}/*.cmake" "${STAGE}/*.h" "${STAGE}/*.hpp")
if(NOT described)
  message(FATAL_ERROR "nothing that authors need is in ${STAGE}")
endif()
foreach(file IN LISTS described)
  file(READ "${file}" text)
  string(REPLACE "${STAGE}" "" text "${text}")
  string(FIND "${text}" "${SOURCE}/" place)
  if(NOT place EQUAL -1)
    message(FATAL_ERROR "${file} names a path of the source tree, ${SOURCE}: it works on this machine only")
  endif()
endforeach()
