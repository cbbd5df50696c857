// host/main.cpp - the process entry.
#include "host/cli/cli.hpp"

int main(int argc, char** argv) {
  return host::cli::run(argc, argv);
}
