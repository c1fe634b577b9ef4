"""Runs the operators' guide to HashiCorp Vault as it is written, and tries after each chapter whether its claims hold."""

import os
import re
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What starts and ends processes for the benches does so here, too.
sys.path.insert(0, str(HERE.parent / "benches"))

import blocks  # noqa: E402
from claims import Claims  # noqa: E402
from processes import Failure, Processes  # noqa: E402
from services import Services  # noqa: E402
from shell import Shell  # noqa: E402
from stage import Stage  # noqa: E402

SECRET = re.compile(r"(grn_|hvs\.)[\w.-]+|(?<=Unseal Key \d: )\S+")
GUIDE = HERE.parent.parent / "deploy/vault"


def main():
    try:
        with Processes(None) as processes:
            follow(processes)
    except Failure as failure:
        print(f"guide: {SECRET.sub('…', str(failure))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("guide: interrupted", file=sys.stderr)
        return 130
    return 0


def follow(processes):
    begun = time.monotonic()
    guide = blocks.read(GUIDE)
    stage = Stage(processes, Path(os.environ["GUIDE_VAULT"]), Path(os.environ["GUIDE_GRANARY"]).resolve())
    shell = Shell(stage.desk, stage.environment())
    try:
        services = Services(stage)
        claims = Claims(stage, services, shell)
        claims.know({block.chapter for block in guide})
        for number, block in enumerate(guide):
            skipped = f": not run, {block.skipped}" if block.skipped else ""
            print(f"{time.monotonic() - begun:5.0f} s  {block}{skipped}", flush=True)
            last = number + 1 == len(guide) or guide[number + 1].chapter != block.chapter
            try:
                claims.before(block)
                run(block, stage, services, shell)
                if last:
                    claims.after(block)
            except Failure as failure:
                raise Failure(f"{block}: {failure}\n{services.last_words()}") from None
    finally:
        shell.close()
    ran = sum(not block.skipped for block in guide)
    print(f"guide: {ran} blocks run, {len(guide) - ran} not; {claims.kept} chapters tried, in {time.monotonic() - begun:.0f} s")


def run(block, stage, services, shell):
    if block.skipped:
        return
    text = stage.played(block.text)
    if block.language == "toml":
        services.settle(text)
    else:
        stage.note(shell.run(text, block.code))


sys.exit(main())
