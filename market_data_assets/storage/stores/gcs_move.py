"""Renaming an object in a bucket: in one request where the store can, else by copying and deleting."""

from contextlib import suppress
from dataclasses import dataclass

from market_data_assets.errors import MarketDataError, PreconditionFailed, Retryable
from market_data_assets.storage.stores.base import ObjectMissing
from market_data_assets.storage.stores.gcs_errors import FAILURES, PRECONDITION, UNKNOWN_REQUEST, in_our_words, is_missing, status_of
from market_data_assets.storage.stores.gcs_objects import BucketObjects, generation_of
from market_data_assets.storage.stores.gcs_retry import Attempts


@dataclass(frozen=True, slots=True)
class Renaming:
    """One rename, of ``source`` to ``destination``, which must be at ``if_generation``."""

    objects: BucketObjects
    source: str
    destination: str
    if_generation: int

    def move(self) -> int | None:
        """The new generation; None if the store has no request to move."""
        objects, attempts = self.objects, self.objects.attempts()
        try:
            # The source's generation is not asked for: with it a 412 could mean either object, and the destination's
            # alone keeps a repeated request from doing harm.
            moved = objects.bucket.move_blob(
                objects.blob(self.source),
                objects.prefix + self.destination,
                if_generation_match=self.if_generation,
                timeout=objects.timeout,
                retry=attempts,
            )
        except FAILURES as error:
            # A missing source has the same status as a request that the store does not know.
            if status_of(error) in UNKNOWN_REQUEST and objects.described(self.source) is not None:
                return None
            raise self._refusal(error, attempts) from None
        return generation_of(moved, self._what)

    def copy_and_delete(self) -> int:
        """The new generation."""
        objects, attempts = self.objects, self.objects.attempts()
        found = objects.described(self.source)
        if found is None:
            raise ObjectMissing(self.source)
        try:
            copied = objects.bucket.copy_blob(
                found,
                objects.bucket,
                objects.prefix + self.destination,
                source_generation=found.generation,
                if_generation_match=self.if_generation,
                timeout=objects.timeout,
                retry=attempts,
            )
        except FAILURES as error:
            raise self._refusal(error, attempts) from None
        with suppress(PreconditionFailed):  # another mover of the same object has deleted it
            delete(objects, self.source, generation_of(found, self._what))
        return generation_of(copied, self._what)

    @property
    def _what(self) -> str:
        return f"move {self.objects.url(self.source)} to {self.objects.url(self.destination)}"

    def _refusal(self, error: Exception, attempts: Attempts) -> MarketDataError:
        refused = status_of(error) == PRECONDITION
        missing = not refused and status_of(error) in UNKNOWN_REQUEST and self.objects.described(self.source) is None
        if attempts.uncertain and (missing or refused):
            # Whether we have moved it, or another mover of the same object, nothing can tell.
            return Retryable(f"{self._what}: whether it was moved is not known; {in_our_words(error, 'the last attempt')}")
        if refused:
            return PreconditionFailed(self.objects.url(self.destination), self.if_generation, self.objects.current(self.destination))
        return ObjectMissing(self.source) if missing else in_our_words(error, self._what)


def delete(objects: BucketObjects, name: str, if_generation: int) -> None:
    """Delete an object if it is at ``if_generation``.

    Generations are never used twice: if an answer was lost and that generation is gone at the next attempt, this
    returns as if it had been the one that deleted it. Another deleter of the same generation may think so too.

    Raises:
        PreconditionFailed: it is at another generation, or gone.
    """
    attempts = objects.attempts()
    try:
        objects.blob(name).delete(if_generation_match=if_generation, timeout=objects.timeout, retry=attempts)
    except FAILURES as error:
        if not is_missing(error) and status_of(error) != PRECONDITION:
            raise in_our_words(error, f"delete {objects.url(name)}") from None
        found = 0 if is_missing(error) else objects.current(name)
        if found != if_generation and not attempts.uncertain:
            raise PreconditionFailed(objects.url(name), if_generation, found) from None
