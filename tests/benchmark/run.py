"""Runs every system in every scenario, and leaves what it measured in results.json.

The runs of a scenario are interleaved: each round runs every system once, and every other round in
the opposite order, so that what the machine does beside it meets all of them alike.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

import machine
from systems import HANDWRITTEN, OURS, SCENARIOS, SYSTEMS

SOURCE = pathlib.Path(__file__).resolve().parent
ROUNDS = 7
COUNTED = (500, 1500)  # Calls of the two runs whose counts are subtracted.
EXTRAS = ("endurance", "bulk", "lifetime", "json")


def say(text):
    print(f"==> {text}", flush=True)


class Failed(Exception):
    """A run that says nothing; the others go on."""


class Bench:
    """Where things are, how programs are run, and what came of it."""

    def __init__(self, options):
        self.bin = options.bin.resolve()
        self.quick = options.quick
        self.rounds = 2 if options.quick else ROUNDS
        cores = sorted(os.sched_getaffinity(0))
        self.client_core, self.server_core = cores[0], cores[min(1, len(cores) - 1)]
        self.urls = {}
        self.results = {"machine": machine.facts(self.client_core, self.server_core),
                        "rounds": self.rounds, "quick": self.quick, "counted": COUNTED,
                        "scenarios": {}}

    def environment(self):
        """Without proxies, which would come between client and server."""
        kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        kept.update(GOMAXPROCS="1", NODE_EXTRA_CA_CERTS=self.urls.get("ca_file", ""))
        return kept

    def program(self, name):
        return str(self.bin / name)

    def run(self, command, before=(), **variables):
        """Runs a command on the client's core; what it printed, and its errors."""
        try:
            done = subprocess.run(
                ["taskset", "-c", str(self.client_core), *before, *command], text=True,
                capture_output=True, env={**self.environment(), **variables}, timeout=180,
                check=False)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{command[0]}: no end after {error.timeout} s") from error
        if done.returncode != 0:
            raise Failed(f"{command[0]}: exit status {done.returncode}: "
                         f"{done.stderr.strip()[-300:] or done.stdout.strip()}")
        return done.stdout, done.stderr

    def measure(self, command):
        return json.loads(self.run(command)[0])

    def instructions(self, command):
        """All of them, in user space."""
        _, errors = self.run(command, ("valgrind", "--tool=callgrind",
                                       "--callgrind-out-file=/dev/null"))
        return int(re.search(r"Collected : (\d+)", errors).group(1))

    def allocations(self, command):
        """All of them, `operator new` included."""
        with tempfile.NamedTemporaryFile("r", encoding="ascii") as count:
            self.run(command, LD_PRELOAD=self.program("libcount_allocations.so"),
                     COUNT_ALLOCATIONS_TO=count.name)
            return int(count.read())

    def per_call(self, count, command):
        """`count` of the command with more calls less that with fewer; `command` takes the calls."""
        fewer, more = COUNTED
        first, second = count(command(fewer)), count(command(fewer))
        if abs(first - second) > 0.1 * first:
            raise Failed(f"{first} the first time, {second} the second")
        return (count(command(more)) - first) / (more - fewer)


def serve(stack, bench, command, lines):
    """Starts a server, which ends with the stack, and takes in the NAME=VALUE lines it prints."""
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def stop():
        server.terminate()
        server.wait()

    stack.callback(stop)
    for _ in range(lines):
        name, _, value = server.stdout.readline().strip().partition("=")
        if not value:
            sys.exit(f"no server: {command[0]} ended")
        bench.urls[name] = value


def call_command(bench, system, scenario, calls, warm_up=0):
    parts = [part.format(bin=bench.bin, src=SOURCE) for part in system.command]
    parts += ["--url", bench.urls[scenario.server], "--token", "benchmark-token",
              "--calls", str(calls), "--in-flight", str(scenario.in_flight),
              "--warm-up", str(warm_up)]
    if scenario.server != "plain":
        parts += ["--ca-file", bench.urls["ca_file"]]
    if scenario.server == "http2":
        parts.append("--http2")
    return parts


def contenders(bench, scenario):
    """Those that can do it, and are there."""
    for key, system in SYSTEMS.items():
        program = system.command[0].format(bin=bench.bin)
        if scenario.in_flight > system.most_in_flight:
            continue
        if scenario.server == "http2" and not system.http2:
            continue
        if program.startswith("/") and not os.path.exists(program):
            say(f"    {system.label}: left out, not built")
            continue
        yield key


