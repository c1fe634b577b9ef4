"""What a good tenant's calls take while another tenant misbehaves, each in its own process, the bad one with lower priority."""

import json
import time

import deployment as granary
import job
import peers
import tools
from processes import Failure, end

COLUMNS = ("calls", "lost", "p50_us", "p99_us", "bad_s")
NONE = "nobody"
KINDS = (NONE, "cancels", "hangs-up", "late", "unread", "unfinished", "headers", "watches", "busy", "slow", "refused", "announced")
KINDS += ("unknown-keys", "rows")
NICE = ("nice", "-n", 10)
# Before the good callers begin, the bad one is at work; and it goes on until they have ended.
AHEAD = 0.5


def run(asked, processes, report):
    envoy = tools.envoy(report)
    binaries = tools.build(asked, report)

    report.progress("starting Granary, the simulator and Envoy, each a process")
    deployment = granary.Deployment(processes, binaries)
    sandbox, urls = job.start_sandbox(processes, deployment)
    deployment.start_vault()
    deployment.start_linkedin(urls["harvestapi"])
    # Nobody calls it, but the gateway looks at its health.
    deployment.start_harvest()
    _, port = deployment.start_gateway(threads=2)
    _, before = peers.envoy(processes, envoy, port)
    settle = [binaries / "bench-neighbours", "settle", "--address", f"127.0.0.1:{port}"]
    settle += ["--vault", f"127.0.0.1:{deployment.ports['vault']}", "--sandbox", urls["control"]]
    granary.until(20, lambda: deployment.cli(port, "accounts", "list"))
    keys = json.loads(processes.run(settle, {"BENCH_API_KEY": deployment.api_key}))
    targets = {"gateway": port, "envoy": before}
    bench = Bench(processes, binaries / "bench-neighbours", keys, asked.seconds)
    granary.until(20, lambda: bench.good(port))
    rounds(asked, bench, report, targets)
    compare(report, targets)


class Bench:
    """One run after the other."""

    def __init__(self, processes, program, keys, seconds):
        self.processes, self.program, self.keys, self.seconds = processes, program, keys, seconds

    def good(self, port):
        """The good callers alone, or beside a bad one that runs."""
        command = [self.program, "good", "--address", f"127.0.0.1:{port}", "--seconds", self.seconds]
        output = self.processes.run(command, {"BENCH_API_KEY": self.keys["good"]}, seconds=self.seconds + 60)
        return json.loads(output)

    def beside(self, kind, port):
        """The good callers beside a bad one of a kind."""
        if kind == NONE:
            return self.good(port) | {"bad_s": None}
        seconds = self.seconds + 2 * AHEAD
        command = [*NICE, self.program, "bad", "--kind", kind, "--address", f"127.0.0.1:{port}", "--seconds", seconds]
        bad = self.processes.start(f"bad-{kind}", command, env={"BENCH_API_KEY": self.keys["bad"]})
        try:
            time.sleep(AHEAD)
            seen = self.good(port)
            # Good callers that are held up go on for longer.
            code = bad.process.wait(seconds + 60)
            if code != 0:
                raise Failure(f"the bad caller ended with {code}:\n{bad.last_words()}")
            return seen | {"bad_s": json.loads(bad.last_words())["calls"] / seconds}
        finally:
            end(bad.process)
            self.processes.all.remove(bad)


def rounds(asked, bench, report, targets):
    for number in range(asked.rounds):
        for kind in KINDS:
            for name, port in targets.items():
                seen = bench.beside(kind, port)
                bench.processes.check()
                report.add(name, kind, **seen)
                bad = "" if seen["bad_s"] is None else f"  bad {seen['bad_s']:>8,.0f}/s"
                report.progress(
                    f"{number + 1}/{asked.rounds} {kind:11}{name:8} {seen['lost']:>4} of {seen['calls']:>5} lost  "
                    f"p50 {seen['p50_us'] or 0:>7,} µs  p99 {seen['p99_us'] or 0:>9,} µs{bad}"
                )


def compare(report, targets):
    """What a bad neighbour costs: the good callers' times beside it, against their times alone."""
    for name in targets:
        for kind in KINDS[1:]:
            for column in ("p50_us", "p99_us"):
                mine, alone = report.values(name, kind, column), report.values(name, NONE, column)
                report.compare(f"{name}_{column.removesuffix('_us')}_beside_{kind}_vs_alone", mine, alone)
