#!/usr/bin/env python3
# tests/bench/instructions/check.py - counts instructions with callgrind and compares them with recorded.json.
#
# Exit codes: 0 within the slack, 1 more instructions than recorded, 77 nothing to compare with, or no valgrind.

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SLACK = 0.10
SLACK_INSTRUCTIONS = 2  # small counts may move by so many
SKIPPED = 77
RECORDED = pathlib.Path(__file__).resolve().parent / "recorded.json"
PUBLISHING = "bench_publish"  # in plugins/sender/sender.c


def counted(program):
    """{case: instructions of one operation}, from one run under callgrind."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", "--quiet", program]
        done = subprocess.run(command, text=True, capture_output=True, timeout=280)
        if done.returncode:
            sys.exit(f"{program} failed under valgrind:\n{done.stdout}{done.stderr}")
        operations = dict(line.split() for line in done.stdout.splitlines())
        counts = {}
        for dump in sorted(pathlib.Path(folder).iterdir()):
            text = dump.read_text(errors="replace")
            trigger = re.search(r"^desc: Trigger: Client Request: (\w+)", text, re.M)
            if not trigger:
                continue  # what ran after the last case
            case = trigger[1]
            each = int(operations[case])
            counts[case] = int(re.search(r"^(?:summary|totals): (\d+)", text, re.M)[1]) / each
            if case == "publish_deliver":
                counts["publish"] = inclusive(text, PUBLISHING) / each
                counts["deliver"] = counts[case] - counts["publish"]
    missing = set(operations) - set(counts)
    if missing or not counts:
        sys.exit(f"callgrind wrote no counts for {', '.join(sorted(missing)) or 'anything'}")
    return {case: round(count, 1) for case, count in counts.items()}


def inclusive(text, function):
    """What all calls of a function cost, with everything it called."""
    names, total, called, next_is_cost = {}, 0, "", False
    for line in text.splitlines():
        if next_is_cost:
            next_is_cost = False
            if called.startswith(function):
                total += int(line.split()[1])
        elif line.startswith("cfn="):
            number, name = re.match(r"cfn=\((\d+)\)(?: (.*))?", line).groups()
            called = names.setdefault(number, name) if name else names.get(number, "")
        elif line.startswith("calls="):
            next_is_cost = True
        elif line.startswith("fn="):
            number, name = re.match(r"fn=\((\d+)\)(?: (.*))?", line).groups()
            if name:
                names.setdefault(number, name)
    if not total:
        sys.exit(f"callgrind saw no call of {function}(): is the plugin stripped?")
    return total


def compare(counts, recorded, build):
    failed = False
    for case, count in counts.items():
        known = recorded.get(case)
        if known is None:
            print(f"{case:<18} {count:>10} instructions, not recorded: {sys.argv[0]} --update")
            failed = True
            continue
        limit = known * (1 + SLACK) + SLACK_INSTRUCTIONS
        verdict = "TOO MANY" if count > limit else "fewer; record it" if count < known * (1 - SLACK) else "as recorded"
        failed = failed or count > limit
        print(f"{case:<18} {count:>10} instructions, recorded {known:>10}, at most {limit:.0f}: {verdict}")
    if failed:
        print(f"more instructions than recorded for {build}; if that is meant: add --update and say why in the commit")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description="Counts instructions and compares them with recorded.json.")
    parser.add_argument("program", help="bench-instructions of this build")
    parser.add_argument("--build", required=True, help="which kind of build it is: Release-lto, Debug, ...")
    parser.add_argument("--update", action="store_true", help="record what was counted")
    parser.add_argument("--out", help="also write '<case> <count>' lines to this file")
    words = parser.parse_args()
    if not shutil.which("valgrind"):
        print("skipped: no valgrind here; scripts/install-deps bench installs it")
        return SKIPPED
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    if words.build not in recorded and not words.update and not words.out:
        print(f"skipped: nothing is recorded for a build of kind {words.build}")
        return SKIPPED
    counts = counted(words.program)
    if words.out:
        pathlib.Path(words.out).write_text("".join(f"{case} {count}\n" for case, count in counts.items()))
        return 0
    if words.update:
        recorded[words.build] = counts
        RECORDED.write_text(json.dumps(recorded, indent=2, sort_keys=True) + "\n")
        print(f"recorded for {words.build}: {counts}")
        return 0
    return compare(counts, recorded[words.build], words.build)


if __name__ == "__main__":
    sys.exit(main())
