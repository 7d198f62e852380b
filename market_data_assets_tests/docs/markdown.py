"""The blocks of a Markdown document, and what is said of each in the comment before it.

``<!-- not run: why -->`` excuses a block. ``<!-- prints -->`` stands before a text block that is what the block before it
printed. ``<!-- file: path -->`` says that the block is the content of a file. ``<!-- calls -->`` stands before a table whose last
column are calls.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUN = ("python", "sh", "diff")
"""Languages of blocks that are run or applied."""
SHOWN = ("text", "toml")
"""Languages of blocks that only show something."""

_FENCE = re.compile(r"^```(\S*)$")
_COMMENT = re.compile(r"^<!--\s*(?P<word>not run|prints|file|calls)(?::\s*(?P<text>.*?))?\s*-->$")
_CALL = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block, or one table of calls.

    Attributes:
        line: Of its first line of text, from 1.
        language: As written after the fence; empty where nothing is.
        word: Of the comment before it, such as ``not run``; empty where there is none.
        text: What the comment says beside the word.
    """

    document: str
    line: int
    language: str
    code: str
    word: str = ""
    text: str = ""

    @property
    def is_excused(self) -> bool:
        return self.word == "not run"

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"

    def as_json(self) -> dict[str, str]:
        """As the session takes it."""
        return {"place": str(self), "language": self.language, "code": self.code, "word": self.word, "text": self.text}


def documents() -> list[str]:
    """Every document whose blocks are looked at, by its path in the project; the data dictionary is generated and has none."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    return sorted(str(path.relative_to(ROOT)) for path in found if path.name != "data_dictionary.md")


def blocks_of(document: str) -> list[Block]:
    """The blocks of a document, in order."""
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines()
    return list(_blocks(document, lines))


def _blocks(document: str, lines: list[str]) -> Iterator[Block]:
    word = text = ""
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if comment := _COMMENT.match(line):
            word, text = comment["word"], comment["text"] or ""
        elif fence := _FENCE.match(line):
            end = lines.index("```", number)
            yield Block(document, number + 1, fence[1], "\n".join(lines[number:end]) + "\n", word, text)
            word, text, number = "", "", end + 1
        elif word == "calls" and line.startswith("|"):
            rows = [line]
            while number < len(lines) and lines[number].startswith("|"):
                rows.append(lines[number])
                number += 1
            # A call per line, at the line of its row, so that an error names it.
            yield Block(document, number - len(rows) + 1, "python", "\n".join(map(_calls, rows)) + "\n", word)
            word = text = ""
        elif line.strip():
            word = text = ""


def _calls(row: str) -> str:
    last = row.replace(r"\|", "\0").rstrip("| ").rsplit("|", 1)[-1]
    return "; ".join(call for call in _CALL.findall(last) if "(" in call)
