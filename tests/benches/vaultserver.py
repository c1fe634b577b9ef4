"""A HashiCorp Vault of one node that keeps what it has on disk, as one in production does.

A development server keeps everything among the objects of its own process: with a million accounts those are 35 million, and
while Go goes through them, every two hundred pages, a page takes three times as long."""

import json
import urllib.error
import urllib.request

from deployment import until
from processes import Failure

CONFIG = """\
disable_mlock = true
api_addr = "http://127.0.0.1:{api}"
cluster_addr = "http://127.0.0.1:{cluster}"
log_level = "warn"
storage "raft" {{
  path = "{folder}"
  node_id = "{name}"
}}
listener "tcp" {{
  address = "127.0.0.1:{api}"
  cluster_address = "127.0.0.1:{cluster}"
  tls_disable = true
}}
"""


class VaultServer:
    """Started, unsealed and leading."""

    def __init__(self, processes, program, name):
        folder, port = processes.folder / f"{name}-data", processes.port()
        folder.mkdir()
        config = folder.with_suffix(".hcl")
        config.write_text(CONFIG.format(api=port, cluster=processes.port(), folder=folder, name=name))
        self.address = f"http://127.0.0.1:{port}"
        self.process = processes.start(name, [program, "server", "-config", config], port, seconds=60)
        made = until(60, lambda: self._ask("PUT", "init", {"secret_shares": 1, "secret_threshold": 1}))
        self.token = made["root_token"]
        self._ask("PUT", "unseal", {"key": made["keys"][0]})
        # It answers this with 200 as soon as it leads.
        until(60, lambda: self._ask("GET", "health"))

    def _ask(self, method, what, body=None):
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"{self.address}/v1/sys/{what}", data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError) as error:
            raise Failure(f"Vault does not start: {method} {what}: {error}") from None
