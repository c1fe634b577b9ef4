"""Calls that go on while the operator works: how many were answered, and for how long none was."""

import collections
import threading
import time

from processes import Failure


class Load:
    """Calls as accounts in turn, and what became of each."""

    def __init__(self, services, accounts):
        self.services, self.accounts = services, accounts
        self.end = threading.Event()
        # Seconds since the beginning, and what a refused call was told.
        self.answered, self.refused = [0.0], []
        self.begun = time.monotonic()
        self.thread = threading.Thread(target=self._call, daemon=True)
        self.thread.start()

    def finish(self, gap, refusals):
        """Ends it. No gap between answers may be longer than that many seconds, and no more calls be refused, all for the store's sake."""
        self.end.set()
        self.thread.join(60)
        self.answered.append(time.monotonic() - self.begun)
        longest = max(b - a for a, b in zip(self.answered, self.answered[1:]))
        strange = [told for told in self.refused if "STORE_UNAVAILABLE" not in told]
        if strange:
            raise Failure(f"a call was refused for another reason than the store's:\n{strange[0]}")
        kinds = collections.Counter(told.splitlines()[0] for told in self.refused)
        report = f"{len(self.answered) - 2} calls answered, none for {longest:.1f} s, {len(self.refused)} refused {dict(kinds) or ''}"
        if longest > gap or len(self.refused) > refusals:
            raise Failure(f"{report}; {gap} s and {refusals} are allowed")
        return report

    def _call(self):
        number = 0
        while not self.end.is_set():
            number += 1
            account = self.accounts[number % len(self.accounts)]
            asked = time.monotonic()
            code, told = self.services.granary("call", "get_company", "--account", account)
            if code == 0:
                self.answered.append(time.monotonic() - self.begun)
            else:
                self.refused.append(f"{told}\nasked {asked - self.begun:.1f} s after the beginning, told after {time.monotonic() - asked:.1f} s")
            self.end.wait(0.1)
