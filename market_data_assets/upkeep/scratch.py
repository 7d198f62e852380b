"""Folders that killed runs left in the temporary folder of this machine."""

import datetime as dt
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from market_data_assets.storage.sweep import MINIMUM_AGE
from market_data_assets.upkeep.findings import Finding, Kind
from market_data_assets.upkeep.remedies import SWEEP, WAIT

# As the lake names its scratch folders, and Python ends such names; each is removed by whoever made it, unless it is killed.
_NAME = re.compile(r"(lake|fan-out|view)-[a-z0-9_]{8}")
_SUFFIXES = {".parquet", ".arrow"}


@dataclass(frozen=True, slots=True)
class _Scratch:
    path: Path
    files: int
    size: int
    age: dt.timedelta

    @property
    def is_old(self) -> bool:
        return self.age > MINIMUM_AGE


def find_scratch(now: dt.datetime, folder: Path | None = None) -> Sequence[Finding]:
    """Scratch folders of this user, with their age at ``now`` (aware)."""
    return [
        Finding(
            Kind.SCRATCH_LEFTOVER if each.is_old else Kind.SCRATCH,
            "",
            None,
            str(each.path),
            "nothing, once a run has ended",
            f"{each.files} file(s), {each.size:,} bytes, {each.age / dt.timedelta(hours=1):.0f} h old",
            SWEEP if each.is_old else WAIT,
        )
        for each in _scratch(now, folder)
    ]


def sweep_scratch(now: dt.datetime, folder: Path | None = None) -> int:
    """Remove the scratch folders of this user in which nothing was written for 48 hours; how many those were."""
    old = [each.path for each in _scratch(now, folder) if each.is_old]
    for path in old:
        shutil.rmtree(path)
    return len(old)


def _scratch(now: dt.datetime, folder: Path | None) -> Iterator[_Scratch]:
    for path in sorted((folder or Path(tempfile.gettempdir())).iterdir()):
        if _NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            try:
                found = _measured(path, now)
            except FileNotFoundError:
                continue  # its run has just ended
            if found is not None:
                yield found


def _measured(path: Path, now: dt.datetime) -> _Scratch | None:
    """What lies in a folder; None for one of another user, or with files that no run of ours builds."""
    below = [each for each in path.rglob("*") if not each.is_dir()]
    facts = [each.lstat() for each in (path, *below)]
    if any(fact.st_uid != os.getuid() for fact in facts) or any(each.suffix not in _SUFFIXES for each in below):
        return None
    latest = dt.datetime.fromtimestamp(max(fact.st_mtime for fact in facts), dt.UTC)
    return _Scratch(path, len(below), sum(fact.st_size for fact in facts[1:]), now - latest)