def run_scenario(bench, name):
    scenario = SCENARIOS[name]
    say(scenario.title)
    keys = list(contenders(bench, scenario))
    runs = {key: [] for key in keys}
    errors = {}
    for number in range(bench.rounds):
        for key in keys if number % 2 == 0 else reversed(keys):
            system = SYSTEMS[key]
            calls = int(scenario.calls * system.speed / (10 if bench.quick else 1))
            # Enough for every connection to be there before.
            warm_up = max(system.warm_up, 3 * scenario.in_flight)
            if key not in errors:
                try:
                    runs[key].append(bench.measure(
                        call_command(bench, system, scenario, calls, warm_up)))
                except Failed as error:
                    errors[key] = str(error)
                    say(f"    {system.label}: left out: {error}")
    result = {"runs": {key: of for key, of in runs.items() if key not in errors},
              "errors": errors, "instructions": {}, "allocations": {}}
    if scenario.count:
        for key in result["runs"]:
            if SYSTEMS[key].native:
                count(bench, key, scenario, result)
    bench.results["scenarios"][name] = result


def count(bench, key, scenario, result):
    def command(calls):
        return call_command(bench, SYSTEMS[key], scenario, calls)

    try:
        result["allocations"][key] = bench.per_call(bench.allocations, command)
        result["instructions"][key] = bench.per_call(bench.instructions, command)
    except Failed as error:
        say(f"    {SYSTEMS[key].label}: not counted: {error}")


def run_endurance(bench):
    say("Memory after many calls")
    calls = 100_000 if bench.quick else 1_000_000
    bench.results["endurance"] = bench.measure(call_command(
        bench, SYSTEMS[OURS], SCENARIOS["many64-http1"], calls - 10_000, warm_up=10_000))


def run_bulk(bench):
    say("1000 creates, 64 in flight, 20 ms for each reply")
    with contextlib.ExitStack() as stack:
        serve(stack, bench, ["taskset", "-c", str(bench.server_core),
                             bench.program("slow_server"), "20"], 1)
        arguments = ["--url", bench.urls["slow"], "--token", "benchmark-token", "--calls", "1000",
                     "--in-flight", "64", "--warm-up", "64"]
        runs = {OURS: [], HANDWRITTEN: []}
        for _ in range(bench.rounds):
            runs[OURS].append(bench.measure([bench.program("bulk"), *arguments]))
            runs[HANDWRITTEN].append(bench.measure([bench.program("handwritten"), *arguments]))
    bench.results["bulk"] = runs


def run_lifetime(bench):
    say("A client built and destroyed")
    bench.results["lifetime"] = [bench.measure([bench.program("client_lifetime")])
                                 for _ in range(bench.rounds)]


def run_json(bench):
    say("JSON text, instructions")
    bench.results["json"] = {
        what: {side: bench.per_call(
            bench.instructions,
            lambda calls, w=what, s=side: [bench.program("json_text"), s, w, str(calls)])
               for side in ("ours", "rapidjson")}
        for what in ("encode", "decode")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="where the programs are")
    parser.add_argument("--quick", action="store_true", help="few and short runs")
    parser.add_argument("--only", action="append", default=[], metavar="WORD",
                        help="only what has the word in its name: "
                             + ", ".join((*SCENARIOS, *EXTRAS)))
    options = parser.parse_args()

    names = [name for name in (*SCENARIOS, *EXTRAS)
             if not options.only or any(word in name for word in options.only)]
    if not names:
        sys.exit("nothing has that name")
    # Otherwise the servers would outlive it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(options)
    if bench.client_core == bench.server_core:
        say("one core only: client and server share it, and take time from each other")
    with contextlib.ExitStack() as stack:
        serve(stack, bench, [str(SOURCE / "nginx.sh"), str(bench.bin / "nginx"), "taskset", "-c",
                             str(bench.server_core)], 4)
        for name in names:
            try:
                if name in SCENARIOS:
                    run_scenario(bench, name)
                else:
                    globals()[f"run_{name}"](bench)
            except Failed as error:
                say(f"    left out: {error}")
    (bench.bin / "results.json").write_text(json.dumps(bench.results, indent=1) + "\n",
                                            encoding="utf-8")
    say(f"results.json: {len(names)} parts")


if __name__ == "__main__":
    main()
