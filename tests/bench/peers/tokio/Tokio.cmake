# Target bench_tokio and the variable BENCH_TOKIO, where cargo, rustc and Debian's librust-tokio-dev are there.
#
# The crates come from the folder Debian installs them into; nothing is fetched, and everything is written below
# the build folder.
find_program(BENCH_CARGO cargo)
find_program(BENCH_RUSTC rustc)
set(registry /usr/share/cargo/registry)
file(GLOB tokio_crate "${registry}/tokio-1.*")
set(BENCH_TOKIO OFF)
if(NOT BENCH_CARGO OR NOT BENCH_RUSTC OR NOT tokio_crate)
  return()
endif()

set(crate "${CMAKE_CURRENT_BINARY_DIR}/tokio")
set(library "${crate}/target/release/libbench_tokio.a")
set(sources Cargo.toml src/lib.rs)
set(dependencies "")
foreach(source IN LISTS sources)
  configure_file("${CMAKE_CURRENT_LIST_DIR}/${source}" "${crate}/${source}" COPYONLY)
  list(APPEND dependencies "${CMAKE_CURRENT_LIST_DIR}/${source}")
endforeach()
file(WRITE "${crate}/.cargo/config.toml"
"[source.crates-io]
replace-with = \"debian\"
[source.debian]
directory = \"${registry}\"
[net]
offline = true
")
add_custom_command(OUTPUT "${library}"
  COMMAND "${CMAKE_COMMAND}" -E env "CARGO_HOME=${crate}/home" "CARGO_TARGET_DIR=${crate}/target"
    "${BENCH_CARGO}" build --release --offline --quiet
  WORKING_DIRECTORY "${crate}" DEPENDS ${dependencies} COMMENT "The peer tokio" VERBATIM)
add_custom_target(bench_tokio_library DEPENDS "${library}")
add_library(bench_tokio STATIC IMPORTED)
set_target_properties(bench_tokio PROPERTIES IMPORTED_LOCATION "${library}")
target_link_libraries(bench_tokio INTERFACE Threads::Threads ${CMAKE_DL_LIBS})
add_dependencies(bench_tokio bench_tokio_library)
set(BENCH_TOKIO ON)
