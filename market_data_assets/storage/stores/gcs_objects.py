"""The objects below a prefix of a bucket, as Google's client knows them, and a client for each process."""

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from market_data_assets.errors import Retryable
from market_data_assets.storage.google_clients import pooled
from market_data_assets.storage.names import checked_prefix
from market_data_assets.storage.stores.gcs_errors import FAILURES, in_our_words, is_missing, translated
from market_data_assets.storage.stores.gcs_retry import Attempts, Patience

if TYPE_CHECKING:
    from google.cloud.storage import Blob, Bucket, Client


class BucketObjects:
    """The objects of ``bucket`` whose names start with ``prefix``. Names here are without it, and are not checked."""

    def __init__(self, bucket: str, prefix: str, client: "Callable[[], Client]", patience: Patience) -> None:
        self.prefix, self.patience = prefix, patience
        self._name = bucket
        self._make_client = client
        self._buckets: dict[int, Bucket] = {}
        self._lock = threading.Lock()

    @property
    def bucket(self) -> "Bucket":
        """The bucket, with the client of this process: connections cannot be shared with a process that was forked."""
        process = os.getpid()
        if process not in self._buckets:
            with self._lock:
                if process not in self._buckets:
                    with translated("open", self.url("")):
                        client = pooled(self._make_client())
                    # Naming a bucket is no request: nothing is asked about the bucket itself, ever.
                    self._buckets[process] = client.bucket(self._name)
        return self._buckets[process]

    def blob(self, name: str, generation: int | None = None, *, chunk_size: int | None = None) -> "Blob":
        """An object by its name, whether it exists or not. No request is made."""
        return self.bucket.blob(self.prefix + name, generation=generation, chunk_size=chunk_size)

    def described(self, name: str, generation: int | None = None) -> "Blob | None":
        """What the store knows of an object, None without one."""
        blob = self.blob(name, generation)
        try:
            blob.reload(**self.reading())
        except FAILURES as error:
            if is_missing(error):
                return None
            raise in_our_words(error, f"head {self.url(name)}") from None
        return blob

    def current(self, name: str) -> int:
        """The generation of an object now, 0 without one."""
        blob = self.described(name)
        return 0 if blob is None else generation_of(blob, f"head {self.url(name)}")

    def url(self, name: str) -> str:
        """``gs://bucket/name``, as the console and gcloud take it."""
        return f"gs://{self._name}/{self.prefix}{checked_prefix(name)}"

    def attempts(self) -> Attempts:
        """The attempts at one operation."""
        return Attempts(self.patience)

    @property
    def timeout(self) -> tuple[float, float]:
        """Timeouts of a request without a body worth mentioning."""
        return self.patience.for_sending(0)

    def reading(self) -> dict[str, Any]:
        """Timeouts and retries of a request that changes nothing."""
        return {"timeout": self.timeout, "retry": self.attempts()}


def generation_of(blob: "Blob", what: str) -> int:
    """The generation in an answer.

    Raises:
        Retryable: it has none.
    """
    if blob.generation is None:
        raise Retryable(f"{what}: the answer names no generation")
    return int(blob.generation)
