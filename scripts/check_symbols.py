#!/usr/bin/env python3
# scripts/check_symbols.py - a plugin exports its entry, bp_plugin_v1, and nothing else.
#
# check_symbols.py <nm> <plugin.so>

import subprocess
import sys

ENTRY = "bp_plugin_v1"


def main(arguments):
    if len(arguments) != 2:
        print("usage: check_symbols.py <nm> <plugin.so>", file=sys.stderr)
        return 64
    command = [arguments[0], "-D", "--defined-only", "--format=posix", arguments[1]]
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode != 0:
        print(f"{' '.join(command)} failed: {done.stderr.strip()}")
        return 1
    names = [line.split()[0] for line in done.stdout.splitlines() if line.strip()]
    print(f"{arguments[1]} exports {len(names)}: {' '.join(names[:20])}")
    if names != [ENTRY]:
        print(f"It must export {ENTRY} alone: build it with backplane_add_plugin() (sdk/cmake/plugin.map)")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
