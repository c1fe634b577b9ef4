"""Load by h2load, and whether every request was answered in full."""

import math
import re
import time

from processes import Failure

# An empty message: no compression, length 0.
FRAME = bytes(5)
# What the service behind everything answers, with its frame prefix.
ANSWER = 1_107


class Load:
    """So many connections with so many streams each."""

    def __init__(self, connections, streams):
        self.connections, self.streams = connections, streams
        self.name = f"{connections}x{streams}"

    @property
    def concurrency(self):
        return self.connections * self.streams


class H2load:
    """Calls one method with one set of headers.

    Others on the machine can see the key among the arguments; it opens a store that is gone when the bench ends.
    """

    def __init__(self, processes, program, path, headers):
        self.processes, self.program, self.path = processes, program, path
        self.body, self.log = processes.folder / "request.bin", processes.folder / "h2load.tsv"
        self.body.write_bytes(FRAME)
        self.headers = {"content-type": "application/grpc", "te": "trailers"} | headers

    def run(self, port, load, count, headers=None, rate=None):
        """Makes `count` calls, so many a second on each connection if `rate` says so; returns calls per second and the
        percentiles of their times."""
        count = max(count, load.concurrency)
        self.log.unlink(missing_ok=True)
        command = [self.program, "-n", count, "-c", load.connections, "-m", load.streams, "-t", 1]
        command += ["-d", self.body, f"--log-file={self.log}"]
        if rate is not None:
            command += ["--rps", rate]
        for name, value in (self.headers | (headers or {})).items():
            command += ["-H", f"{name}: {value}"]
        begun = time.monotonic()
        output = self.processes.run([*command, f"http://127.0.0.1:{port}{self.path}"], seconds=150)
        elapsed = time.monotonic() - begun
        lines = [line.split("\t") for line in self.log.read_text().splitlines()]
        _check(output, lines, count)
        times = sorted(int(line[2]) for line in lines)
        rate = re.search(r"finished in [^,]+, ([0-9.]+) req/s", output)
        return {
            "count": count,
            "req_s": float(rate[1]) if rate else count / elapsed,
            "p50_us": percentile(times, 50),
            "p99_us": percentile(times, 99),
        }


def _check(output, lines, count):
    """h2load counts a failed call as a success as long as its HTTP status is 200; its body then is empty."""
    other = sum(1 for line in lines if line[1] != "200")
    if len(lines) != count or other:
        raise Failure(f"of {count} calls, {len(lines)} were answered, {other} of them not with 200\n{output}")
    data = re.search(r"\((\d+)\) data", output)
    if data is None or int(data[1]) != count * ANSWER:
        raise Failure(f"{count} answers of {ANSWER} bytes hold {data[1] if data else 'no'} bytes\n{output}")


def percentile(ordered, percent):
    """The nearest rank."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
