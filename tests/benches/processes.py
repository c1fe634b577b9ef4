"""Processes that end with the bench, their ports, their files and what they spend."""

import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path


# Nothing of the caller's own settings may reach what is measured.
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
PR_SET_PDEATHSIG = 1


class Failure(Exception):
    """Something that makes the measurement worthless, in words for a person."""


class Running:
    """One process, with its output in a file."""

    def __init__(self, name, process, log):
        self.name, self.process, self.log, self.pid = name, process, log, process.pid

    def cpu_seconds(self):
        """User and system time of the process and of its children, all threads."""
        return sum(map(_cpu, _tree(self.pid)))

    def resident_bytes(self):
        """Memory of the process that is in RAM now, without its children."""
        try:
            pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        except OSError:
            return 0
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def last_words(self):
        return self.log.read_text(errors="replace")[-2_000:].strip()


class Processes:
    """Starts processes, and ends every one of them whatever happens."""

    def __init__(self, report):
        self.report, self.all, self.ports = report, [], set()

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="granary-bench-"))
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupted)
        return self

    def __exit__(self, *_):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        # All at once: each may take its time, and none needs another one for that.
        for running in self.all:
            if running.process.poll() is None:
                running.process.terminate()
        for running in reversed(self.all):
            end(running.process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, name, command, port=None, env=None, seconds=20):
        """Starts a process and waits until it listens on a port of loopback."""
        log = self.folder / f"{name}.log"
        with open(log, "wb") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=ENVIRONMENT | (env or {}),
                preexec_fn=_end_with_parent,
            )
        running = Running(name, process, log)
        self.all.append(running)
        until = time.monotonic() + seconds
        while port is not None and not _listens(port):
            if process.poll() is not None:
                raise Failure(f"{name} ended with {process.returncode}:\n{running.last_words()}")
            if time.monotonic() > until:
                raise Failure(f"{name} does not listen after {seconds} s:\n{running.last_words()}")
            time.sleep(0.02)
        return running

    def stop(self, running):
        """Ends a process before the bench does."""
        self.all.remove(running)
        end(running.process)

    def check(self):
        """Whoever ended by itself makes every number doubtful."""
        for running in self.all:
            if running.process.poll() is not None:
                raise Failure(f"{running.name} ended with {running.process.returncode}:\n{running.last_words()}")

    def port(self):
        """A port that nobody uses, below those that outgoing connections take."""
        while True:
            port = random.randrange(20_000, 32_000)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            if port not in self.ports:
                self.ports.add(port)
                return port

    def run(self, command, env=None, stdin="", seconds=60):
        """Runs a command to its end and returns what it printed."""
        command = [str(part) for part in command]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT | (env or {}),
            text=True,
            preexec_fn=_end_with_parent,
        )
        try:
            output, errors = process.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{Path(command[0]).name} did not end within {seconds:.0f} s") from None
        finally:
            end(process)
        if process.returncode != 0:
            # The command's own words, without its arguments, among which are keys.
            raise Failure(f"{Path(command[0]).name} ended with {process.returncode}:\n{(errors or output)[-2_000:]}")
        return output


def end(process):
    """Asks a process to end, and insists after some seconds."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def _end_with_parent():
    # A group of its own, so that Ctrl-C reaches the bench alone, which then ends the others in order. Not a session of its
    # own: Linux may schedule by sessions, and then a process with two threads would get no more than one with one.
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _interrupted(*_):
    raise KeyboardInterrupt


def _listens(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _tree(pid):
    pids = [pid]
    for parent in pids:
        try:
            pids += map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split())
        except OSError:
            pass
    return pids


def _cpu(pid):
    """Of the threads that live: to the nanosecond, where /proc/PID/stat counts in hundredths of a second."""
    nanoseconds = 0
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            nanoseconds += int(thread.read_text().split()[0])
        except OSError:
            continue
    return nanoseconds / 1e9
