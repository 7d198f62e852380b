"""Where a browser finds what lies in a bucket: it opens no ``gs://``."""

from urllib.parse import quote

_SCHEME = "gs://"


def console_link(url: str) -> str | None:
    """The page of Google Cloud's console that lists a folder; None where ``url``, as the store names it, is in no bucket."""
    return _web(url, "https://console.cloud.google.com/storage/browser/")


def download_link(url: str) -> str | None:
    """Where whoever is logged in gets one object; None where ``url``, as the store names it, is in no bucket."""
    return _web(url, "https://storage.cloud.google.com/")


def _web(url: str, begins: str) -> str | None:
    return begins + quote(url.removeprefix(_SCHEME)) if url.startswith(_SCHEME) else None
