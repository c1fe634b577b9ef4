"""The operator's shell: one bash, in which what a block exports is there for the next one."""

import os
import select
import signal
import subprocess
import time

from processes import Failure

# The first command that fails ends the shell. What it started ends with it, whoever ended it: all of that is one group.
BEGIN = """\
trap 'trap - TERM; kill -TERM 0' EXIT
trap 'echo "this failed: $BASH_COMMAND"' ERR
set -eE
"""


class Shell:
    def __init__(self, folder, environment):
        self.folder, self.number = folder, 0
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._say(BEGIN)

    def run(self, text, code=0, seconds=120):
        """Runs a block to its end, and returns what it printed."""
        self.number += 1
        script, output = (self.folder / f"block-{self.number}.{kind}" for kind in ("sh", "out"))
        script.write_text(text)
        # A block that has to fail runs in a shell of its own, which it may end.
        run = f". {script}" if code == 0 else f"code=0; (. {script}) || code=$?"
        self._say(f"code=0; {{ {run}; }} </dev/null >{output} 2>&1; echo ended $code\n")
        ended = self._hear(seconds)
        printed = output.read_text() if output.exists() else ""
        if ended != f"ended {code}":
            raise Failure(f"{ended or 'a command failed'}, not 'ended {code}'; it printed:\n{printed[-4_000:]}")
        return printed

    def close(self):
        """Ends the shell and whatever was started from it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                break
            time.sleep(0.5)
        self.process.wait(10)

    def _say(self, text):
        try:
            self.process.stdin.write(text)
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failure("the shell has ended") from None

    def _hear(self, seconds):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not ready:
            return f"still running after {seconds} s"
        return self.process.stdout.readline().strip()
