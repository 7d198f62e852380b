"""What the local store asks of the file system: listing by prefix, syncing folders, errors in words."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from market_data_assets.errors import StorageFailed, UnsafeName
from market_data_assets.storage.names import checked_name

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file is larger than this process or file system allows",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "no permission",
    errno.EPERM: "no permission",
}


@contextmanager
def refusals(operation: str, url: str) -> Iterator[None]:
    """Turn an error of the operating system into ``StorageFailed`` that says which object and why."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or type(error).__name__)
        raise StorageFailed(f"{operation} {url}: {reason} ({error})") from error


def make_folders(folder: Path) -> Path:
    """Create ``folder`` where it is missing. Returns the lowest folder that existed before."""
    existing = folder
    while not existing.is_dir():
        existing = existing.parent
    folder.mkdir(parents=True, exist_ok=True)
    return existing


def sync_folders(folder: Path, existing: Path) -> None:
    """Make the names in ``folder``, and those in its parents up to ``existing``, survive a power cut."""
    for each in (folder, *folder.parents):
        try:
            descriptor = os.open(each, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            return  # another writer has moved the last file away and removed the folder
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if each == existing:
            return


def listed(root: Path, prefix: str, *, folders: bool) -> Iterator[tuple[str, os.stat_result | None]]:
    """Names below ``root`` that start with ``prefix``, in order of name; a folder has no status."""
    start, _, _ = prefix.rpartition("/")
    yield from _listed(root / start, f"{start}/" if start else "", prefix, folders)


def _listed(folder: Path, parent: str, prefix: str, folders: bool) -> Iterator[tuple[str, os.stat_result | None]]:
    for name, entry in _entries(folder, parent):
        if not name.startswith(prefix):
            continue
        if not name.endswith("/"):
            try:
                yield name, entry.stat()
            except FileNotFoundError:
                continue  # removed since the folder was read
        elif not folders:
            yield from _listed(folder / entry.name, name, prefix, folders)
        # A folder that a killed process left empty holds no object.
        elif any(True for _ in _listed(folder / entry.name, name, name, False)):
            yield name, None


def _entries(folder: Path, parent: str) -> list[tuple[str, os.DirEntry[str]]]:
    try:
        with os.scandir(folder) as entries:
            found = [(f"{parent}{entry.name}{'/' if entry.is_dir() else ''}", entry) for entry in entries if _is_object(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(found, key=lambda pair: pair[0])


def _is_object(name: str) -> bool:
    try:
        checked_name(name)
    except UnsafeName:
        return False
    return True
