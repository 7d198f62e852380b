"""One upload: the bytes and their checksum, a mark that tells it from every other, and whether it arrived."""

import base64
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO

import google_crc32c

from market_data_assets.errors import Retryable, StorageFailed
from market_data_assets.storage.checksums import chunks_of
from market_data_assets.storage.checksums import crc32c as checksum_of
from market_data_assets.storage.stores.disk import refusals
from market_data_assets.storage.stores.gcs_errors import FAILURES
from market_data_assets.storage.stores.gcs_retry import Attempts, Patience

if TYPE_CHECKING:
    from google.cloud.storage import Blob

CHUNK_BYTES = 8 << 20
"""Up to this size an upload is one request; above, a session of requests of this size."""
_MARK = "upload"
_CONTENT_TYPES = {".json": "application/json", ".html": "text/html; charset=utf-8"}
"""What a browser shall show; everything else is bytes."""


@dataclass(frozen=True, slots=True)
class LocalContent:
    """What is to be stored, open for reading."""

    stream: BinaryIO
    size: int
    crc32c: int


@contextmanager
def opened(data: bytes | Path, what: str) -> Iterator[LocalContent]:
    """Bytes or a local file as a stream, with the checksum of what is there now.

    Raises:
        StorageFailed: the file cannot be read.
    """
    if not isinstance(data, Path):
        yield LocalContent(BytesIO(data), len(data), checksum_of(data))
        return
    with refusals(what, str(data)):
        checksum = 0
        for chunk in chunks_of(data):
            checksum = google_crc32c.extend(checksum, chunk)
        stream = data.open("rb")
    with stream:
        yield LocalContent(stream, data.stat().st_size, checksum)


def checksum_in(blob: "Blob") -> int:
    """The CRC32C that the store states, -1 if it states none."""
    return -1 if blob.crc32c is None else int.from_bytes(base64.b64decode(blob.crc32c), "big")


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload to ``blob``, which must be at ``if_generation``."""

    content: LocalContent
    blob: "Blob"
    if_generation: int
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def send(self, attempts: Attempts, patience: Patience) -> None:
        """Transfer it. The store refuses bytes that do not have the stated checksum."""
        content = self.content
        # Given as metadata, not computed by Google's client: that one deletes the object, whoever has put it there by
        # then, when the checksums of a session differ.
        self.blob.crc32c = base64.b64encode(content.crc32c.to_bytes(4, "big")).decode()
        self.blob.metadata = {_MARK: self.mark}
        try:
            self.blob.upload_from_file(
                content.stream,
                size=content.size,
                content_type=_CONTENT_TYPES.get(PurePath(self.blob.name).suffix, "application/octet-stream"),
                if_generation_match=self.if_generation,
                checksum=None,
                timeout=patience.for_sending(min(content.size, CHUNK_BYTES)),
                retry=attempts,
            )
        except FAILURES:
            raise  # some of them are ValueErrors too
        except ValueError as error:
            # Google's client says so when the store has kept a part of a chunk only, or a file has become shorter.
            raise Retryable(f"put gs://{self.blob.bucket.name}/{self.blob.name}: {error}") from None

    def check(self, what: str) -> None:
        """Compare with what the store says that it holds."""
        if (self.blob.size, checksum_in(self.blob)) != (self.content.size, self.content.crc32c):
            raise StorageFailed(
                f"{what}: the store holds {self.blob.size} bytes with crc32c {checksum_in(self.blob)}, "
                f"expected {self.content.size} with {self.content.crc32c}"
            )

    def is_in(self, stored: "Blob") -> bool:
        """Whether an object is what this upload has stored."""
        return (stored.metadata or {}).get(_MARK) == self.mark
