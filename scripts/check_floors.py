#!/usr/bin/env python3
# scripts/check_floors.py - who includes whom: rooms as declared, both ways; trees as the house rules say.
#
# check_floors.py <floors.txt>    the file is written by the configure step (scripts/cmake/Rooms.cmake)

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SOURCE_ENDINGS = {".c", ".h", ".cpp", ".hpp", ".def"}

LAW_SYSTEM = {"stdint.h", "stddef.h"}
STANDARD = re.compile(r"[a-z_0-9]+$")  # <vector>, not <sys/file.h> and not <fmt/core.h>
MADE = "backplane_manifest.h"  # by backplane_add_plugin(), from plugin.json
SDK = ROOT / "sdk/include/backplane"


def includes(folder):
    """(file, line number, quoted?, header) for each include line below the folder."""
    for file in sorted(folder.rglob("*")):
        if file.suffix in SOURCE_ENDINGS:
            for number, line in enumerate(file.read_text().splitlines(), 1):
                hit = INCLUDE.match(line)
                if hit:
                    yield file, number, hit[1] == '"', hit[2]


def place(file, number):
    return f"{file.relative_to(ROOT)}:{number}"


def inside(file, header, folder):
    return (file.parent / header).resolve().is_relative_to(folder) and (file.parent / header).exists()


def declared(path):
    floors = {}
    for line in path.read_text().splitlines():
        room, _, uses = line.partition(":")
        if room.strip():
            floors[room.strip()] = uses.split()
    return floors


def rooms(floors):
    used = {room: set() for room in floors}
    for folder in sorted(path for path in (ROOT / "host").iterdir() if path.is_dir() and path.name != "docs"):
        room = folder.name
        if room not in floors:
            yield f"host/{room}: a folder that is no declared room; name it in host/CMakeLists.txt"
            continue
        for file, number, quoted, header in includes(folder):
            tree, _, rest = header.partition("/")
            other = rest.partition("/")[0]
            if header.startswith(".") or (quoted and "/" not in header):
                yield f'{place(file, number)}: say the whole path: "host/{room}/{pathlib.Path(header).name}"'
            elif tree in ("plugins", "tests"):
                yield f"{place(file, number)}: the host may not include {header}"
            elif tree == "host" and other != room:
                used[room].add(other)
                if other not in floors[room]:
                    yield f"{place(file, number)}: room '{room}' does not declare that it USES '{other}'"
    for room, uses in floors.items():
        for extra in sorted(set(uses) - used[room]):
            yield f"host/{room}/CMakeLists.txt: USES '{extra}' and never includes it"


def law():
    for tree in ("abi", "ext"):
        for file, number, quoted, header in includes(SDK / tree):
            own = quoted and (inside(file, header, SDK / "abi") or inside(file, header, SDK / "ext"))
            if not own and header not in LAW_SYSTEM:
                yield f"{place(file, number)}: the law may include itself, <stdint.h> and <stddef.h>, not {header}"


LIBRARY_BELOW = {"contract": "flatbuffers/", "kit": "boost/container/"}


def authors_layer():
    """cpp, contract and kit: header-only, on the standard library; FlatBuffers below contract, Boost.Container below kit."""
    testing = ROOT / "sdk/testing"
    for folder, own in ((SDK / "cpp", "backplane/"), (SDK / "contract", "backplane/"), (testing, "backplane/"),
                        (SDK / "kit", "backplane/kit/")):
        for file, number, quoted, header in includes(folder):
            library = header.startswith(LIBRARY_BELOW.get(folder.name, "\0"))
            if quoted and not header.startswith(own) and header != MADE:
                yield f"{place(file, number)}: {folder.name} may include {own}..., not {header}"
            elif not quoted and not STANDARD.match(header) and not library:
                yield f"{place(file, number)}: {folder.name} may include the standard library, not <{header}>"


def plugins():
    for folder in sorted(path for path in (ROOT / "plugins").iterdir() if path.is_dir()):
        for file, number, quoted, header in includes(folder):
            if header.startswith(("host/", "plugins/", "tests/")) or ".." in header:
                yield f"{place(file, number)}: a plugin stands alone; it may not include {header}"
            elif quoted and not header.startswith("backplane/"):
                own = (folder / header).exists() or (file.parent / header).exists()
                if not own and header != MADE:
                    yield f"{place(file, number)}: {header} is not in plugins/{folder.name}"


def main(arguments):
    if len(arguments) != 1:
        print("usage: check_floors.py <build folder>/floors.txt", file=sys.stderr)
        return 64
    floors = declared(pathlib.Path(arguments[0]))
    faults = [*rooms(floors), *law(), *authors_layer(), *plugins()]
    for fault in faults:
        print(fault)
    print(f"{len(floors)} rooms, {sum(map(len, floors.values()))} declared uses, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
