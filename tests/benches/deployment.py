"""Granary with each service as a process of its own, its keys and its files in the bench's folder."""

import base64
import json
import os
import secrets
import time

from processes import Failure

SERVICES = ("harvest-time", "linkedin-data")
EDGES = ("broker", "harvest-time", "linkedin-data")


class Deployment:
    """Starts processes of one installation. What `ports` names is played by someone else, at that port.

    `store` has further lines for credential-vault's table; without it, everything is in the embedded store.
    """

    def __init__(self, processes, binaries, ports=(), name="deployment", store=()):
        self.processes, self.binaries, self.store = processes, binaries, store
        self.granary, self.folder = binaries / "granary", processes.folder / name
        names = ("vault", "broker", "harvest-time", "linkedin-data")
        self.ports = {name: processes.port() for name in names} | dict(ports)
        self.folder.mkdir(mode=0o700)
        for name in ("master", *(f"ticket-{service}" for service in SERVICES)):
            self._key(name, base64.b64encode(secrets.token_bytes(32)).decode())
        for edge in EDGES:
            self._key(f"peer-{edge}", secrets.token_urlsafe(32))
        self.config = self.folder / "granary.toml"
        self.config.write_text(self._settings())

    def start_vault(self, **settings):
        """Makes the store and its first key, and starts credential-vault."""
        init = [self.granary, "credential-vault", "--config", self.config, "init"]
        self.api_key = self.processes.run(init).split()[-1]
        return self._start("credential-vault", self.ports["vault"], **settings)

    def start_linkedin(self, base_url, ca_file=None):
        settings = {"linkedin_data.harvestapi.base_url": base_url}
        if ca_file is not None:
            settings["linkedin_data.harvestapi.ca_file"] = ca_file
        return self._start("linkedin-data", self.ports["linkedin-data"], **settings)

    def start_harvest(self):
        return self._start("harvest-time", self.ports["harvest-time"])

    def start_gateway(self, name="gateway", metrics=None, **settings):
        """Starts a gateway; any number of them may serve one deployment. Returns it and its port."""
        port = self.processes.port()
        settings = {f"gateway.{key}": value for key, value in settings.items()}
        settings["gateway.listen.address"] = f"127.0.0.1:{port}"
        if metrics is not None:
            settings["metrics_address"] = f"127.0.0.1:{metrics}"
        return self._start("gateway", port, name, **settings), port

    def cli(self, gateway, *arguments, stdin=""):
        """Runs an administration command by way of a gateway's port, and returns its answer."""
        env = {"GRANARY_VAULT_ADDR": f"127.0.0.1:{self.ports['vault']}", "GRANARY_API_KEY": self.api_key}
        env["GRANARY_ADDR"] = f"127.0.0.1:{gateway}"
        return json.loads(self.processes.run([self.granary, "--output", "json", *arguments], env, stdin))

    def restart_vault(self, running, **settings):
        """Ends credential-vault, and starts another one over the same store."""
        self.processes.stop(running)
        return self._start("credential-vault", self.ports["vault"], **settings)

    def make_accounts(self, count, harvestapi_key, tenants=1):
        """Makes many accounts, each with a HarvestAPI key. Of several tenants, the first one has a tenth of them."""
        command = [self.binaries / "bench-load", "accounts", "--tenants", tenants]
        command += ["--address", f"127.0.0.1:{self.ports['vault']}", "--count", count]
        env = {"BENCH_API_KEY": self.api_key}
        return json.loads(self.processes.run(command, env, harvestapi_key, seconds=300 + count / 50))

    def _start(self, service, port, name=None, **settings):
        command = [self.granary, service, "--config", self.config]
        for key, value in settings.items():
            # JSON's texts and numbers are TOML's too.
            command += ["--set", f"{key}={json.dumps(value if isinstance(value, int) else str(value))}"]
        return self.processes.start(name or service, command, port)

    def _key(self, name, text):
        descriptor = os.open(self.folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w") as file:
            file.write(text + "\n")

    def _settings(self):
        def address(name):
            return f'"127.0.0.1:{self.ports[name]}"'

        def key(name):
            return f'"{self.folder}/{name}.key"'

        lines = [
            "[logging]",
            'filter = "warn"',
            "[credential_vault]",
            f'store_path = "{self.folder}/store.redb"',
            f"master_key_file = {key('master')}",
            f'audit_file = "{self.folder}/audit.jsonl"',
            f"public.listen.address = {address('vault')}",
            "public.limits.lame_duck_ms = 0",
            "broker.limits.lame_duck_ms = 0",
            f"broker.listen.address = {address('broker')}",
            f"broker.peer_key_file = {key('peer-broker')}",
            *self.store,
            "[credential_vault.ticket_keys]",
            *(f'{name} = {key(f"ticket-{name}")}' for name in SERVICES),
            "[gateway]",
            f"credential_vault.address = {address('vault')}",
            "limits.lame_duck_ms = 0",
        ]
        for field, edge in (("broker", "broker"), ("harvest_time", "harvest-time"), ("linkedin_data", "linkedin-data")):
            lines += [f"{field}.address = {address(edge)}", f"{field}.peer_key_file = {key(f'peer-{edge}')}"]
        for table, name in (("harvest_time", "harvest-time"), ("linkedin_data", "linkedin-data")):
            lines += [
                f"[{table}]",
                f"ticket_key_file = {key(f'ticket-{name}')}",
                f"server.listen.address = {address(name)}",
                f"server.peer_key_file = {key(f'peer-{name}')}",
                "server.limits.lame_duck_ms = 0",
            ]
        return "\n".join(lines) + "\n"


def until(seconds, attempt):
    """Tries again until it works; services find one another only some time after they listen."""
    end = time.monotonic() + seconds
    while True:
        try:
            return attempt()
        except Failure:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
