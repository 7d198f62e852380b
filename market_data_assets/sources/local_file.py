"""A vendor's file on the local disk, downloaded or read in place."""

import hashlib
import weakref
from dataclasses import dataclass
from pathlib import Path

from market_data_assets.sources.archives import read_pieces
from market_data_assets.sources.versions import FileVersion, note_version


@dataclass(frozen=True)
class LocalFile:
    """A vendor's file on the local disk. A downloaded one is removed when nothing refers to this record any more, so
    whoever uses ``path`` holds on to the record, too.

    Attributes:
        sha256: Of the bytes as delivered; empty for a file that is read in place and was not read yet.
        told: What the vendor says of them; None where it says nothing.
    """

    path: Path
    sha256: str = ""
    told: FileVersion | None = None

    def version(self) -> str:
        """``sha256:…`` of the bytes as delivered, and what the vendor says of them, as :func:`note_version` writes it."""
        if self.sha256:
            return note_version(self.sha256, self.told)
        digest = hashlib.sha256()
        for piece in read_pieces(self.path):
            digest.update(piece)
        return note_version(digest.hexdigest(), self.told)


def temporary_file(path: Path, sha256: str = "", told: FileVersion | None = None) -> LocalFile:
    """The record of a temporary file, which is removed with it."""
    local = LocalFile(path, sha256, told)
    weakref.finalize(local, path.unlink, missing_ok=True)
    return local
