"""What has to be there before anything can be measured: our binaries, and the tools of others."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from processes import Failure

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
BINARIES = ("granary", "bench-echo", "bench-load", "bench-neighbours")


def build(asked, report):
    """Builds what is measured and what measures; returns the folder of the binaries."""
    folder = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / asked.profile
    if asked.no_build:
        missing = [name for name in BINARIES if not (folder / name).exists()]
        if missing:
            raise Failure(f"{folder} lacks {', '.join(missing)}; leave out --no-build")
        return folder
    report.progress(f"building with profile {asked.profile}")
    command = ["cargo", "build", "--locked", "--profile", asked.profile, "-p", "granary", "-p", "granary-tests"]
    for name in BINARIES:
        command += ["--bin", name]
    _run(command, "cargo build", 3_600, cwd=ROOT)
    return folder


def command(name, package, report):
    """The path of a command, which is installed where that is possible."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path:
        return path
    how = f"apt-get install {package}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Failure(f"{name} is missing; get it by `{how}`")
    report.progress(how)
    # With this run level the package's own service is not started.
    env = os.environ | {"RUNLEVEL": "1", "DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-q"], "apt-get update", 300, env=env)
    _run(["apt-get", "install", "-q", "-y", "--no-install-recommends", package], how, 600, env=env)
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if not path:
        raise Failure(f"{name} is missing after `{how}`")
    return path


def vault(report):
    """The path of a Vault server, which is built where there is none."""
    report.progress("looking for a Vault server (five minutes, if it must be built)")
    printed = _run([TESTS / "vault-server" / "build"], "tests/vault-server/build", 1_800, stdout=subprocess.PIPE, text=True)
    return Path(printed.split()[-1])


def envoy(report):
    """The path of Envoy, which is installed where there is none."""
    report.progress("looking for Envoy (half a minute, if it must be installed)")
    printed = _run([TESTS / "tools.sh", "envoy"], "tests/tools.sh envoy", 900, stdout=subprocess.PIPE, text=True)
    return Path(printed.split()[-1])


def _run(arguments, what, seconds, **options):
    """Runs a command whose output goes to stderr, unless it is asked for, since stdout is for what was measured."""
    try:
        done = subprocess.run([str(a) for a in arguments], timeout=seconds, **{"stdout": sys.stderr} | options)
    except FileNotFoundError:
        raise Failure(f"{what}: {arguments[0]} is missing") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"{what} did not end within {seconds} s") from None
    if done.returncode != 0:
        raise Failure(f"{what} failed with {done.returncode}")
    return done.stdout
