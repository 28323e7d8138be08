"""Mutation trials: see scripts/mutate, which prepares the tree and the build.

  mutate.py TREE BUILD [--count N] [--seed N] [--list] [FILE...]

The sources are as clang-format leaves them, so lines and spaces say enough: no parser is needed.
"""
import argparse
import collections
import itertools
import pathlib
import random
import re
import shlex
import subprocess
import sys

FILES = [f"src/{name}.cc" for name in (
    "call", "retry_decision", "response_mapping", "retry_after", "json_codec",
    "service_account_json", "envelope", "redaction", "proxy_secrets")]

SWAPS = {" < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " == ": " != ",
         " != ": " == ", " && ": " || ", " || ": " && ", " + ": " - ", " - ": " + ",
         "true": "false", "false": "true"}
SWAP = re.compile(r" (?:<|<=|>|>=|==|!=|&&|\|\||\+|-) |\b(?:true|false)\b")
NUMBER = re.compile(r"(?<![\w.'])\d[\d']*(?![\w.'x])")
CONDITION = re.compile(r"\b(?:if|while) \(")
RETURN = re.compile(r"\breturn ([^;]+);")
# What another change makes something else of already.
NOTHING = {"{}", "std::nullopt", "nullptr", '""', "0", "false", "true"}
EQUATION = re.compile(r"[^&|]* [=!]= [^&|]*$")
# A statement of one line that calls or assigns, and declares nothing.
STATEMENT = re.compile(r"^\s+(?!return\b|using\b|case\b|default\b|delete\b|const\b|auto\b)"
                       r"(?:[*+]|-(?!>))*[\w.:>\[\]()*-]+(?:\(.*\)| [+|]?= .*)?;$")
