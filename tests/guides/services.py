"""Granary around the guide: the simulator, harvest-time, a gateway, and the settings of credential-vault on its hosts.

Settings of credential-vault, and how a gateway finds it, are the guide's; what it takes from docs/processes.md is here."""

import base64
import json
import re
import secrets
import subprocess
import time

from processes import Failure
from stage import REPLICAS, SERVICES

# It remembers one ticket, so that calls of two accounts in turn need the store each time.
GATEWAY = {"gateway.max_tickets": 1}


class Services:
    def __init__(self, stage):
        self.stage, self.processes, self.folder = stage, stage.processes, stage.folder / "services"
        self.folder.mkdir()
        names = ("harvest-time", "gateway", "cv-1", "cv-2", "broker-1", "broker-2", "nobody")
        self.ports = {name: self.processes.port() for name in names}
        (self.folder / "peer-harvest").touch(mode=0o600)
        (self.folder / "peer-harvest").write_text(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
        for name in (*REPLICAS, *SERVICES):
            stage.add_host(name, self.ports.get(name, self.ports["nobody"]))
        for number in (1, 2):
            for port, kind in ((7101, "cv"), (7102, "broker")):
                stage.rename(rf"cv-{number}\.internal:{port}", f"127.0.0.1:{self.ports[f'{kind}-{number}']}")
        # Nobody else's gateway is in between here, so that this one speaks plain text.
        stage.rename(r"https://gateway\.internal:7100", f"127.0.0.1:{self.ports['gateway']}")
        self.gateway, self.key = "", ""

    def settle(self, text):
        """Takes a file of settings from the guide: what a gateway needs to find credential-vault, or all of each replica."""
        if text.startswith("[gateway]\n"):
            self.gateway = self._placed(text, "gateway")
            return
        for number, name in enumerate(REPLICAS, start=1):
            own = text
            for port, kind in ((7101, "cv"), (7102, "broker")):
                own = own.replace(f"0.0.0.0:{port}", f"127.0.0.1:{self.ports[f'{kind}-{number}']}")
            (self.stage.host(name) / "etc/granary/granary.toml").write_text(self._placed(own, name))

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
            "GRANARY_VAULT_ADDR": f"https://127.0.0.1:{self.ports[replica]}",
            "GRANARY_CA_FILE": str(self.stage.desk / "granary-ca.pem"),
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

    def _placed(self, text, name):
        """A file of settings with its paths in the directory that stands for that host."""
        return re.sub(r'"/(etc|var)/', rf'"{self.stage.host(name)}/\1/', text)

    def _around(self, harvest):
        return "\n".join(
            [
                self.gateway,
                f'listen.address = "127.0.0.1:{self.ports["gateway"]}"',
                f'harvest_time = {{ address = "127.0.0.1:{self.ports["harvest-time"]}", peer_key_file = "{self.folder}/peer-harvest" }}',
                # Nobody plays linkedin-data: no call here is for it.
                f'linkedin_data = {{ address = "127.0.0.1:{self.ports["nobody"]}", peer_key_file = "{self.folder}/peer-harvest" }}',
                "[harvest_time]",
                f'server = {{ listen.address = "127.0.0.1:{self.ports["harvest-time"]}", peer_key_file = "{self.folder}/peer-harvest" }}',
                f'ticket_key_file = "{self.stage.host("harvest-time")}/etc/granary/tickets-harvest.key"',
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
