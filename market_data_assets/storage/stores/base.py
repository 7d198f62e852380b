"""The seam to an object store: seven operations with the semantics of GCS, and what they answer."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from market_data_assets.errors import MarketDataError


class ObjectMissing(MarketDataError, LookupError):
    """No object of that name, or no longer at that generation."""

    def __init__(self, name: str, generation: int | None = None) -> None:
        super().__init__(f"object {name} does not exist" + ("" if generation is None else f" at generation {generation}"))


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of an object without transferring it."""

    generation: int
    size: int
    crc32c: int


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of an object, or of a range of them. They stay valid when the object is replaced."""

    data: bytes | memoryview
    generation: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of a listing. ``updated`` is the store's own clock, UTC."""

    name: str
    generation: int
    size: int
    updated: dt.datetime


class Store(Protocol):
    """Named objects. Every change is atomic and conditional on a generation; 0 means "does not exist".

    A generation is never used twice for a name, not even after a deletion. Names are checked by ``checked_name``.
    Folders do not exist. Every operation may raise ``StorageFailed`` (refused; nothing changed) or ``Retryable``
    (the outcome is unknown).
    """

    @property
    def reads_in_place(self) -> bool:
        """Whether ``get`` gives a view of the object instead of transferring it."""
        ...

    def get(self, name: str, *, start: int = 0, end: int | None = None, generation: int | None = None) -> Content:
        """The bytes ``[start, end)`` of an object; all by default.

        Raises:
            ObjectMissing: no such object, or not at ``generation``.
        """
        ...

    def head(self, name: str) -> Head | None:
        """Generation, size and checksum of the bytes as they are now; None if there is no such object."""
        ...

    def put(self, name: str, data: bytes | Path, *, if_generation: int, crc32c: int | None = None) -> int:
        """Store bytes or a local file if the object is at ``if_generation``; returns the new generation.

        Raises:
            PreconditionFailed: the object is at another generation.
            StorageFailed: also when what arrived does not have the checksum ``crc32c``.
        """
        ...

    def move(self, source: str, destination: str, *, if_generation: int) -> int:
        """Rename ``source``, replacing ``destination`` if that is at ``if_generation``; returns its new generation.

        Raises:
            ObjectMissing: no such source.
            PreconditionFailed: the destination is at another generation.
        """
        ...

    def delete(self, name: str, *, if_generation: int) -> None:
        """Delete an object if it is at ``if_generation``.

        Raises:
            PreconditionFailed: it is at another generation, or gone.
        """
        ...

    def list(self, prefix: str, *, folders: bool = False) -> Iterator[Listed]:
        """Objects whose names start with ``prefix``, by name, page by page.

        With ``folders``, names stop at the first slash after the prefix: each distinct beginning that others
        continue comes once, ending in that slash, with generation and size 0.
        """
        ...

    def url(self, name: str) -> str:
        """Where a person finds the object, such as ``file:///…`` or ``gs://…``."""
        ...
