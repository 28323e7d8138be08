"""The figures that results.json holds: medians, and ratios of the runs of one round."""
import statistics

from systems import OURS

METRICS = {
    "cpu": lambda run: run["cpu_seconds"] / run["calls"] * 1e6,
    "wall": lambda run: run["wall_seconds"] / run["calls"] * 1e6,
    "rate": lambda run: run["calls"] / run["wall_seconds"],
    "peak": lambda run: run["peak_kib"] / 1024,
}


class Figures:
    """Every function returns None for what was not measured."""

    def __init__(self, results):
        self.results = results

    def _runs(self, scenario, system):
        return self.results["scenarios"].get(scenario, {}).get("runs", {}).get(system)

    def median(self, scenario, system, metric):
        """Of one system's runs."""
        runs = self._runs(scenario, system)
        return statistics.median(map(METRICS[metric], runs)) if runs else None

    def count(self, scenario, system, what):
        """Instructions or allocations per call."""
        return self.results["scenarios"].get(scenario, {}).get(what, {}).get(system)

    def ratio(self, scenario, metric, system, other):
        """The median of the ratios of each round's two runs."""
        ours, theirs = self._runs(scenario, system), self._runs(scenario, other)
        if not ours or not theirs:
            return None
        return statistics.median(METRICS[metric](a) / METRICS[metric](b)
                                 for a, b in zip(ours, theirs))

    def run(self, scenario, metric, other):
        """What a goal compares: this library's figure, the other's, and their ratio."""
        return (self.median(scenario, OURS, metric), self.median(scenario, other, metric),
                self.ratio(scenario, metric, OURS, other))

    def counted(self, scenario, what, other):
        """The same for instructions and allocations."""
        return _against(self.count(scenario, OURS, what), self.count(scenario, other, what))

    def json(self, what):
        """Instructions for one text, and RapidJSON's."""
        sides = self.results.get("json", {}).get(what, {})
        return _against(sides.get("ours"), sides.get("rapidjson"))

    def endurance(self):
        """Resident memory after all calls, and after the first 10 000, in MiB."""
        run = self.results.get("endurance")
        if not run:
            return None, None, None
        return _against(run["resident_after_kib"] / 1024, run["resident_before_kib"] / 1024)

    def bulk(self):
        """Milliseconds for 1000 creates, and the least that 64 at a time can take."""
        runs = self.results.get("bulk", {}).get(OURS)
        if not runs:
            return None, None, None
        spent = statistics.median(run["wall_seconds"] for run in runs) * 1000
        return _against(spent, -(-1000 // 64) * 20.0)

    def lifetime(self, allowed):
        """Microseconds for a client, after the first one, and what is allowed."""
        runs = self.results.get("lifetime")
        if not runs:
            return None, None, None
        return _against(statistics.median(run["microseconds"] for run in runs), allowed)


def _against(ours, other):
    if ours is None or other is None:
        return None, None, None
    return ours, other, ours / other
