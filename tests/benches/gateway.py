"""One unary call of 1,107 bytes, through Granary's gateway and through proxies that know nothing of credentials."""

import os

import deployment as granary
import peers
import tools
from h2load import H2load, Load
from processes import Failure

LOADS = [Load(1, 1), Load(4, 4), Load(4, 16)]
# What two builds are compared at: calls a second, below what either can do.
PAIRED = Load(4, 16)
RATES = [2_000, 6_000]
PATH = "/granary.harvest.v1.HarvestTime/GetCompany"
ACCOUNT = "bench_user"
WARM_UP = 0.3
BUSY = LOADS[-1].name


def run(asked, processes, report):
    h2load = tools.command("h2load", "nghttp2-client", report)
    nginx = tools.command("nginx", "nginx-light", report)
    envoy = tools.envoy(report)
    binaries = tools.build(asked, report)

    report.progress("starting the service, Granary, nginx and Envoy")
    # The service stands in for harvest-time and for linkedin-data: the gateway looks at the health of both.
    service = processes.port()
    deployment = granary.Deployment(processes, binaries, {"harvest-time": service, "linkedin-data": service})
    echo = processes.start("bench-echo", [binaries / "bench-echo", "--listen", f"127.0.0.1:{service}"], service)
    deployment.start_vault()
    ours = deployment.start_gateway(threads=1)
    granary.until(20, lambda: deployment.cli(ours[1], "accounts", "create", ACCOUNT))
    put = ("credentials", "put", "--account", ACCOUNT, "harvest-token", "--account-id", "1234567")
    deployment.cli(ours[1], *put, stdin="bench-token-that-nobody-checks\n")
    targets = {
        "direct": (echo, service),
        "gateway": ours,
        "nginx": peers.nginx(processes, nginx, service),
        "envoy": peers.envoy(processes, envoy, service),
    }
    cores = len(os.sched_getaffinity(0))
    if cores > 1:
        targets["gateway/all-cores"] = deployment.start_gateway("gateway-all-cores", threads=cores)

    headers = {"authorization": f"Bearer {deployment.api_key}", "granary-account": ACCOUNT}
    load = H2load(processes, h2load, PATH, headers)
    _refuses_strangers(load, targets["gateway"][1])
    if asked.against:
        deployment.granary = asked.against
        _pairs(asked, processes, report, load, {"this": ours, "other": deployment.start_gateway("other", threads=1)})
        return
    _rounds(asked, processes, report, load, targets)
    _compare(report, targets)


def _refuses_strangers(load, port):
    """What is measured must be a gateway that admits callers."""
    granary.until(20, lambda: load.run(port, LOADS[0], 10))
    try:
        load.run(port, LOADS[0], 10, {"authorization": "Bearer gry_unknown_unknown"})
    except Failure:
        return
    raise Failure("the gateway answered a caller whom nobody knows")


def _rounds(asked, processes, report, load, targets):
    rates = {}
    for number in range(asked.rounds):
        for shape in LOADS:
            names = list(targets)
            # Another one begins in each round, so that none always runs on a machine that another has heated.
            first = number % len(names)
            for name in names[first:] + names[:first]:
                running, port = targets[name]
                rate = rates.get((name, shape.name), 1_000)
                rate = load.run(port, shape, int(rate * WARM_UP))["req_s"]
                if (name, shape.name) not in rates:
                    # The first guess was far too low for a warm-up.
                    rate = load.run(port, shape, int(rate * WARM_UP))["req_s"]
                before = running.cpu_seconds()
                seen = load.run(port, shape, int(rate * asked.seconds))
                cpu = (running.cpu_seconds() - before) * 1e6 / seen.pop("count")
                rates[name, shape.name] = seen["req_s"]
                processes.check()
                report.add(name, shape.name, cpu_us=cpu, **seen)
                report.progress(
                    f"{number + 1}/{asked.rounds} {shape.name:5} {name:18} {seen['req_s']:>9,.0f} req/s  "
                    f"p50 {seen['p50_us']:>6,} µs  p99 {seen['p99_us']:>7,} µs  cpu {cpu:6.1f} µs"
                )


def _pairs(asked, processes, report, load, targets):
    """What a call costs at each of two builds' gateways, at rates that both have time for."""
    for number in range(-1, asked.rounds):
        for rate in RATES:
            names = list(targets) if number % 2 else list(targets)[::-1]
            for name in names:
                running, port = targets[name]
                before = running.cpu_seconds()
                per_connection = rate // PAIRED.connections
                seen = load.run(port, PAIRED, int(rate * asked.seconds), rate=per_connection)
                cpu = (running.cpu_seconds() - before) * 1e6 / seen.pop("count")
                processes.check()
                # The first pair warms up.
                if number >= 0:
                    report.add(name, f"{rate}/s", cpu_us=cpu, **seen)
                    report.progress(f"{number + 1}/{asked.rounds} {rate:>6}/s {name:5} cpu {cpu:6.1f} µs  p99 {seen['p99_us']:>7,} µs")
    for rate in RATES:
        for column in ("cpu_us", "p50_us", "p99_us"):
            mine, other = (report.values(name, f"{rate}/s", column) for name in ("this", "other"))
            report.compare(f"{column}_vs_other@{rate}/s", mine, other, 1.05 if column == "cpu_us" else None)
            report.quartiles(f"{column}_vs_other@{rate}/s", mine, other)


def _compare(report, targets):
    def values(name, column, load=BUSY):
        return report.values(name, load, column)

    report.compare(f"gateway_cpu_vs_nginx@{BUSY}", values("gateway", "cpu_us"), values("nginx", "cpu_us"), 1.1)
    report.compare(f"gateway_cpu_vs_envoy@{BUSY}", values("gateway", "cpu_us"), values("envoy", "cpu_us"), 0.5)
    one = LOADS[0].name
    report.compare(
        f"gateway_p50_minus_direct_us@{one}",
        values("gateway", "p50_us", one),
        values("direct", "p50_us", one),
        50,
        lambda a, b: a - b,
    )
    for shape in LOADS:
        for name in targets:
            if name != "direct":
                mine, direct = values(name, "req_s", shape.name), values("direct", "req_s", shape.name)
                report.compare(f"{name}_req_s_vs_direct@{shape.name}", mine, direct)
    for peer in ("nginx", "envoy"):
        for shape in LOADS:
            mine, other = values("gateway", "req_s", shape.name), values(peer, "req_s", shape.name)
            report.compare(f"gateway_req_s_vs_{peer}@{shape.name}", mine, other)
    for shape in LOADS:
        report.drift(f"direct_req_s_max_over_min@{shape.name}", values("direct", "req_s", shape.name))
