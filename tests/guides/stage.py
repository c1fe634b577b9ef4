"""What stands in the place of an operator's machines: directories for hosts, addresses of loopback for their names."""

import os
import re
import shutil
import socket
from pathlib import Path

from processes import ENVIRONMENT, Failure

HERE = Path(__file__).resolve().parent
VAULTS = ("vault-1", "vault-2", "vault-3")
REPLICAS = ("cv-1", "cv-2")
SERVICES = ("gateway", "harvest-time", "linkedin-data")
# Two ports of each node of Vault; credential-vault has one for callers and one for gateways.
PORTS = (8200, 8201)


class Stage:
    def __init__(self, processes, vault, granary):
        self.processes, self.vault, self.granary = processes, vault, granary
        self.folder = processes.folder
        self.ports = {port: _free_port(processes) for port in PORTS}
        self.seen, self.names = "", []
        for name in VAULTS:
            self._host(name, ("etc/vault", "var/lib/vault", "var/log/vault"), f"{_address(name)}/{self.ports[8200]}")
        (self.folder / "audit").mkdir()
        (self.folder / "bin").mkdir()
        (self.folder / "bin/granary").symlink_to(granary)
        # The operator works in a directory of his own, which has the files that the guide comes with.
        self.desk = self.folder / "desk"
        self.desk.mkdir()
        for name in ("raft.hcl", "operator.hcl"):
            shutil.copy(HERE.parent.parent / "deploy/vault" / name, self.desk)
        # The same for what lies in files.
        names = (rf"s#0\.0\.0\.0:{port}#0.0.0.0:{self.ports[port]}#;s#vault-([1-3])\.internal:{port}#127.0.7.\1:{self.ports[port]}#" for port in PORTS)
        (self.folder / "names.sed").write_text("\n".join(names) + "\n")

    def add_host(self, name, port):
        return self._host(name, ("etc/granary", "var/lib/granary"), f"127.0.0.1/{port}")

    def rename(self, pattern, place):
        """What the guide calls so is at that place here."""
        self.names.append((pattern, place))

    def host(self, name):
        return self.folder / "hosts" / name

    def environment(self):
        paths = (self.folder / "bin", HERE / "bin", ENVIRONMENT["PATH"])
        return ENVIRONMENT | {
            "PATH": ":".join(map(str, paths)),
            "HOME": str(self.desk),
            "GUIDE_DIR": str(self.folder),
            "GUIDE_VAULT": str(self.vault),
        }

    def note(self, printed):
        """Keeps what a block printed, since later blocks need keys and tokens from it, and keeps unseal keys for their holders."""
        self.seen += printed
        keys = re.findall(r"^Unseal Key \d+: (\S+)$", printed, re.MULTILINE)
        if keys:
            (self.folder / f"keys-of-{len(keys)}").write_text("\n".join(keys) + "\n")

    def played(self, text):
        """A block as it is run here. This is all that is changed in it."""
        for pattern, replacement in self._substitutions():
            text = re.sub(pattern, replacement, text)
        return text

    def _substitutions(self):
        node = r"vault-(\$n|[1-3])\.internal"
        return (
            # Names of nodes are addresses, with ports that are free. The host of a command over ssh keeps its name.
            *self.names,
            (r"DNS:cv-\$n\.internal", "IP:127.0.0.1"),
            # One user plays all users.
            (r"runuser -u granary -- ", ""),
            (r"\bchown (-R )?(vault|granary):", rf"chown \g<1>{os.getuid()}:{os.getgid()}"),
            (rf"{node}:8200", rf"127.0.7.\1:{self.ports[8200]}"),
            (rf"DNS:{node}", r"IP:127.0.7.\1"),
            # Vault's audit device has one path on all nodes.
            (r"file_path=/var/log/vault", f"file_path={self.folder}/audit"),
            # What the operator copies from the screen.
            (r"hvs\.…", lambda _: self.latest(r"^Initial Root Token: (\S+)$")),
            (r"grn_…", lambda _: self.latest(r"(grn_[\w-]+)")),
            (r'role_id = "[0-9a-f-]{36}"', lambda _: f'role_id = "{self.latest(r"^role id +([0-9a-f-]+)$")}"'),
            # Connections here come from loopback.
            (r"bound_cidrs=10\.0\.0\.0/8", "bound_cidrs=127.0.0.0/8"),
        )

    def latest(self, pattern):
        found = re.findall(pattern, self.seen, re.MULTILINE)
        if not found:
            raise Failure(f"nothing that was printed so far has {pattern!r}")
        return found[-1]

    def _host(self, name, folders, listens):
        host = self.host(name)
        for folder in folders:
            (host / folder).mkdir(parents=True)
        (host / "listens").write_text(listens)
        return host


def _address(name):
    return f"127.0.7.{name[-1]}"


def _free_port(processes):
    """A port that is free on the addresses of all nodes."""
    while True:
        port = processes.port()
        try:
            for name in VAULTS:
                with socket.socket() as probe:
                    probe.bind((_address(name), port))
            return port
        except OSError:
            continue
