"""Replacing a file as a whole: readers see the old one or the new one, whatever dies when."""

import fcntl
import filecmp
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

Result = TypeVar("Result")


def replace_file(final: Path, write: Callable[[BinaryIO], Result]) -> tuple[Result, bool]:
    """Let ``write`` fill a draft beside ``final``, then put it in its place; identical content changes nothing.

    The draft has one fixed name and is locked while it is written, so two writers follow each other, and a writer that
    was killed leaves at most one draft, which the next writer empties.

    Returns:
        What ``write`` returned, and whether ``final`` changed.
    """
    draft = final.with_name(f".{final.name}.draft")
    with _locked(draft) as handle:
        try:
            handle.truncate(0)
            result = write(handle)
            handle.flush()
            changed = not (final.exists() and filecmp.cmp(draft, final, shallow=False))
            if changed:
                os.fsync(handle.fileno())
                draft.replace(final)
            else:
                draft.unlink()
            _sync_folder(final.parent)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    return result, changed


def _locked(path: Path) -> BinaryIO:
    """``path`` opened and locked, under its name: a writer that we waited for has renamed or removed what we opened."""
    while True:
        handle = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_still_at(path, handle):
                return handle
        except BaseException:
            handle.close()
            raise
        handle.close()


def _is_still_at(path: Path, handle: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle.fileno()))
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
