#!/usr/bin/env python3
# scripts/check_law.py - what must hold for the C headers of the law (sdk/include/backplane/{abi,ext}).
#
# check_law.py compile <compiler> <standard>  each header alone, the whole, and each recorded size and offset
# check_law.py sdk <compiler> <standard>      the C++ layer, in the plugin that authors start from
# check_law.py record                         the law is what tests/abi/law_1_0_draft.json says
# check_law.py rules                          fixed-width scalars and pointers only; every call tells its five facts
# check_law.py --update                       the law was changed on purpose: write the record anew
#
# Exit code 77: skipped, because a compiler is not installed.

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "sdk/include"
RECORD = ROOT / "tests/abi/law_1_0_draft.json"
WHOLE = "backplane/backplane.h"
TEMPLATE = ROOT / "sdk/templates/cpp/plugin.cpp"  # uses the C++ layer as authors do
READER = "clang-19"  # its syntax tree and its macros are what the record is made of
SKIPPED = 77

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
FACTS = ("Thread:", "Blocks:", "Owns:", "Errors:", "Since:")
SCALAR = re.compile(r"(const|struct|void|char|float|double|u?int(8|16|32|64)_t|bp_\w+)$")


def need(compiler):
    if not shutil.which(compiler):
        print(f"skipped: no '{compiler}' here; scripts/install-deps test installs it")
        sys.exit(SKIPPED)


def compile_text(compiler, standard, text, what):
    """The compiler's complaints about `text`, or None."""
    cpp = "++" in standard
    command = [compiler, f"-std={standard}", *WARNINGS, *(["-Wold-style-cast"] if cpp else []), "-fsyntax-only",
               f"-I{INCLUDE}", "-x", "c++" if cpp else "c", "-"]
    done = subprocess.run(command, input=text, text=True, capture_output=True)
    return None if done.returncode == 0 else f"{what} does not compile: {' '.join(command)}\n{done.stderr}"


def headers():
    return [path.relative_to(INCLUDE).as_posix() for tree in ("abi", "ext")
            for path in sorted((INCLUDE / "backplane" / tree).glob("*.h"))]


def include(header):
    return f"#include <{header}>\ntypedef int not_empty;\n"


def asserts(record):
    """Every size, offset and constant of the record as a static assertion."""
    lines = [f"#include <{WHOLE}>"]
    for name, struct in record["structs"].items():
        lines.append(f'BP_STATIC_ASSERT(sizeof({name}) == {struct["size"]}, "size of {name}");')
        for field in struct["fields"]:
            place = f'offsetof({name}, {field["name"]}) == {field["offset"]}'
            lines.append(f'BP_STATIC_ASSERT({place}, "offset of {name}.{field["name"]}");')
    for name, value in record["constants"].items():
        lines.append(f'BP_STATIC_ASSERT({name} == ({value}), "value of {name}");')
    return "\n".join(lines) + "\n"


def compiles(compiler, standard):
    need(compiler)
    record = json.loads(RECORD.read_text())
    texts = [(header, include(header)) for header in [*headers(), WHOLE]]
    texts.append(("the record's sizes, offsets and values", asserts(record)))
    return [fault for what, text in texts if (fault := compile_text(compiler, standard, text, what))]


def sdk_compiles(compiler, standard):
    need(compiler)
    fault = compile_text(compiler, standard, TEMPLATE.read_text(), TEMPLATE.name)
    return [fault] if fault else []


def run(command, text):
    return subprocess.run(command, input=text, text=True, capture_output=True, check=True).stdout


def syntax_tree():
    need(READER)
    command = [READER, "-std=c11", "-fsyntax-only", "-Xclang", "-ast-dump=json", f"-I{INCLUDE}", "-x", "c", "-"]
    return json.loads(run(command, include(WHOLE)))["inner"]


def children(node, kind):
    return [child for child in node.get("inner", []) if child["kind"] == kind]


def constant_value(node):
    for child in node.get("inner", []):
        if "value" in child and child["kind"] in ("ConstantExpr", "IntegerLiteral"):
            return int(child["value"])
    return None


def constants(tree):
    found = {}
    for enum in (node for node in tree if node["kind"] == "EnumDecl"):
        previous = -1
        for item in children(enum, "EnumConstantDecl"):
            value = constant_value(item)
            previous = previous + 1 if value is None else value
            if item["name"].startswith("BP_"):
                found[item["name"]] = previous
    return found


def macros():
    found = {}
    for line in run([READER, "-std=c11", "-dM", "-E", f"-I{INCLUDE}", "-x", "c", "-"], include(WHOLE)).splitlines():
        hit = re.match(r"#define (BP_\w+(?:\([^)]*\))?) ?(.*)", line)
        if hit:
            found[hit[1]] = hit[2]
    return dict(sorted(found.items()))


def is_law(node, kind):
    return node["kind"] == kind and node.get("name", "").startswith("bp_")


def law_records(tree):
    return [node for node in tree if is_law(node, "RecordDecl") and node.get("completeDefinition")]


