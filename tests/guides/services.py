"""Granary around the guide: the simulator, harvest-time, a gateway, and the settings of credential-vault on its hosts.

The guide says where Vault comes in; what it takes from docs/processes.md is here."""

import base64
import json
import re
import secrets
import subprocess
import time

from processes import Failure
from stage import REPLICAS

HARVEST = "granary.harvest.v1.HarvestTime"
# It remembers one ticket, so that calls of two accounts in turn need the store each time.
GATEWAY = {"gateway.max_tickets": 1}


class Services:
    def __init__(self, stage):
        self.stage, self.processes, self.folder = stage, stage.processes, stage.folder / "services"
        self.folder.mkdir()
        names = ("harvest-time", "gateway", "cv-1", "cv-2", "broker-1", "broker-2", "nobody")
        self.ports = {name: self.processes.port() for name in names}
        for name in ("ticket", "edge-broker", "edge-harvest"):
            (self.folder / name).write_text(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
        for name in REPLICAS:
            stage.add_replica(name, self.ports[name])
        # What the guide's own TOML says is added to credential-vault's tables.
        self.guide = {}
        self.key = ""

    def settle(self, text):
        """Takes a block of settings from the guide, and writes the file of each replica."""
        table = ""
        for line in text.splitlines():
            if line.startswith("["):
                table = line
            elif line:
                self.guide.setdefault(table, {})[line.split(" = ")[0]] = line
        for number, name in enumerate(REPLICAS, start=1):
            host = self.stage.host(name)
            own = re.sub(r'"/(etc|var)/', rf'"{host}/\1/', self._tables(number))
            (host / "etc/granary/granary.toml").write_text(own)

    def start(self):
        """Starts all but credential-vault."""
        state = self.folder / "sandbox"
        sandbox = [self.stage.granary, "--output", "json", "sandbox", "--port", "0", "--state-dir", state]
        told = _until_told(self.processes.start("sandbox", sandbox))
        config = self.folder / "granary.toml"
        config.write_text(self._around(told["harvest"]))
        self.control = told["control"]
        for service, port in (("harvest-time", self.ports["harvest-time"]), ("gateway", self.ports["gateway"])):
            command = [self.stage.granary, service, "--config", config]
            for name, value in GATEWAY.items() if service == "gateway" else ():
                command += ["--set", f"{name}={value}"]
            self.processes.start(service, command, port)

    def environment(self, replica="cv-1"):
        return {
            "GRANARY_ADDR": f"127.0.0.1:{self.ports['gateway']}",
            "GRANARY_VAULT_ADDR": f"127.0.0.1:{self.ports[replica]}",
            "GRANARY_API_KEY": self.key,
        }

    def granary(self, *arguments, stdin="", replica="cv-1"):
        """Runs a command as a person would, and returns its exit code and what it printed."""
        command = [self.stage.granary, *arguments]
        environment = self.stage.environment() | self.environment(replica)
        try:
            ended = subprocess.run(command, input=stdin, env=environment, capture_output=True, text=True, timeout=40)
        except subprocess.TimeoutExpired:
            raise Failure(f"granary {arguments[0]} did not end within 40 s") from None
        return ended.returncode, ended.stdout + ended.stderr

    def last_words(self):
        """The end of each replica's log, for whoever looks for the reason of a failure."""
        logs = (self.stage.host(name) / "granary-credential-vault.log" for name in REPLICAS)
        return "\n".join(f"{log.parent.name}:\n{log.read_text()[-3_000:]}" for log in logs if log.exists())

    def _tables(self, number):
        lines = []
        for table, own in self.guide.items():
            lines += [table, *own.values()]
            if table == "[credential_vault]":
                lines += ['audit_file = "/var/lib/granary/audit.jsonl"']
        return "\n".join(
            [
                *lines,
                "[credential_vault.public.listen]",
                f'address = "127.0.0.1:{self.ports[f"cv-{number}"]}"',
                "[credential_vault.broker]",
                f'listen.address = "127.0.0.1:{self.ports[f"broker-{number}"]}"',
                f'edge_key_file = "{self.folder}/edge-broker"',
                "[credential_vault.ticket_keys]",
                f'"{HARVEST}" = "{self.folder}/ticket"',
                "",
            ]
        )

    def _around(self, harvest):
        both = {kind: ",".join(f"127.0.0.1:{self.ports[f'{kind}-{n}']}" for n in (1, 2)) for kind in ("cv", "broker")}
        return "\n".join(
            [
                "[gateway]",
                f'listen.address = "127.0.0.1:{self.ports["gateway"]}"',
                f'credential_vault.address = "{both["cv"]}"',
                f'broker = {{ address = "{both["broker"]}", edge_key_file = "{self.folder}/edge-broker" }}',
                f'harvest_time = {{ address = "127.0.0.1:{self.ports["harvest-time"]}", edge_key_file = "{self.folder}/edge-harvest" }}',
                # Nobody plays linkedin-data: no call here is for it.
                f'linkedin_data = {{ address = "127.0.0.1:{self.ports["nobody"]}", edge_key_file = "{self.folder}/edge-harvest" }}',
                "[harvest_time]",
                f'door = {{ listen.address = "127.0.0.1:{self.ports["harvest-time"]}", edge_key_file = "{self.folder}/edge-harvest" }}',
                f'ticket_key_file = "{self.folder}/ticket"',
                f'harvest.base_url = "{harvest}"',
                "",
            ]
        )


def _until_told(running):
    for _ in range(200):
        for line in running.log.read_text().splitlines():
            if line.startswith("{") and '"control"' in line:
                return json.loads(line)
        time.sleep(0.05)
    raise Failure(f"the simulator tells no addresses:\n{running.last_words()}")
