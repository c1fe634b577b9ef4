"""The whole brokered call over the simulator with TLS: what it costs in each process that has a part in it."""

import json
import re
import urllib.request

import deployment as granary
import tools
from processes import Failure

METHODS = {"60KB": "scrape-profile", "1KB": "get-linkedin-group"}
CONCURRENCY = (1, 16)
ACCOUNTS = 2_000
# A gateway that remembers so few tickets hardly finds one again, since calls go round all accounts: it keeps the few that it
# met more often than others, and finds each of those once in a round.
FEW_TICKETS = 8
CONNECTIONS = 4
WARM_UP = 0.3
OURS = ("gateway", "linkedin-data", "credential-vault")


def run(asked, processes, report):
    openssl = tools.command("openssl", "openssl", report)
    binaries = tools.build(asked, report)

    report.progress("starting Granary and the simulator, each service a process")
    ca, cert, key = certificate(processes, openssl)
    deployment = granary.Deployment(processes, binaries)
    sandbox, urls = start_sandbox(processes, deployment, cert, key)
    upstream_key = pick_key(urls["control"])
    vault = deployment.start_vault()
    linkedin = deployment.start_linkedin(urls["harvestapi"], ca)
    # Nobody calls it, but the gateway looks at its health.
    deployment.start_harvest()
    metrics = {name: processes.port() for name in ("warm", "cold")}
    gateways = {
        "warm": deployment.start_gateway("gateway-warm", metrics=metrics["warm"]),
        "cold": deployment.start_gateway("gateway-cold", metrics=metrics["cold"], max_tickets=FEW_TICKETS),
    }
    report.progress(f"making {ACCOUNTS:,} accounts")
    deployment.make_accounts(ACCOUNTS, upstream_key)

    bench = Bench(processes, report, deployment, metrics)
    bench.shared = {"linkedin-data": linkedin, "credential-vault": vault, "sandbox": sandbox}
    report.progress("calling as each account once")
    for _, port in gateways.values():
        granary.until(20, lambda: bench.load(port, "1KB", "warm", 1, calls=1))
    # The first success of a credential is reported and changes its status, which must not happen while measuring. Twice,
    # because reports that come too fast are dropped.
    for _ in range(2):
        bench.load(gateways["cold"][1], "1KB", "cold", 4, calls=ACCOUNTS)
    rounds(asked, bench, gateways)
    compare(report)


