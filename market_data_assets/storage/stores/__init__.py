"""Object stores: one seam, and who stands behind it. A new kind of store is one file here and one line below."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from market_data_assets.errors import SettingsError
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.stores.local import LocalStore
from market_data_assets.storage.stores.memory import MemoryStore


def open_store(url: str) -> Store:
    """The store at ``memory://name`` or ``file:///absolute/folder``. Nothing is created before the first write.

    Raises:
        SettingsError: another scheme, or a folder that is not absolute.
    """
    scheme = urlsplit(url).scheme
    opener = _OPENERS.get(scheme)
    if opener is None:
        raise SettingsError(f"storage root {url!r}: expected one of {', '.join(f'{known}://…' for known in _OPENERS)}")
    return opener(url)


@cache
def _open_memory(url: str) -> Store:
    return MemoryStore(url.removeprefix("memory://"))


def _open_local(url: str) -> Store:
    parts = urlsplit(url)
    folder = Path(unquote(parts.path))
    if parts.netloc not in {"", "localhost"} or not folder.is_absolute() or parts.query or parts.fragment:
        raise SettingsError(f"storage root {url!r}: expected file:///absolute/folder")
    return LocalStore(folder)


_OPENERS: dict[str, Callable[[str], Store]] = {"memory": _open_memory, "file": _open_local}
