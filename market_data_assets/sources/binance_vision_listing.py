"""Which files Binance Vision holds: its bucket's listing in XML, or a folder in the same layout."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

from market_data_assets.errors import SchemaDrift

KINDS = ("trades", "aggTrades")
"""Dumps that hold trades, the better one first."""
_NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


def file_stem(symbol: str, kind: str, day: dt.date) -> str:
    """A file's name without its ending."""
    return f"{symbol}-{kind}-{day.isoformat()}"


def symbols_in_folder(folder: Path, day: dt.date) -> list[str]:
    """Symbols with a file of trades for the day. ``folder`` is a market's ``daily`` folder."""
    found = {
        file.parent.name
        for kind in KINDS
        for file in folder.glob(f"{kind}/*/*-{kind}-{day.isoformat()}.*")
        if file.suffix in {".zip", ".csv"}
    }
    return sorted(found)


class BucketListing:
    """A bucket's listing in the XML of S3 (ListObjects, version 1)."""

    def __init__(self, url: str, read: Callable[[str, str], bytes]) -> None:
        """``read`` fetches a document by URL and description."""
        self._url, self._read = url, read

    def folders(self, prefix: str) -> list[str]:
        """Names of the folders right below ``prefix``, which ends with a slash."""
        return [text.removeprefix(prefix).rstrip("/") for text in self._pages(prefix, "CommonPrefixes", "Prefix")]

    def has(self, name: str) -> bool:
        """Whether an object of exactly this name exists."""
        return name in self._pages(name, "Contents", "Key")

    def _pages(self, prefix: str, element: str, child: str) -> Iterator[str]:
        marker = ""
        while True:
            query = urlencode({"prefix": prefix, "delimiter": "/", "marker": marker}, safe="/")
            what = f"Binance Vision listing of {prefix}"
            page = _parse_page(what, self._read(f"{self._url}?{query}", what))
            for found in page.iter(f"{_NAMESPACE}{element}"):
                yield found.findtext(f"{_NAMESPACE}{child}", default="")
            if page.findtext(f"{_NAMESPACE}IsTruncated") != "true":
                return
            following = page.findtext(f"{_NAMESPACE}NextMarker", default="")
            if following <= marker:
                raise SchemaDrift(f"{what}: truncated, but its next marker {following!r} does not lead past {marker!r}")
            marker = following


def _parse_page(what: str, document: bytes) -> ElementTree.Element:
    try:
        page = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        raise SchemaDrift(f"{what}: expected XML, got {document[:80]!r} ({error})") from None
    if page.tag != f"{_NAMESPACE}ListBucketResult":
        raise SchemaDrift(f"{what}: expected ListBucketResult, got {page.tag!r}")
    return page