class Bench:
    """One run after the other."""

    def __init__(self, processes, report, deployment, metrics):
        self.processes, self.report, self.deployment, self.metrics = processes, report, deployment, metrics
        self.next_account = 0

    def load(self, port, size, tickets, concurrency, **limit):
        """Calls for some time or so many times; fails on any wrong answer."""
        accounts = 1 if tickets == "warm" else ACCOUNTS
        command = [self.deployment.binaries / "bench-load", "calls", "--address", f"127.0.0.1:{port}"]
        command += ["--method", METHODS[size], "--accounts", accounts, "--first", self.next_account]
        command += ["--concurrency", concurrency, "--connections", CONNECTIONS]
        for name, value in limit.items():
            command += [f"--{name}", value]
        output = self.processes.run(command, {"BENCH_API_KEY": self.deployment.api_key}, seconds=150)
        seen = json.loads(output)
        self.next_account += seen["calls"]
        return seen

    def measure(self, gateway, size, tickets, concurrency, seconds):
        """One run: a row for each process, and one for all of ours."""
        running, port = gateway
        self.load(port, size, tickets, concurrency, seconds=WARM_UP)
        parts = {"gateway": running} | self.shared
        before, hits = {name: part.cpu_seconds() for name, part in parts.items()}, self.tickets(tickets)
        seen = self.load(port, size, tickets, concurrency, seconds=seconds)
        after, hits = {name: part.cpu_seconds() for name, part in parts.items()}, self.tickets(tickets) - hits
        self.processes.check()
        calls = seen["calls"]
        as_wanted = hits >= 0.98 * calls if tickets == "warm" else hits <= FEW_TICKETS + 0.02 * calls
        if not as_wanted:
            raise Failure(f"of {calls} calls with {tickets} tickets, {hits:.0f} found one in the gateway's memory")
        cpu = {name: (after[name] - before[name]) * 1e6 / calls for name in parts}
        cpu["granary"] = sum(cpu[name] for name in OURS)
        numbers = {"req_s": calls / seen["seconds"], "p50_us": seen["p50_us"], "p99_us": seen["p99_us"]}
        job = f"job/{size}/{tickets}/c{concurrency}"
        for name, spent in cpu.items():
            self.report.add(f"{job}/{name}", f"c{concurrency}", cpu_us=spent, **numbers)
        return job, numbers | {"bytes": seen["bytes"] // max(calls, 1)}, cpu

    def tickets(self, name):
        """How many calls have found a ticket in a gateway's memory."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics[name]}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        found = re.search(r'^granary_ticket_cache_total\{result="hit"\} (\d+)', text, re.MULTILINE)
        return int(found[1]) if found else 0


def rounds(asked, bench, gateways):
    cases = [(size, tickets, number) for size in METHODS for tickets in gateways for number in CONCURRENCY]
    for number in range(asked.rounds):
        first = number % len(cases)
        for size, tickets, concurrency in cases[first:] + cases[:first]:
            job, seen, cpu = bench.measure(gateways[tickets], size, tickets, concurrency, asked.seconds)
            spent = "  ".join(f"{name} {value:,.0f}" for name, value in cpu.items())
            bench.report.progress(
                f"{number + 1}/{asked.rounds} {job:18} {seen['bytes']:>6,} B {seen['req_s']:>7,.0f} req/s  "
                f"p50 {seen['p50_us']:>6,} µs  p99 {seen['p99_us']:>7,} µs  cpu µs: {spent}"
            )


def compare(report):
    """Cold against warm says what a ticket costs; the gateway's part says what brokering costs at all."""
    for size in METHODS:
        for concurrency in CONCURRENCY:

            def values(tickets, name, column):
                return report.values(f"job/{size}/{tickets}/c{concurrency}/{name}", f"c{concurrency}", column)

            mark = f"{size}@c{concurrency}"
            mine, whole = values("warm", "gateway", "cpu_us"), values("warm", "granary", "cpu_us")
            report.compare(f"gateway_share_of_granary_cpu/{mark}", mine, whole)
            for column in ("cpu_us", "p50_us"):
                cold, warm = values("cold", "granary", column), values("warm", "granary", column)
                report.compare(f"cold_vs_warm_{column.removesuffix('_us')}/{mark}", cold, warm)
            report.drift(f"warm_req_s_max_over_min/{mark}", values("warm", "granary", "req_s"))


def certificate(processes, openssl):
    """A CA and a certificate for loopback, both of P-256; returns the files of the CA, the certificate and its key."""
    folder = processes.folder / "tls"
    folder.mkdir(mode=0o700)
    ca, ca_key, cert, key = (folder / name for name in ("ca.pem", "ca.key", "cert.pem", "cert.key"))
    fresh = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    own = ["-subj", "/CN=bench CA", "-addext", "keyUsage=critical,keyCertSign"]
    processes.run([openssl, *fresh, *own, "-keyout", ca_key, "-out", ca])
    request, extensions = folder / "cert.csr", folder / "extensions"
    extensions.write_text("basicConstraints=CA:FALSE\nsubjectAltName=IP:127.0.0.1,DNS:localhost\n")
    fresh = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost"]
    processes.run([openssl, *fresh, "-keyout", key, "-out", request])
    sign = ["x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2"]
    processes.run([openssl, *sign, "-extfile", extensions, "-out", cert])
    return ca, cert, key


def start_sandbox(processes, deployment, cert=None, key=None):
    """Starts the simulator, with TLS where it is given a certificate; returns it and the addresses that it prints."""
    tls = [] if cert is None else ["--tls-cert", cert, "--tls-key", key]
    running = processes.start("sandbox", [deployment.granary, "sandbox", "--port", 0, *tls])

    def urls():
        line = next((line for line in running.log.read_text().splitlines() if line.startswith("{")), None)
        if line is None:
            raise Failure("the simulator does not say where it listens")
        return json.loads(line)

    return running, granary.until(10, urls)


def pick_key(control):
    """A key of the simulator, with money for as many calls as anyone has time for."""
    with urllib.request.urlopen(f"{control}/credentials", timeout=5) as answer:
        key = json.load(answer)["harvestapi_keys"][0]
    body = json.dumps({"harvestapi_key": key, "balance": "100000", "tier": "business"}).encode()
    with urllib.request.urlopen(f"{control}/credentials", body, timeout=5):
        return key
