"""Reading an object in a bucket, all of it or a range."""

from dataclasses import dataclass

from market_data_assets.errors import Retryable
from market_data_assets.storage.checksums import crc32c as checksum_of
from market_data_assets.storage.stores.base import Content, ObjectMissing
from market_data_assets.storage.stores.gcs_errors import BEYOND_THE_END, FAILURES, in_our_words, is_missing, status_of
from market_data_assets.storage.stores.gcs_objects import BucketObjects, generation_of
from market_data_assets.storage.stores.gcs_upload import checksum_in


@dataclass(frozen=True, slots=True)
class Reading:
    """One read of the bytes ``[start, end)`` of an object, at ``generation`` or as it is now."""

    objects: BucketObjects
    name: str
    start: int
    end: int | None
    generation: int | None

    def run(self) -> Content:
        """The bytes, as many as a slice would have.

        Raises:
            ObjectMissing: no such object, or not at that generation.
            Retryable: fewer or other bytes arrived.
        """
        if self.end is not None and self.end <= self.start:
            return self._nothing()
        blob = self.objects.blob(self.name, self.generation)
        try:
            # Range headers name the last byte, not the one after it. "raw": the bytes as stored, never transcoded.
            data: bytes = blob.download_as_bytes(
                start=self.start or None,
                end=None if self.end is None else self.end - 1,
                raw_download=True,
                # Google's client would not verify what it fetched in two attempts.
                checksum=None,
                # One read of the connection instead of one for each 8 KiB.
                single_shot_download=True,
                **self.objects.reading(),
            )
        except FAILURES as error:
            if is_missing(error):
                raise ObjectMissing(self.name, self.generation) from None
            if status_of(error) == BEYOND_THE_END:
                return self._nothing()
            raise in_our_words(error, self._what) from None
        generation = generation_of(blob, self._what)
        if self.start == 0 and self.end is None:
            if checksum_of(data) != checksum_in(blob):
                raise Retryable(f"{self._what}: the {len(data)} bytes that arrived do not have the crc32c that the store states")
        elif self.end is not None and len(data) != self.end - self.start:
            self._check_cut(generation, len(data))
        return Content(data, generation)

    @property
    def _what(self) -> str:
        return f"get {self.objects.url(self.name)}"

    def _nothing(self) -> Content:
        """No bytes: GCS refuses a range that is empty or starts at the end, and any range of an empty object."""
        found = self.objects.described(self.name, self.generation)
        if found is None:
            raise ObjectMissing(self.name, self.generation)
        if self.start < int(found.size) and (self.end is None or self.start < self.end):
            raise Retryable(f"{self._what}: it was replaced while it was read")
        return Content(b"", generation_of(found, self._what))

    def _check_cut(self, generation: int, length: int) -> None:
        """A range may have fewer bytes than asked for, where the object ends."""
        found = self.objects.described(self.name, generation)
        if found is None:
            raise ObjectMissing(self.name, generation)  # replaced while it was read
        if int(found.size) != self.start + length:
            raise Retryable(f"{self._what}: {length} bytes arrived of the range [{self.start}, {self.end})")
