"""What was measured, as it comes, as a table, and as one line of JSON."""

import json
import statistics
import sys
import time

COLUMNS = ("req_s", "p50_us", "p99_us", "cpu_us")


class Report:
    """Collects the rounds of each row; a row's numbers are the medians over its rounds."""

    def __init__(self, bench, quiet, columns=COLUMNS):
        self.bench, self.columns, self.out = bench, columns, sys.stderr if quiet else sys.stdout
        self.rounds, self.ratios, self.targets = {}, {}, {}
        self.begun = time.monotonic()

    def say(self, text):
        print(text, file=self.out, flush=True)

    def progress(self, text):
        self.say(f"[{time.monotonic() - self.begun:6.1f} s] {text}")

    def add(self, name, load, **numbers):
        """One round of one row. Missing numbers are ones that the row does not have."""
        self.rounds.setdefault((name, load), []).append(numbers)

    def values(self, name, load, column):
        """A row's numbers, round by round."""
        return [numbers[column] for numbers in self.rounds[name, load]]

    def compare(self, label, one, other, target=None, of=lambda a, b: a / b):
        """A ratio (or difference) of two series of rounds: its median, since within a round the machine is the same."""
        pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b]
        if pairs:
            self.ratios[label] = round(statistics.median(of(a, b) for a, b in pairs), 3)
            self.targets[label] = target

    def quartiles(self, label, one, other):
        """The first and the third quartile of a ratio, over at least two rounds."""
        ratios = [a / b for a, b in zip(one, other, strict=True) if a is not None and b]
        if len(ratios) > 1:
            first, _, third = statistics.quantiles(ratios, n=4, method="inclusive")
            self.ratios[f"{label} q1"], self.ratios[f"{label} q3"] = round(first, 3), round(third, 3)

    def drift(self, label, series):
        """How much the machine itself changed while it was measured."""
        self.ratios[label] = round(max(series) / min(series), 3)

    def finish(self):
        rows = [{"name": name, "load": load} | self._medians(name, load) for name, load in self.rounds]
        self._table(rows)
        for label, value in self.ratios.items():
            target = self.targets.get(label)
            mark = "" if target is None else f"   target ≤ {target}: {'met' if value <= target else 'missed'}"
            self.say(f"{label:52}{value:>12,.3f}{mark}")
        self.out.flush()
        print(json.dumps({"bench": self.bench, "rows": rows, "ratios": self.ratios}), flush=True)

    def _medians(self, name, load):
        medians = {}
        for column in self.columns:
            rounds = (numbers.get(column) for numbers in self.rounds[name, load])
            known = [value for value in rounds if value is not None]
            medians[column] = round(statistics.median(known), 1) if known else None
        return medians

    def _table(self, rows):
        width = max(len(row["name"]) for row in rows) + 2
        self.say("\n" + "name".ljust(width) + "load".ljust(11) + "".join(f"{column:>12}" for column in self.columns))
        for row in rows:
            cells = ("–" if row[column] is None else f"{row[column]:,.1f}" for column in self.columns)
            self.say(row["name"].ljust(width) + row["load"].ljust(11) + "".join(f"{cell:>12}" for cell in cells))
        self.say("")
