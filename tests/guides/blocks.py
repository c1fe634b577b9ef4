"""The guide as a list of blocks: what an operator types, in the order of the pages."""

import re
from dataclasses import dataclass
from pathlib import Path

from processes import Failure

PAGES = ("README.md", "operations.md", "recovery.md")
RUN = ("sh", "toml")
# A remark above a block is for whoever reads the source of the page, and for this test.
REMARK = re.compile(r"<!-- (?:(?P<skip>not run): (?P<reason>.+)|ends with (?P<code>\d+)) -->")


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    chapter: str
    language: str
    text: str
    skipped: str = ""
    code: int = 0

    def __str__(self):
        return f"{self.page}:{self.line} ({self.chapter})"


def read(folder):
    """All blocks of all pages that are run, and those that say why they are not."""
    return [block for page in PAGES for block in _page(Path(folder) / page)]


def _page(path):
    chapter, remark, fence, lines, begun = "", None, None, [], 0
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if fence is not None:
            if line != "```":
                lines.append(line)
                continue
            if fence in RUN:
                yield _block(path.name, begun, chapter, fence, lines, remark)
            fence, lines, remark = None, [], None
        elif line.startswith("```"):
            fence, begun = line[3:], number + 1
        elif line.startswith("<!--"):
            remark = REMARK.fullmatch(line)
            if remark is None:
                raise Failure(f"{path.name}:{number}: {line!r} is neither '<!-- not run: REASON -->' nor '<!-- ends with CODE -->'")
        elif line:
            remark = None
            if line.startswith("#"):
                chapter = line.lstrip("# ")
    if fence is not None:
        raise Failure(f"{path.name}:{begun}: this block does not end")


def _block(page, line, chapter, language, lines, remark):
    skipped = remark["reason"] if remark and remark["skip"] else ""
    code = int(remark["code"]) if remark and remark["code"] else 0
    return Block(page, line, chapter, language, "\n".join(lines) + "\n", skipped, code)
