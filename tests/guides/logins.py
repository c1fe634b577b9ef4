"""Each way of logging in that the guide shows, by a program that opens the store with it."""

import base64
import json
import subprocess
import time

from processes import Failure, end

SUBJECT = "system:serviceaccount:granary:credential-vault"


class Logins:
    def __init__(self, stage):
        self.stage = stage

    def make_signer(self):
        """A signer's key, and the public half that the guide hands to Vault."""
        self._openssl("genpkey", "-algorithm", "ed25519", "-out", "sa.key")
        self._openssl("pkey", "-in", "sa.key", "-pubout", "-out", "sa.pub")

    def try_all(self):
        role = self.stage.latest(r"^role id +(\S+)$")
        # Whatever opens the store besides a start would spend it, and needs a token of its own.
        wrapped = f'auth = {{ role_id = "{role}", secret_id_file = "{self.stage.desk}/wrapped", secret_id_wrapped = true }}'
        self._opens(wrapped, 3)
        self._opens(wrapped, 0, VAULT_TOKEN=(self.stage.desk / "token").read_text().strip())
        self._starts_once(wrapped)
        (self.stage.desk / "jwt").touch(mode=0o600)
        (self.stage.desk / "jwt").write_text(self._jwt())
        self._opens(f'auth = {{ role = "granary-credential-vault", jwt_file = "{self.stage.desk}/jwt" }}', 0)
        self._opens(f'auth = {{ token_file = "{self.stage.desk}/token" }}', 0)

    def _opens(self, auth, code, **environment):
        """Makes an operator key by a program that logs in this way."""
        self._ends(auth, code, ["operator-key"], environment)

    def _starts_once(self, auth):
        """Starts a replica of its own by a wrapped secret id, and once more by the same."""
        port, other = self.stage.processes.port(), self.stage.processes.port()
        places = {"public.listen": f"127.0.0.1:{port}", "broker.listen": f"127.0.0.1:{other}"}
        more = [f"--set=credential_vault.{name}.address={address}" for name, address in places.items()]
        more.append(f"--set=credential_vault.audit_file={self.stage.desk}/audit.jsonl")
        command = [self.stage.granary, "credential-vault", "--config", self._settings(auth), *more]
        end(self.stage.processes.start("wrapped", command, port).process)
        self._ends(auth, 3, more, {})

    def _ends(self, auth, code, arguments, environment):
        command = [self.stage.granary, "credential-vault", "--config", self._settings(auth), *arguments]
        environment = self.stage.environment() | environment
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        if ended.returncode != code:
            raise Failure(f"with {auth.partition('{')[2]} it ended with {ended.returncode}, not {code}:\n{ended.stderr}")

    def _settings(self, auth):
        text = (self.stage.host("cv-1") / "etc/granary/granary.toml").read_text().splitlines()
        config = self.stage.desk / "login.toml"
        config.write_text("\n".join(auth if line.startswith("auth = ") else line for line in text) + "\n")
        return config

    def _jwt(self):
        now = int(time.time())
        claims = {"sub": SUBJECT, "aud": "vault", "iat": now, "exp": now + 600}
        text = ".".join(_part(json.dumps(part).encode()) for part in ({"alg": "EdDSA", "typ": "JWT"}, claims))
        (self.stage.desk / "unsigned").write_text(text)
        self._openssl("pkeyutl", "-sign", "-rawin", "-in", "unsigned", "-inkey", "sa.key", "-out", "signature")
        return f"{text}.{_part((self.stage.desk / 'signature').read_bytes())}"

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.stage.desk, check=True, capture_output=True, timeout=30)


def _part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