LITERAL = re.compile(r'R"\(.*?\)"|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'|//.*')

Mutation = collections.namedtuple("Mutation", "file line was now")


def _closing(text, begin):
    """The place of the bracket that closes the one at `begin`; none where it is on another line."""
    depth = 0
    for place in range(begin, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return None


def _changes(line):
    """Each line that this one can become."""
    # Of the same length, with nothing in it that is not code.
    code = LITERAL.sub(lambda match: "\x00" * len(match[0]), line)
    if not code.strip() or code.lstrip().startswith(("#", "static_assert")):
        return

    def with_(begin, end, text):
        return line[:begin] + text + line[end:]

    for match in SWAP.finditer(code):
        yield with_(*match.span(), SWAPS[match[0]])
    for match in NUMBER.finditer(code):
        value = int(match[0].replace("'", ""))
        yield with_(*match.span(), str(value + 1))
        if value > 0:
            yield with_(*match.span(), str(value - 1))
    for match in CONDITION.finditer(code):
        end = _closing(code, match.end() - 1)
        if end is None:
            continue
        begin = max(match.end(), code.rfind("; ", match.end(), end) + 2)
        if " = " not in code[begin:end] and not EQUATION.match(code[begin:end]):
            yield with_(begin, end, f"!({line[begin:end]})")
    for match in RETURN.finditer(code):
        if line[match.start(1):match.end(1)] not in NOTHING:
            yield with_(*match.span(1), "{}")
    if STATEMENT.match(code):
        indent = len(line) - len(line.lstrip())
        yield line[:indent] + ";"


def mutations(tree, file):
    for number, line in enumerate((tree / file).read_text().split("\n"), 1):
        for now in _changes(line):
            yield Mutation(file, number, line, now)


def _run(command, seconds=None, cwd=None):
    """Whether it ended well, and in time."""
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=seconds, cwd=cwd,
                              check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


class Trials:
    """Compiles what a mutation changes, and links it in front of the library, whose own is then not
    asked for. By the build's commands, without the build: that looks at all the rest each time."""

    def __init__(self, tree, build):
        self._tree = tree.resolve()
        self._build = build.resolve()
        self._place = self._build / "mutation"
        self._place.mkdir(exist_ok=True)
        self._header_of = None
        ask = ["ninja", "-C", self._build, "-t", "commands", "unit-tests"]
        commands = subprocess.run(ask, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        self._compile = {command.split()[-1]: shlex.split(command)[:-2] for command in commands}
        self._link = shlex.split(commands[-1].split(" && ")[1])

    def sound(self):
        """Whether the tests pass with nothing broken; else every mutation would seem killed."""
        return _run([self._build / "tests/unit/unit-tests"], 120)

    def outcome(self, mutation):
        text = (self._tree / mutation.file).read_text()
        if self._header_of != mutation.file:
            self._precompile(mutation.file, text)
        lines = text.split("\n")
        lines[mutation.line - 1] = mutation.now
        source = self._place / "mutation.cc"
        source.write_text("\n".join(lines))
        if not self._make(mutation.file, ["-include", self._place / "headers.h"], source, "mutation.o"):
            return "did not compile"
        links = [self._link]
        # The file's own tests are asked first: they mostly notice, and are linked sooner.
        own = f"/{pathlib.Path(mutation.file).stem}_test.cc.o"
        if any(word.endswith(own) for word in self._link):
            links.insert(0, [w for w in self._link if "unit-tests.dir" not in w or w.endswith(own)])
        return "killed" if any(self._noticed(link) for link in links) else "survived"

    def _precompile(self, file, text):
        """All that the file includes, once for all of its mutations."""
        last = text.rindex("#include ")
        header = self._place / "headers.h"
        header.write_text(text[:text.index("\n", last) + 1])
        if not self._make(file, ["-x", "c++-header"], header, "headers.h.gch"):
            header.write_text("")  # The last one stands in an #if.
            self._make(file, ["-x", "c++-header"], header, "headers.h.gch")
        self._header_of = file

    def _make(self, file, options, source, made):
        command = self._compile[str(self._tree / file)]
        command = command[:command.index("-MD")]
        return _run([*command, "-w", *options, "-o", self._place / made, "-c", source], cwd=self._build)

    def _noticed(self, link):
        """Whether one of these tests fails."""
        output = link.index("-o") + 1
        program = self._place / "tests"
        command = [*link[:output], program, self._place / "mutation.o", *link[output + 1:]]
        if not _run(command, cwd=self._build):
            raise SystemExit("mutate: could not link a mutation")
        return not _run([program, "--abort"], 30)


def _draw(found, count, seed):
    """So many, from each file in turn, so that the long ones do not take them all."""
    draw = random.Random(seed)
    by_file = collections.defaultdict(list)
    for mutation in found:
        by_file[mutation.file].append(mutation)
    rows = [draw.sample(of_file, len(of_file)) for of_file in by_file.values()]
    in_turn = [m for row in itertools.zip_longest(*rows) for m in row if m is not None]
    return sorted(in_turn[:count], key=lambda m: (m.file, m.line))


def main():
    parser = argparse.ArgumentParser(prog="mutate", add_help=False)
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_intermixed_args()

    found = [m for file in arguments.files or FILES for m in mutations(arguments.tree, file)]
    drawn = _draw(found, arguments.count, arguments.seed)
    print(f"{len(drawn)} of {len(found)} changes, seed {arguments.seed}", flush=True)
    if arguments.list:
        for m in drawn:
            print(f"{m.file}:{m.line}\n  - {m.was.strip()}\n  + {m.now.strip()}")
        return 0
    trials = Trials(arguments.tree, arguments.build)
    if not trials.sound():
        print("mutate: the unit tests do not pass as they are", file=sys.stderr)
        return 1
    counts = collections.defaultdict(collections.Counter)
    for number, m in enumerate(drawn, 1):
        outcome = trials.outcome(m)
        counts[m.file][outcome] += 1
        counts["all"][outcome] += 1
        print(f"{number}/{len(drawn)} {m.file}:{m.line}: {outcome}", flush=True)
        if outcome == "survived":
            print(f"  - {m.was.strip()}\n  + {m.now.strip()}", flush=True)
    outcomes = ("killed", "survived", "did not compile")
    print(f"\n{'':32}" + "".join(f"{outcome:>17}" for outcome in outcomes))
    for file, count in counts.items():
        if file != "all":
            print(f"{file:32}" + "".join(f"{count[outcome]:17}" for outcome in outcomes))
    print(f"{'all':32}" + "".join(f"{counts['all'][outcome]:17}" for outcome in outcomes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
