"""The room on a local disk."""

import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit


def free_bytes(root_url: str) -> int | None:
    """What is free where a local lake grows, also where its folder does not exist yet; None for a lake that is not on a disk."""
    parts = urlsplit(root_url)
    if parts.scheme != "file":
        return None
    folder = Path(unquote(parts.path))
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
