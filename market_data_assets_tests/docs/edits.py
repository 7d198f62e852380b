"""Applying the edits that a tutorial shows as a diff, to the copy of the package that the tutorial works on."""

from pathlib import Path


def apply_diff(diff: str, folder: Path) -> None:
    """Make the edits of a unified diff without line numbers: each hunk must fit exactly one place of its file.

    Raises:
        ValueError: a hunk that fits no place, or several; the tutorial has fallen behind the code.
    """
    path = None
    for part in ("\n" + diff).split("\n--- ")[1:]:
        header, _, rest = part.partition("\n")
        path = folder / header.strip()
        second, _, hunks = rest.partition("\n")
        if second != f"+++ {header}":
            raise ValueError(f"diff of {header}: expected the line '+++ {header}', found {second!r}")
        for hunk in hunks.split("@@\n")[1:]:
            _apply_hunk(path, hunk.rstrip("\n").split("\n"))
    if path is None:
        raise ValueError("diff: expected a line '--- path'")


def _apply_hunk(path: Path, lines: list[str]) -> None:
    # An editor may have taken the space off an empty line of context.
    old = "\n".join(line[1:] for line in lines if line[:1] != "+")
    new = "\n".join(line[1:] for line in lines if line[:1] != "-")
    text = path.read_text(encoding="utf-8")
    if (found := text.count(old + "\n")) != 1:
        raise ValueError(f"{path.name}: a hunk of the diff fits {found} places, expected 1:\n{old}")
    path.write_text(text.replace(old + "\n", new + "\n"), encoding="utf-8")
