"""Makes benchmarks.md and benchmarks.svg of results.json."""
import argparse
import json
import pathlib

import chart
from figures import Figures
from systems import GO, HANDWRITTEN, OURS, SCENARIOS, SYSTEMS

INTRODUCTION = """\
# Benchmarks

What a call costs with this library, and with others that make the same call. `./scripts/bench` measures it and writes this page;
nothing on it is written by hand, and no test depends on it. A ratio is this library's figure divided by the other's, where it does not
say otherwise.
"""

METHOD = """\
## How it is measured

Every program creates service accounts on one nginx, over loopback: the same request of two permissions and a description with a name
that differs from call to call, and the documented reply with all ten members of `data`. Every program checks the status, reads the
`X-Request-Id` field, and copies what it uses of the reply out of the JSON: the C++ programs and Go every member. A run in which one
call failed counts for nothing.

- **The server** is one nginx worker on a core of its own. It reads the request, does not look into its JSON, replies from memory,
  and keeps connections; an HTTP/2 connection takes 128 streams, as nginx has it. TLS has a P-256 certificate.
- **Clients** are pinned to one core, with all of their threads, and warmed up before the measuring, so that connections are there.
- **CPU** is the process's user and system time during the measured calls. **Calls/s** is what the wall clock says; where the CPU time
  is less than the wall time, the client waited for the server, and the CPU time is the figure to compare.
- **Runs are interleaved**: each round runs every system once, every other round in the opposite order. The tables show medians;
  a ratio is the median of the ratios of each round's two runs.
- **Instructions** are those in user space, counted by callgrind; **allocations** are calls of `malloc`, `calloc`, `realloc` and
  aligned kin, `operator new` included. Both are the difference of two runs, of {counted[0]} and {counted[1]} calls: what a start
  costs is not in them. Counted for the C++ programs only, and left out where two equal runs differ by more than a tenth.
- **Peak memory** is that of the whole process, interpreter and all.
- Left out of a scenario: what cannot do it (HTTP/2), or only with a thread for each of 1000 calls.

"""

AGAIN = """\
## Run it again

```
./scripts/bench                     all of it, about ten minutes; writes this page
./scripts/bench --quick             few and short runs, to try it; writes build/bench/report
./scripts/bench --only blocking     a part; writes build/bench/report
```

The raw data is left in `build/bench/results.json`.
"""


class Goal:
    """A ratio with its bound: at most, or at least where more is better."""

    def __init__(self, what, against, measured, unit, limit, more_is_better=False):
        self.what, self.against, self.unit = what, against, unit
        self.ours, self.other, self.ratio = measured
        self.limit, self.more_is_better = limit, more_is_better

    def row(self):
        reached = self.ratio >= self.limit if self.more_is_better else self.ratio <= self.limit
        word = "at least" if self.more_is_better else "at most"
        return [self.what, f"{number(self.ours)} {self.unit}".strip(),
                f"{self.against}: {number(self.other)} {self.unit}".strip(), f"{self.ratio:.2f}",
                f"{word} {self.limit:.2f}", "reached" if reached else "**not reached**"]


