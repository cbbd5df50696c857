// host/cli/cli.hpp - the command line: one verb, one function.
//
// Owns: nothing. Thread: main. Errors: an exit code; text on stderr.
#pragma once

namespace host::cli {

[[nodiscard]] int run(int argc, char** argv);

}  // namespace host::cli
