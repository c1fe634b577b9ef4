"""Reading a 60 KB profile into its message, beside a strict reading into plain structs: no network, one thread."""

import json
import os
import subprocess
import sys

import tools
from processes import Failure

CASES = {"strict": "plain structs", "lenient": "message", "envelope": "whole answer"}
TARGET = 1.5


def run(asked, _processes, report):
    report.progress(f"building with profile {asked.profile}")
    medians = {name: [] for name in CASES}
    for number in range(1, asked.rounds + 1):
        cargo(asked)
        for name in CASES:
            nanoseconds = median(name)
            medians[name].append(nanoseconds)
            report.add(CASES[name], "60KB", req_s=1e9 / nanoseconds, p50_us=nanoseconds / 1e3, p99_us=None, cpu_us=None)
        report.progress(f"round {number} of {asked.rounds}")
    report.compare("message / plain structs", medians["lenient"], medians["strict"], TARGET)
    report.compare("whole answer / plain structs", medians["envelope"], medians["strict"])
    report.drift("plain structs, slowest / fastest round", medians["strict"])


def cargo(asked):
    # The whole workspace is selected, as by the tests: another selection has other features, and builds every library again.
    command = ["cargo", "bench", "--locked", "--profile", asked.profile, "--workspace", "--bench", "decode"]
    command += ["--", "--noplot", "--warm-up-time", "0.5", "--measurement-time", str(asked.seconds)]
    try:
        done = subprocess.run(command, stdout=sys.stderr, timeout=3_600, cwd=tools.ROOT)
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise Failure(f"cargo bench: {error}") from None
    if done.returncode != 0:
        raise Failure(f"cargo bench failed with {done.returncode}")


def median(name):
    """Nanoseconds of one reading."""
    target = os.environ.get("CARGO_TARGET_DIR", tools.ROOT / "target")
    path = os.path.join(target, "criterion", "decode", name, "new", "estimates.json")
    with open(path, encoding="utf-8") as file:
        return json.load(file)["median"]["point_estimate"]
