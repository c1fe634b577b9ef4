"""Credential-vault by itself: whether a page of a list and a ticket take longer where there are many accounts."""

import json
import re
import urllib.request

import deployment as granary
import tools
from vaultserver import VaultServer

COLUMNS = ("req_s", "p50_us", "p99_us", "cpu_us", "vault_req", "resident_mb")
# So few accounts it is compared with, or a tenth of all where there are not many.
FEW = 1_000
# One tenant for so many accounts, the largest of which has a tenth of all.
SHARE = 1_000
PAGE = 100
# Pages and tickets of one run at most, and how much longer than elsewhere it may take, so that there are enough for a p99.
PAGES, TICKETS, LONGER = 500, 1_000, 5
TARGET = 1.3
KINDS = ("list", "ticket-cold", "ticket-warm")
UPSTREAM_KEY = "sbx-key-bench-0000000000000000"


def run(asked, processes, report):
    server = tools.vault(report)
    binaries = tools.build(asked, report)
    sizes = (min(FEW, asked.accounts // 10), asked.accounts)
    homes = {}
    for size in sizes:
        for store in ("vault", "embedded"):
            homes[store, size] = Home(asked, processes, report, binaries, server if store == "vault" else None, size)
    for number in range(asked.rounds):
        for what in KINDS:
            for (store, size), home in homes.items():
                seen = home.measure(what, number)
                report.progress(
                    f"{number + 1}/{asked.rounds} {store:9}{what:12}{size:>10,} accounts  p50 {seen['p50_us']:>8,} µs  "
                    f"p99 {seen['p99_us']:>8,} µs"
                )
    for home in homes.values():
        home.memory()
    compare(report, sizes)


class Home:
    """Credential-vault over one store with so many accounts."""

    def __init__(self, asked, processes, report, binaries, server, size):
        self.processes, self.report, self.size, self.seconds = processes, report, size, asked.seconds * LONGER
        self.binaries, self.store, self.server = binaries, "vault" if server else "embedded", None
        name = f"{self.store}-{size}"
        report.progress(f"making {size:,} accounts in {'Vault' if server else 'the embedded store'}")
        settings = self.start_server(server, binaries, name) if server else ()
        self.deployment = granary.Deployment(processes, binaries, name=name, store=settings)
        filling = self.deployment.start_vault()
        filled = self.deployment.make_accounts(size, UPSTREAM_KEY, tenants=max(size // SHARE, 1))
        self.largest, rate = filled["largest"], size / filled["seconds"]
        report.progress(f"{size:,} accounts, {rate:,.0f} a second; {self.largest:,} are in one tenant")
        # What is measured has not seen them yet.
        self.metrics = processes.port()
        self.running = self.deployment.restart_vault(filling, metrics_address=f"127.0.0.1:{self.metrics}")

    def start_server(self, program, binaries, name):
        """Starts a Vault and makes it ready; returns what credential-vault must know of it."""
        server = VaultServer(self.processes, program, f"server-{name}")
        self.server, file = server.process, self.processes.folder / f"secret-id-{name}"
        env = {"VAULT_ADDR": server.address, "VAULT_TOKEN": server.token}
        command = [binaries / "granary", "--output", "json", "hashicorp-vault", "bootstrap", "--secret-id-file", file]
        role = json.loads(self.processes.run(command, env))["role_id"]
        auth = f'vault.auth = {{ role_id = "{role}", secret_id_file = "{file}" }}'
        return 'store = "vault"', f'vault.addresses = ["{server.address}"]', auth

    def measure(self, what, number):
        """One run of one kind."""
        if what == "list":
            command, listener = ["pages", "--size", PAGE, "--calls", PAGES], "vault"
        else:
            calls = min(TICKETS, self.largest)
            command, listener = ["tickets", "--calls", calls, "--first", number], "broker"
            command += ["--warm"] if what == "ticket-warm" else []
        command += ["--address", f"127.0.0.1:{self.deployment.ports[listener]}", "--accounts", self.largest]
        command += ["--seconds", self.seconds]
        env = {"BENCH_API_KEY": self.deployment.api_key, "BENCH_PEER_KEY": (self.deployment.folder / "peer-broker.key").read_text().strip()}
        before, asked = self.running.cpu_seconds(), self.requests()
        seen = json.loads(self.processes.run([self.binaries / "bench-load", *command], env, seconds=300))
        spent = (self.running.cpu_seconds() - before) * 1e6 / seen["calls"]
        asked = (self.requests() - asked) / seen["calls"] if self.server else None
        self.processes.check()
        numbers = {"req_s": seen["calls"] / seen["seconds"], "p50_us": seen["p50_us"], "p99_us": seen["p99_us"]}
        self.report.add(f"{what}/{self.store}", f"{self.size:,}", cpu_us=spent, vault_req=asked, **numbers)
        return seen

    def requests(self):
        """How many requests credential-vault has made of Vault. Unlike time, that is the same on every machine."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        return sum(map(int, re.findall(r"^granary_vault_requests_total\{.*\} (\d+)$", text, re.MULTILINE)))

    def memory(self):
        parts = {"credential-vault": self.running, "vault-server": self.server}
        for name, running in parts.items():
            if running:
                self.report.add(f"memory/{self.store}/{name}", f"{self.size:,}", resident_mb=running.resident_bytes() / 1e6)


def compare(report, sizes):
    """Many accounts against few, in the same round."""
    few, many = (f"{size:,}" for size in sizes)
    for store in ("vault", "embedded"):
        for what in KINDS:
            for column in ("p50_us", "p99_us"):
                one, other = (report.values(f"{what}/{store}", size, column) for size in (many, few))
                target = TARGET if column == "p99_us" else None
                report.compare(f"{what}/{store}/{column.removesuffix('_us')}", one, other, target)
        if store == "vault":
            for what in KINDS:
                one, other = (report.values(f"{what}/vault", size, "vault_req") for size in (many, few))
                report.compare(f"{what}/vault/requests", one, other)
        one, other = (report.values(f"memory/{store}/credential-vault", size, "resident_mb") for size in (many, few))
        report.compare(f"memory/{store}/credential-vault", one, other)
