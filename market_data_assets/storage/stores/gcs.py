"""A store in a bucket of Google Cloud Storage, through Google's client and the JSON API only.

GCS's S3-compatible endpoint ignores preconditions, and with them everything that the commit protocol stands on.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from market_data_assets.errors import PreconditionFailed, Retryable, StorageFailed, UnsafeName
from market_data_assets.storage.google_clients import storage_client
from market_data_assets.storage.names import checked_name, checked_prefix
from market_data_assets.storage.stores.base import Content, Head, Listed
from market_data_assets.storage.stores.gcs_errors import FAILURES, PRECONDITION, in_our_words, status_of, translated
from market_data_assets.storage.stores.gcs_move import Renaming, delete
from market_data_assets.storage.stores.gcs_objects import BucketObjects, generation_of
from market_data_assets.storage.stores.gcs_read import Reading
from market_data_assets.storage.stores.gcs_retry import Attempts, Patience
from market_data_assets.storage.stores.gcs_upload import CHUNK_BYTES, Upload, checksum_in, opened

if TYPE_CHECKING:
    from google.cloud.storage import Client

_PAGE = 1_000
_LISTED_FIELDS = "items(name,generation,size,updated),prefixes,nextPageToken"
_NEVER = dt.datetime.fromtimestamp(0, dt.UTC)


class GcsStore:
    """The objects of ``bucket`` whose names start with ``prefix``, which is empty or ends in a slash.

    Needs the permissions storage.objects.get, .list, .create and .delete, none on the bucket itself. A client is made at
    the first request, one for each process.

    Args:
        client: Makes the client; with the credentials of the environment by default.
        patience: How long to wait for answers.
    """

    reads_in_place = False

    def __init__(
        self, bucket: str, prefix: str = "", client: "Callable[[], Client] | None" = None, *, patience: Patience | None = None
    ) -> None:
        self._objects = BucketObjects(bucket, prefix, client or storage_client, patience or Patience())
        self._can_move = True

    def get(self, name: str, *, start: int = 0, end: int | None = None, generation: int | None = None) -> Content:
        """The bytes ``[start, end)`` of an object; the checksum is verified where all of it is read.

        In a bucket that keeps older versions, a ``generation`` that was replaced can still be read.
        """
        return Reading(self._objects, checked_name(name), start, end, generation).run()

    def head(self, name: str) -> Head | None:
        """Generation, size and checksum; None if there is no such object."""
        blob = self._objects.described(checked_name(name))
        return None if blob is None else Head(generation_of(blob, f"head {self.url(name)}"), int(blob.size), checksum_in(blob))

    def put(self, name: str, data: bytes | Path, *, if_generation: int, crc32c: int | None = None) -> int:
        """Store bytes or a local file if the object is at ``if_generation``; larger ones in chunks.

        Every upload bears a mark of its own in the object's metadata. An answer that is lost makes the next attempt
        fail its precondition, and so does a request that a network delivers twice: the mark tells whether the object
        is what this call has stored. Size and checksum could not: two writers may store the same bytes. Where the
        object bears another mark, ours may have been there before it, so after a lost answer the outcome is unknown.

        Raises:
            PreconditionFailed: the object is at another generation, and this call has changed nothing.
            StorageFailed: also when the bytes do not have the checksum ``crc32c``, before or after the transfer.
            Retryable: the outcome is unknown.
        """
        what = f"put {self.url(checked_name(name))}"
        attempts = self._objects.attempts()
        with opened(data, what) as content:
            if crc32c not in {None, content.crc32c}:
                raise StorageFailed(f"{what}: content has crc32c {content.crc32c}, expected {crc32c}")
            upload = Upload(content, self._objects.blob(name, chunk_size=CHUNK_BYTES), if_generation)
            try:
                upload.send(attempts, self._objects.patience)
            except FAILURES as error:
                return self._after_refusal(error, name, upload, attempts, what=what)
        upload.check(what)
        return generation_of(upload.blob, what)

    def move(self, source: str, destination: str, *, if_generation: int) -> int:
        """Rename ``source``, replacing ``destination`` if that is at ``if_generation``.

        Where the store cannot move, it is copied and then deleted. A crash between the two leaves the same bytes under
        both names, which the commit protocol takes for a move that has not happened: it replaces the destination by
        the source once more, or else the sweep deletes the source when it is old.
        """
        renaming = Renaming(self._objects, checked_name(source), checked_name(destination), if_generation)
        if self._can_move:
            generation = renaming.move()
            if generation is not None:
                return generation
            self._can_move = False
        return renaming.copy_and_delete()

    def delete(self, name: str, *, if_generation: int) -> None:
        """Delete an object if it is at ``if_generation``; or find that generation gone after a lost answer."""
        delete(self._objects, checked_name(name), if_generation)

    def list(self, prefix: str, *, folders: bool = False) -> Iterator[Listed]:
        """Objects whose names start with ``prefix``, by name. Names that are not allowed here are not objects."""
        bucket = self._objects.bucket
        with translated("list", self.url(prefix)):
            pages = bucket.client.list_blobs(
                bucket,
                prefix=self._objects.prefix + checked_prefix(prefix),
                delimiter="/" if folders else None,
                fields=_LISTED_FIELDS,
                page_size=_PAGE,
                **self._objects.reading(),
            ).pages
            for page in pages:
                # Each page holds its objects and its folders apart.
                yield from sorted((*self._listed(page), *self._folders(page)), key=lambda listed: listed.name)

    def url(self, name: str) -> str:
        """``gs://bucket/name``, as the console and gcloud take it."""
        return self._objects.url(name)

    def _after_refusal(self, error: Exception, name: str, upload: Upload, attempts: Attempts, *, what: str) -> int:
        """What really became of an upload that seems to have failed."""
        refused = status_of(error) == PRECONDITION
        if not refused and not attempts.uncertain:
            raise in_our_words(error, what) from None
        stored = self._objects.described(name)
        if stored is not None and upload.is_in(stored):
            return generation_of(stored, what)
        if attempts.uncertain:
            raise Retryable(f"{what}: whether it was stored is not known; {in_our_words(error, 'the last attempt')}") from None
        raise PreconditionFailed(self.url(name), upload.if_generation, 0 if stored is None else int(stored.generation)) from None

    def _listed(self, page: Any) -> Iterator[Listed]:
        for blob in page:
            name = blob.name.removeprefix(self._objects.prefix)
            if _is_allowed(name):
                yield Listed(name, int(blob.generation), int(blob.size), blob.updated)

    def _folders(self, page: Any) -> Iterator[Listed]:
        for folder in page.prefixes:
            name = folder.removeprefix(self._objects.prefix)
            if _is_allowed(name.removesuffix("/")):
                yield Listed(name, 0, 0, _NEVER)


def _is_allowed(name: str) -> bool:
    try:
        checked_name(name)
    except UnsafeName:
        return False
    return True
