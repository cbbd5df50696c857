#!/usr/bin/env python3
# scripts/check_tidy.py - house rules that no compiler knows; prints path:line: fault.
#
# check_tidy.py          all rules over the files that git knows or would add
# check_tidy.py format   clang-format over the same C and C++ files; exit code 77 where it is not installed

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FORMATTER = "clang-format-19"
SKIPPED = 77

COLUMNS_MAX = 100  # as .clang-format
LINES_MAX = 500
BYTES_MAX = 200_000

C_FAMILY = {".c", ".h", ".cpp", ".hpp", ".def"}
FIRST_LINE = C_FAMILY | {".js", ".mjs", ".py", ".rs"}
NOT_OURS = {".git", ".cache", "build", "var", "run", "node_modules", "__pycache__"}  # as .gitignore
DRAWERS = {"util", "utils", "common", "helper", "helpers", "misc", "shared", "core", "base"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
IGNORABLE = re.compile(r"\s*((static|virtual|inline|constexpr) )*(\w+::)*Result<[^;={]*> \w+\(")
ONE_MACHINE = re.compile(r"(?<![\w.*}/-])/(home|root|work|Users|mnt)/\w")

# Longer than LINES_MAX, and why that is better than a cut.
LONG_FILES = {
    "sdk/templates/rust/backplane.rs": "the whole law for Rust, copied as one file beside the author's plugin.rs",
}

# Names an absolute path of a machine on purpose.
MACHINE_PATHS = {
    "tests/host/log/record_test.cpp": "shows that such paths are shortened",
    "scripts/check_tidy.py": "says what is searched",
}

# Sources without a tests/<path>_test.cpp of their own, and the tests that hold them instead.
HELD_BY = {
    "host/main.cpp": "tests/scenario/cli_test.js",
    # These are called through the law's tables, as a plugin calls them.
    "host/slot/channel_desc.cpp": "tests/host/slot/channel_table_test.cpp",
    "host/slot/loans.cpp": "tests/host/slot/channel_table_test.cpp",
    "host/cli/bench_verb.cpp": "tests/bench/CMakeLists.txt",
    # These need whole plugins, a socket or a terminal: scenarios run them in the real binary.
    "host/cli/cli.cpp": "tests/scenario/cli_test.js",
    "host/daemon/daemon.cpp": "tests/scenario/faults_test.js",
}


def sources():
    """Every file of the project: what git knows and what it would add; without git, what lies there."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):  # an exported tree, or one of another user
        there = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        names = [path.as_posix() for path in there if not NOT_OURS & set(path.parts[:-1])]
    return [pathlib.PurePosixPath(name) for name in sorted(set(names)) if name and (ROOT / name).is_file()]


def folder_faults(path):
    for part in path.parent.parts:
        if part.lower() in DRAWERS:
            yield 1, f"'{part}' is a junk drawer; name what is inside"


def first_line_faults(path, lines):
    """`// path - one sentence`; templates are copied out of the tree and say their name alone."""
    if path.suffix not in FIRST_LINE:
        return
    line = lines[1] if lines and lines[0].startswith("#!") and len(lines) > 1 else (lines or [""])[0]
    text = path.as_posix()
    names = {text, re.sub(r"^sdk/(testing/)?include/", "", text)}
    if text.startswith("sdk/templates/"):
        names = {path.name}
    if not any(re.match(rf"(//[/!]?|/\*|#) {re.escape(name)} - \S", line) for name in names):
        yield 1, f"the first line says '// {min(names, key=len)} - <what it is>'"


def line_faults(path, lines):
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line) and path.as_posix() != "scripts/check_tidy.py" and not re.search(r"[._]X{6}\b", line):
            yield number, "unfinished: do it now, or write an issue"
        if ONE_MACHINE.search(line) and path.as_posix() not in MACHINE_PATHS:
            yield number, "a path of one machine"
        raw_string = 'R"' in line  # cannot be cut
        if path.suffix in C_FAMILY and len(line) > COLUMNS_MAX and not raw_string:
            yield number, f"{len(line)} columns, at most {COLUMNS_MAX}"
        if path.parts[0] == "host" and path.suffix == ".hpp" and IGNORABLE.match(line):
            yield number, "a Result that may be ignored: [[nodiscard]]"
        if line != line.rstrip() and path.suffix != ".md" and "seeds" not in path.parts:
            yield number, "space at the end of the line"


def mirror_faults(paths):
    there = {path.as_posix() for path in paths}
    for path in paths:
        if path.suffix != ".cpp" or path.parts[0] not in ("host", "plugins"):
            continue
        mirror, held = f"tests/{path.with_suffix('')}_test.cpp", HELD_BY.get(path.as_posix())
        if held and mirror in there:
            yield path, 1, f"has its mirror {mirror}; take it out of HELD_BY"
        elif held and held not in there:
            yield path, 1, f"HELD_BY names {held}, which is not there"
        elif not held and mirror not in there:
            yield path, 1, f"no mirror: {mirror}"
    for listed in [*HELD_BY, *LONG_FILES, *MACHINE_PATHS]:
        if listed not in there:
            yield pathlib.PurePosixPath("scripts/check_tidy.py"), 1, f"an exception for {listed}, which is not there"


def unbuilt_faults(paths):
    """A source that no CMakeLists.txt of its folder or above names is neither compiled nor tested."""
    lists = {path.parent: (ROOT / path).read_text() for path in paths if path.name == "CMakeLists.txt"}
    for path in paths:
        named = re.compile(rf"\b{re.escape(path.stem)}\b")
        if path.suffix in (".c", ".cpp") and not any(named.search(lists.get(folder, "")) for folder in path.parents):
            yield path, 1, "no CMakeLists.txt names it: nothing builds it"


def plugin_faults(paths):
    there = {path.as_posix() for path in paths}
    for name in sorted({path.parts[1] for path in paths if path.parts[0] == "plugins" and len(path.parts) > 2}):
        for need in ("plugin.json", "CMakeLists.txt", "README.md"):
            if f"plugins/{name}/{need}" not in there:
                yield pathlib.PurePosixPath(f"plugins/{name}"), 1, f"a plugin has a {need}"


def file_faults(path):
    yield from folder_faults(path)
    raw = (ROOT / path).read_bytes()
    if len(raw) > BYTES_MAX:
        yield 1, f"{len(raw)} bytes, at most {BYTES_MAX}: too large for the repository"
        return
    try:
        lines = raw.decode().split("\n")
    except UnicodeDecodeError:
        return
    yield from first_line_faults(path, lines)
    if path.name == "package-lock.json":
        return
    yield from line_faults(path, lines)
    if path.suffix in FIRST_LINE and len(lines) > LINES_MAX and path.as_posix() not in LONG_FILES:
        yield 1, f"{len(lines)} lines, at most {LINES_MAX}: split it, this file has two tenants"


def tidy():
    paths = sources()
    faults = [(path, *fault) for path in paths for fault in file_faults(path)]
    faults += [*mirror_faults(paths), *unbuilt_faults(paths), *plugin_faults(paths)]
    for path, number, text in sorted(faults):
        print(f"{path}:{number}: {text}")
    print(f"{len(paths)} files, {len(faults)} faults, {len(HELD_BY)} sources held by other tests than their mirror")
    return 1 if faults else 0


def formatted():
    if not shutil.which(FORMATTER):
        print(f"skipped: no '{FORMATTER}' here; scripts/install-deps test installs it")
        return SKIPPED
    os.chdir(ROOT)
    files = [path.as_posix() for path in sources() if path.suffix in C_FAMILY]
    done = subprocess.run([FORMATTER, "--dry-run", "-Werror", *files], text=True, capture_output=True)
    bad = sorted({hit[1] for line in done.stderr.splitlines() if (hit := re.match(r"(\S+?):\d+:\d+: error", line))})
    for file in bad:
        print(f"{file}: not formatted: {FORMATTER} -i {file}")
    print(f"{len(files)} files, {len(bad)} not formatted")
    return 1 if done.returncode else 0


def main(arguments):
    if arguments == ["format"]:
        return formatted()
    if arguments:
        print("usage: check_tidy.py [format]", file=sys.stderr)
        return 64
    return tidy()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
