"""Object stores: one seam, and who stands behind it. A new kind of store is one file here and one line below."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from market_data_assets.errors import SettingsError
from market_data_assets.storage.names import checked_name
from market_data_assets.storage.stores.base import Store
from market_data_assets.storage.stores.local import LocalStore
from market_data_assets.storage.stores.memory import MemoryStore

if TYPE_CHECKING:
    from google.cloud.storage import Client

ClientFactory = Callable[[], "Client"]


def open_store(url: str, client: ClientFactory | None = None) -> Store:
    """The store at ``memory://name``, ``file:///absolute/folder``, ``gs://bucket`` or ``gs://bucket/prefix``.

    Nothing is created before the first write.

    Args:
        client: Makes the client of a bucket; with the credentials of the environment by default.

    Raises:
        SettingsError: another scheme, a folder that is not absolute, or no name of a bucket.
    """
    scheme = urlsplit(url).scheme
    if scheme == "gs":
        return _open_bucket(url, client)
    opener = _OPENERS.get(scheme)
    if opener is None:
        known = ", ".join(f"{scheme}://…" for scheme in (*_OPENERS, "gs"))
        raise SettingsError(f"storage root {url!r}: expected one of {known}")
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


def _open_bucket(url: str, client: ClientFactory | None) -> Store:
    from market_data_assets.storage.stores.gcs import GcsStore  # noqa: PLC0415

    found = _BUCKET.fullmatch(url)
    if found is None:
        raise SettingsError(f"storage root {url!r}: expected gs://bucket or gs://bucket/prefix, the bucket named by the rules of GCS")
    prefix = (found["prefix"] or "").strip("/")
    return GcsStore(found["bucket"], f"{checked_name(prefix)}/" if prefix else "", client)


# Names of buckets with dots may be as long as those of hosts.
_BUCKET = re.compile(r"gs://(?P<bucket>[a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?P<prefix>/[^?#]*)?")
_OPENERS: dict[str, Callable[[str], Store]] = {"memory": _open_memory, "file": _open_local}
