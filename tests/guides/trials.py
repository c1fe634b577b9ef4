"""How a claim is tried: calls through the gateway, files that have to be closed."""

import stat
import time

from processes import Failure

# Their credential stays. Calls as one and the other in turn need the store each time.
STEADY = ("user_1", "user_2")


class Trials:
    def __init__(self, stage, services, shell):
        self.stage, self.services, self.shell = stage, services, shell

    def calls_are_answered(self):
        for account in STEADY:
            self._until(20, "call", "get_company", "--account", account)

    def _connect(self, account, number):
        token = self.tokens[number]
        self._does("accounts", "create", account)
        put = ("credentials", "put", "--account", account, "harvest-token", "--account-id", str(token["account_id"]))
        self._does(*put, stdin=token["access_token"])

    def _does(self, *arguments, **options):
        code, told = self.services.granary(*arguments, **options)
        check(code == 0, f"granary {' '.join(arguments[:2])} ended with {code}:\n{told}")

    def _until(self, seconds, *arguments, **options):
        """Health and connections take a moment to come back."""
        end = time.monotonic() + seconds
        while True:
            code, told = self.services.granary(*arguments, **options)
            if code == 0:
                return
            check(time.monotonic() < end, f"granary {' '.join(arguments[:2])} still ends with {code} after {seconds} s:\n{told}")
            time.sleep(0.2)

    def _refused(self, account, reason):
        code, told = self.services.granary("call", "get_company", "--account", account)
        check(code != 0 and reason in told, f"a call as {account} was not refused as {reason}:\n{told}")

    def _closed(self, path):
        mode = stat.S_IMODE(path.stat().st_mode)
        check(mode == 0o600, f"{path.name} is open to others: {mode:o}")


def check(holds, otherwise):
    if not holds:
        raise Failure(otherwise)