def today(tree):
    """The law as data, without sizes: those are the compilers' to say."""
    return {
        "constants": constants(tree),
        "macros": macros(),
        "types": {node["name"]: node["type"]["qualType"] for node in tree if is_law(node, "TypedefDecl")},
        "symbols": {node["name"]: node["type"]["qualType"] for node in tree if is_law(node, "VarDecl")},
        "structs": {
            node["name"]: {"fields": [{"name": field["name"], "type": field["type"]["qualType"]}
                                      for field in children(node, "FieldDecl")]}
            for node in law_records(tree)
        },
    }


def measure(law):
    """Adds size and offsets, as a compiled program tells them."""
    prints = []
    for name, struct in law["structs"].items():
        prints.append(f'printf("%zu\\n", sizeof({name}));')
        prints += [f'printf("%zu\\n", offsetof({name}, {field["name"]}));' for field in struct["fields"]]
    text = f"#include <stdio.h>\n#include <{WHOLE}>\nint main(void) {{ {' '.join(prints)} return 0; }}\n"
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "measure"
        run([READER, "-std=c11", f"-I{INCLUDE}", "-x", "c", "-", "-o", str(program)], text)
        numbers = iter(run([str(program)], "").split())
    for struct in law["structs"].values():
        struct["size"] = int(next(numbers))
        for field in struct["fields"]:
            field["offset"] = int(next(numbers))


def differences(path, recorded, found):
    if isinstance(recorded, dict) and isinstance(found, dict):
        for key in [*recorded, *(key for key in found if key not in recorded)]:
            yield from differences(f"{path}/{key}", recorded.get(key), found.get(key))
    elif isinstance(recorded, list) and isinstance(found, list) and len(recorded) == len(found):
        for index, pair in enumerate(zip(recorded, found)):
            yield from differences(f"{path}/{index}", *pair)
    elif recorded != found:
        yield f"{path}: the record says {json.dumps(recorded)}, the headers say {json.dumps(found)}"


def record_holds():
    recorded, found = json.loads(RECORD.read_text()), today(syntax_tree())
    measure(found)
    faults = list(differences("", recorded, found))
    if faults:
        faults.append("The law changed. If that was meant: scripts/check_law.py --update, and tell it in the diary "
                      "of sdk/include/backplane/abi/version.h")
    return faults


def split_parameters(text):
    parts, depth, begin = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[begin:place])
            begin = place + 1
    return [part.strip() for part in [*parts, text[begin:]]]


def type_faults(text, structs, by_value):
    """What rule L1 holds against a type as it is written; `by_value`: may a structure stand here itself?"""
    function = re.match(r"(.*?)\(\*(?:const)?\)\((.*)\)$", text)
    if function:
        for part in [function[1], *split_parameters(function[2])]:
            yield from type_faults(part.strip(), structs, False)
        return
    if text == "...":
        yield "variable arguments"
        return
    bare = re.sub(r"\[\d+\]", "", text).strip()
    for word in re.findall(r"\w+", bare):
        if not SCALAR.match(word):
            yield f"'{word}' has no fixed width"
    if not by_value and "*" not in bare and set(re.findall(r"\w+", bare)) & structs:
        yield f"structure '{bare}' by value in a call"


def comment_of(node):
    if node["kind"] == "TextComment":
        return node["text"]
    return " ".join(comment_of(child) for child in node.get("inner", []) if child["kind"].endswith("Comment"))


def rules_hold():
    tree = syntax_tree()
    structs = {node["name"] for node in tree if is_law(node, "RecordDecl")}
    faults, calls = [], 0
    for record in law_records(tree):
        for field in children(record, "FieldDecl"):
            where, text = f"{record['name']}.{field['name']}", field["type"]["qualType"]
            if field.get("isBitfield"):
                faults.append(f"{where}: a bit-field; its place is the compiler's choice")
            faults += [f"{where}: {fault}" for fault in type_faults(text, structs, True)]
            if "(*)" in text:
                calls += 1
                comment = comment_of(field)
                faults += [f"{where}: its comment lacks '{fact}'" for fact in FACTS if fact not in comment]
    for node in tree:
        if is_law(node, "TypedefDecl") and not re.match(r"(struct|union) ", node["type"]["qualType"]):
            faults += [f"{node['name']}: {fault}" for fault in type_faults(node["type"]["qualType"], structs, True)]
        if is_law(node, "FunctionDecl"):
            faults.append(f"{node['name']}: a function; the law has tables of pointers and one data symbol")
    print(f"{len(structs)} structures, {calls} calls")
    return faults


def update():
    law = today(syntax_tree())
    measure(law)
    RECORD.write_text(json.dumps(law, indent=1) + "\n")
    print(f"wrote {RECORD.relative_to(ROOT)}")
    return []


def main(arguments):
    actions = {("compile", 3): compiles, ("sdk", 3): sdk_compiles, ("record", 1): record_holds,
               ("rules", 1): rules_hold, ("--update", 1): update}
    action = actions.get((arguments[0] if arguments else "", len(arguments)))
    if action is None:
        print("usage: check_law.py compile|sdk <compiler> <standard> | record | rules | --update", file=sys.stderr)
        return 64
    try:
        faults = action(*arguments[1:])
    except subprocess.CalledProcessError as failure:
        faults = [f"{' '.join(failure.cmd)} failed:\n{failure.stderr}"]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