def goals(figures):
    """What the library wants to be measured by."""
    hand, go = SYSTEMS[HANDWRITTEN].label, SYSTEMS[GO].label
    all_goals = [
        Goal("Instructions per blocking call", hand,
             figures.counted("blocking-http1", "instructions", HANDWRITTEN), "", 0.95),
        Goal("Allocations per blocking call", hand,
             figures.counted("blocking-http1", "allocations", HANDWRITTEN), "", 0.9),
        Goal("CPU per blocking call", hand,
             figures.run("blocking-http1", "cpu", HANDWRITTEN), "µs", 1.0),
    ]
    for name, title, to_hand, to_go in (
            ("many64-http1", "64 in flight, HTTP/1.1", 1.0, 1.5),
            ("many1000-http1", "1000 in flight, HTTP/1.1", 1.3, 1.0),
            ("many64-http2", "64 in flight, TLS with HTTP/2", 1.0, 1.0)):
        all_goals += [Goal(title, SYSTEMS[other].label, figures.run(name, "rate", other),
                           "calls/s", limit, more_is_better=True)
                      for other, limit in ((HANDWRITTEN, to_hand), (GO, to_go))]
    all_goals += [Goal("Peak memory, 1000 in flight", SYSTEMS[other].label,
                       figures.run("many1000-http1", "peak", other), "MiB", 1.1)
                  for other in (HANDWRITTEN, GO)]
    all_goals += [
        Goal("Memory after 1 000 000 calls", "after 10 000", figures.endurance(), "MiB", 1.01),
        Goal("1000 creates, 64 in flight, 20 ms for each reply", "⌈1000/64⌉ · 20 ms",
             figures.bulk(), "ms", 1.1),
        Goal("A client built and destroyed, after the first", "allowed", figures.lifetime(50.0),
             "µs", 1.0),
        Goal("One request to JSON, instructions", "RapidJSON DOM", figures.json("encode"), "", 0.5),
        Goal("One reply's `data` from JSON, instructions", "RapidJSON DOM",
             figures.json("decode"), "", 0.5),
    ]
    return [goal for goal in all_goals if goal.ratio is not None]


def number(value):
    """With three figures or more, and thousands apart."""
    if value is None:
        return ""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}".replace(",", " ").removesuffix(".00")


def table(head, rows):
    """Markdown; the first column is text."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n\n"


def scenario_table(figures, name):
    """One row for each system."""
    def ratio(key, other):
        value = figures.ratio(name, "cpu", other, key)
        return "" if value is None else f"{value:.2f}"

    rows = []
    for key in figures.results["scenarios"][name]["runs"]:
        label = SYSTEMS[key].label
        rows.append([
            f"**{label}**" if key == OURS else label,
            *(number(figures.median(name, key, metric)) for metric in ("cpu", "wall", "rate")),
            number(figures.count(name, key, "instructions")),
            number(figures.count(name, key, "allocations")),
            number(figures.median(name, key, "peak")),
            ratio(key, OURS), ratio(key, HANDWRITTEN)])
    return table(["", "CPU, µs per call", "wall, µs per call", "calls/s", "instructions per call",
                  "allocations per call", "peak memory, MiB", "CPU, this library : it",
                  "CPU, hand-written : it"], rows)


def page(figures, counted):
    """The whole of benchmarks.md."""
    results = figures.results
    parts = [INTRODUCTION, "\n"]
    if results["quick"]:
        parts.append("**These are the figures of a quick run, which tell little.**\n\n")
    parts.append("## In short\n\n")
    parts.append(table(["", "this library", "compared to", "ratio", "goal", ""],
                       [goal.row() for goal in goals(figures)]))
    if chart.draw(figures):
        parts.append("![CPU time per call](benchmarks.svg)\n\n")
    parts.append("## All systems\n\n")
    for name in results["scenarios"]:
        parts.append(f"### {SCENARIOS[name].title}\n\n" + scenario_table(figures, name))
    bulk = results.get("bulk", {})
    if HANDWRITTEN in bulk:
        parts.append("The 1000 creates at 20 ms each take the hand-written loop "
                     f"{number(Figures({'bulk': {OURS: bulk[HANDWRITTEN]}}).bulk()[0])} ms.\n\n")
    parts.append("## The systems\n\n")
    parts += [f"- **{system.label}**: {system.what}.\n" for system in SYSTEMS.values()]
    parts.append("\n" + METHOD.format(counted=counted))
    parts.append("## The machine\n\n")
    rows = {**results["machine"], "rounds": str(results["rounds"])}
    parts.append("| | |\n|---|---|\n"
                 + "".join(f"| {name} | {value} |\n" for name, value in rows.items()) + "\n")
    parts.append(AGAIN)
    return "".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path, required=True, help="a folder")
    options = parser.parse_args()
    figures = Figures(json.loads(options.results.read_text(encoding="utf-8")))
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "benchmarks.md").write_text(
        page(figures, figures.results["counted"]), encoding="utf-8")
    (options.output / "benchmarks.svg").write_text(chart.draw(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
