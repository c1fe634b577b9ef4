"""What the guide claims, chapter by chapter, tried on the processes that its commands have set up."""

import json
import re
import time
import urllib.request

from load import Load
from logins import Logins
from processes import Failure
from stage import VAULTS
from trials import STEADY, Trials, check

# One that the guide names, one whose credential is revoked after the snapshot as well, and one that is made after it.
NAMED, REVOKED, SINCE = "user_ha_456", "user_ha_457", "user_since"


class Claims(Trials):
    def __init__(self, stage, services, shell):
        super().__init__(stage, services, shell)
        self.kept, self.begun, self.load = 0, set(), None
        self.befores = {
            "How credential-vault logs in": self.a_signer_of_jwts,
            "Run": self.the_rest_of_granary_is_up,
            "Backup": self.another_node_leads,
            "Restarts and upgrades": self.calls_go_on,
            "Certificates": self.calls_go_on,
            "The transit key": self.calls_go_on,
            "Sealed": self.a_power_cut,
        }
        self.afters = {
            "A cluster": self.keys_are_their_owners,
            "The audit device": self.requests_are_written_without_values,
            "Engines, key, policy": self.bootstrap_finds_all_done,
            "Run": self.the_main_job_runs_and_every_login_works,
            "Backup": self.only_the_leader_saves_and_half_a_snapshot_is_told,
            "Restarts and upgrades": self.nearly_no_call_was_lost,
            "Certificates": self.the_old_authority_counts_no_more,
            "The secret id": self.one_secret_id_is_left_and_lets_in,
            "The transit key": self.older_versions_are_gone,
            "Sealed": self.sealed_was_told_and_is_over,
            "A lost node": self.calls_are_answered,
            "A root token for an hour": self.a_root_token_was_made,
            "Moving in and out": self.both_replicas_serve_from_vault,
            "What a restore brings back": self.what_was_revoked_served_again,
            "Into a new cluster": self.the_old_credentials_serve,
        }

    def know(self, chapters):
        for chapter in (*self.befores, *self.afters):
            if chapter not in chapters:
                raise Failure(f"the guide has no chapter {chapter!r}, whose claims are tried here")

    def before(self, block):
        if block.chapter not in self.begun:
            self.begun.add(block.chapter)
            self.befores.get(block.chapter, lambda: None)()

    def after(self, block):
        claim = self.afters.get(block.chapter)
        if claim is not None:
            claim()
            self.kept += 1

    # Set-up

    def keys_are_their_owners(self):
        for name in VAULTS:
            self._closed(self.stage.host(name) / "etc/vault/server.key")
        self._closed(self.stage.desk / "ca.key")

    def requests_are_written_without_values(self):
        self.shell.run("vault kv list nothing-here || true; vault token lookup")
        audit = (self.stage.folder / "audit/audit.log").read_text()
        check('"type":"request"' in audit, "the audit file has no request")
        check(self.stage.latest(r"^Initial Root Token: (\S+)$") not in audit, "the audit file has the root token")

    def bootstrap_finds_all_done(self):
        self._closed(self.stage.desk / "secret-id")
        self._closed(self.stage.desk / "operator-token")
        again = self.shell.run("granary hashicorp-vault bootstrap")
        steps = [line for line in again.splitlines() if not line.startswith("role id")]
        check(steps and all(line.startswith("present") for line in steps), f"bootstrap changed something again:\n{again}")
        self.shell.run("granary hashicorp-vault bootstrap --secret-id-file secret-id", code=3)

    def a_signer_of_jwts(self):
        self.logins = Logins(self.stage)
        self.logins.make_signer()

    def the_rest_of_granary_is_up(self):
        self.services.start()

    def the_main_job_runs_and_every_login_works(self):
        self.services.key = self.stage.latest(r"(grn_[\w-]+)")
        for number in (1, 2):
            self._closed(self.stage.host(f"cv-{number}") / "etc/granary/secret-id")
        with urllib.request.urlopen(f"{self.services.control}/credentials", timeout=10) as answer:
            self.tokens = json.load(answer)["harvest_tokens"]
        for number, account in enumerate((*STEADY, NAMED, REVOKED)):
            self._connect(account, number)
        self.calls_are_answered()
        self.logins.try_all()
        self._a_device_that_cannot_be_written()

    # Operations

    def another_node_leads(self):
        """VAULT_ADDR names a standby then, as it does on any day for two nodes of three."""
        self.shell.run('vault operator step-down; until vault status | grep -q "^HA Mode *standby$" && vault token lookup; do sleep 0.2; done')

    def only_the_leader_saves_and_half_a_snapshot_is_told(self):
        desk = self.stage.desk
        self._closed(desk / "granary.snap")
        self.shell.run("vault operator raft snapshot save standby.snap", code=2)
        check(not (desk / "standby.snap").exists(), "a standby has saved a snapshot: the guide says that it cannot")
        whole = (desk / "granary.snap").read_bytes()
        (desk / "half.snap").write_bytes(whole[: len(whole) // 2])
        self.shell.run("! vault operator raft snapshot inspect half.snap")
        # From here on, things are done that a restore undoes.
        for account in (NAMED, REVOKED):
            self._does("credentials", "revoke", "--yes", "--account", account, "harvest-token")
            self._refused(account, "CREDENTIAL_REVOKED")
        self._connect(SINCE, 2)

    def calls_go_on(self):
        self.load = Load(self.services, STEADY)

    def nearly_no_call_was_lost(self):
        self._lost(10, 30)

    def the_old_authority_counts_no_more(self):
        self._lost(5, 5)
        # With every connection made anew.
        self.shell.run("for n in 1 2 3; do renew $n; done")
        self.shell.run("! VAULT_CACERT=ca.pem vault token lookup")
        self.calls_are_answered()

    def one_secret_id_is_left_and_lets_in(self):
        for number in (1, 2):
            self._closed(self.stage.host(f"cv-{number}") / "etc/granary/secret-id")
        left = self.shell.run("secret_ids").split("\n")
        check(len(left) == 2, f"not one secret id is left:\n{left}")
        # Every token was revoked, so that this took a login.
        self.calls_are_answered()

    def older_versions_are_gone(self):
        self._lost(5, 0)
        key = json.loads(self.shell.run("vault read -format=json $key"))["data"]
        newest = key["latest_version"]
        check(newest > 1 and key["min_available_version"] == newest, f"versions are left: {key}")
        self.calls_are_answered()

    def a_power_cut(self):
        for name in VAULTS:
            self.shell.run(f"ssh {name}.internal systemctl restart vault")

    def sealed_was_told_and_is_over(self):
        told = r"cause: sealed\n  request_id: [0-9a-f]{16}\n  a repeat may help after \d+ s"
        check(re.search(told, self.stage.seen), "no call was refused as sealed, in the words of the guide")
        self.calls_are_answered()

    def a_root_token_was_made(self):
        printed = self.shell.run("vault token lookup")
        check(re.search(r"^policies +\[root\]$", printed, re.MULTILINE), f"this is no root token:\n{printed}")

    def both_replicas_serve_from_vault(self):
        check(not (self.stage.host("cv-1") / "var/lib/granary/store.redb").exists(), "the file is still there")
        for replica in ("cv-1", "cv-2"):
            self._until(10, "accounts", "get", STEADY[0], replica=replica)
        self.calls_are_answered()

    # Recovery

    def what_was_revoked_served_again(self):
        key = json.loads(self.shell.run("vault read -format=json $key"))["data"]
        check(key["latest_version"] == 1 and key["min_available_version"] == 0, f"the transit key is not as it was: {key}")
        check('/RevokeCredential"' in self.stage.seen, "the audit files do not tell what was revoked")
        self._refused(NAMED, "CREDENTIAL_REVOKED")
        self._until(10, "call", "get_company", "--account", REVOKED)
        self._refused(SINCE, "ACCOUNT_NOT_FOUND")
        self.calls_are_answered()

    def the_old_credentials_serve(self):
        check((self.stage.folder / "keys-of-1").exists(), "the new cluster was not initialised with keys of its own")
        for account in (NAMED, REVOKED):
            self._until(10, "call", "get_company", "--account", account)
        self._refused(SINCE, "ACCOUNT_NOT_FOUND")
        self.calls_are_answered()

    def _lost(self, gap, refusals):
        print(f"           {self.load.finish(gap, refusals)}")

    def _a_device_that_cannot_be_written(self):
        """A directory in the place of the audit file does what a full disk does."""
        audit = self.stage.folder / "audit"
        reload = "for n in 1 2 3; do ssh vault-$n.internal systemctl reload vault; done"
        self.shell.run(f"mv {audit}/audit.log {audit}/moved; mkdir {audit}/audit.log; {reload}")
        end = time.monotonic() + 10
        while "audit_full" not in (told := self.services.granary("accounts", "get", STEADY[0])[1]):
            check(time.monotonic() < end, f"a call is not refused as audit_full:\n{told}")
            time.sleep(0.2)
        self.shell.run("vault status")
        self.shell.run(f"rmdir {audit}/audit.log; {reload}")
        self.calls_are_answered()
