"""Trying the lake's store out under ``_probe/``: everything that the commit protocol and the readers count on.

What a fake server of Google Cloud Storage cannot show is shown by these on a real bucket.
"""

import datetime as dt
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from market_data_assets.errors import PreconditionFailed, StorageFailed
from market_data_assets.storage.checksums import crc32c
from market_data_assets.storage.stores.base import ObjectMissing, Store
from market_data_assets.storage.stores.probe import probe_compare_and_swap
from market_data_assets.upkeep.doctor.record import Outcome, Status
from market_data_assets.upkeep.doctor.subject import Subject
from market_data_assets.upkeep.leftovers import PROBE

_LARGE = 17 << 20
"""More than two requests of an upload in pieces of 8 MiB."""
_SKEW = dt.timedelta(seconds=5)
_BAD_STORE = "do not write with this store: two writers would overwrite each other unnoticed"


def compare_and_swap(subject: Subject) -> Outcome:
    """Whether an upload is refused where its precondition does not hold."""
    probe_compare_and_swap(subject.store)
    return Outcome(Status.OK, "an upload at another generation is refused")


def checksums(subject: Subject) -> Outcome:
    """Whether the store states the checksum of what it holds, and refuses bytes that do not have the stated one."""
    with _scratch(subject.store) as name:
        subject.store.put(name("right"), b"right", if_generation=0, crc32c=crc32c(b"right"))
        head = subject.store.head(name("right"))
        if head is None or (head.size, head.crc32c) != (5, crc32c(b"right")):
            return Outcome(Status.FAIL, f"stored 5 bytes, crc32c {crc32c(b'right'):08x}; the store says {head}", _BAD_STORE)
        try:
            subject.store.put(name("wrong"), b"wrong", if_generation=0, crc32c=crc32c(b"right"))
        except StorageFailed:
            if subject.store.head(name("wrong")) is None:
                return Outcome(Status.OK, "stated by the store; bytes with another one are refused")
        return Outcome(Status.FAIL, "bytes were stored that do not have the stated checksum", _BAD_STORE)


def ranged_read(subject: Subject) -> Outcome:
    """Whether a range of bytes is exactly that."""
    data = bytes(range(256)) * 16
    with _scratch(subject.store) as name:
        subject.store.put(name("ranges"), data, if_generation=0)
        for start, end in ((0, 1), (100, 1_000), (4_000, None), (0, None)):
            if bytes(subject.store.get(name("ranges"), start=start, end=end).data) != data[start:end]:
                return Outcome(Status.FAIL, f"bytes {start} to {end} of an object came back otherwise", "the lake cannot be read from here")
    return Outcome(Status.OK, "ranges of an object come back exactly")


def download_precondition(subject: Subject) -> Outcome:
    """Whether a read of a generation that was replaced never gives the new bytes."""
    with _scratch(subject.store) as name:
        before = subject.store.put(name("replaced"), b"before", if_generation=0)
        subject.store.put(name("replaced"), b"after", if_generation=before)
        try:
            found = bytes(subject.store.get(name("replaced"), generation=before).data)
        except ObjectMissing:
            return Outcome(Status.OK, "a replaced generation is not given")
    if found == b"before":
        return Outcome(Status.OK, "a replaced generation is given as it was: the bucket keeps older versions")
    return Outcome(Status.FAIL, "a read of a replaced generation gave the new bytes", "readers could mix two versions of a file")


def delete_precondition(subject: Subject) -> Outcome:
    """Whether a delete is refused where its precondition does not hold."""
    with _scratch(subject.store) as name:
        before = subject.store.put(name("kept"), b"before", if_generation=0)
        subject.store.put(name("kept"), b"after", if_generation=before)
        return _refused(subject.store, name("kept"), lambda: subject.store.delete(name("kept"), if_generation=before), "a delete")


def move(subject: Subject) -> Outcome:
    """Whether a move replaces its destination in one step, and is refused where its precondition does not hold."""
    with _scratch(subject.store) as name:
        store, source, destination = subject.store, name("source"), name("destination")
        store.put(source, b"moved", if_generation=0)
        there = store.put(destination, b"there", if_generation=0)
        refused = _refused(store, destination, lambda: store.move(source, destination, if_generation=0), "a move")
        if refused.status is not Status.OK:
            return refused
        store.move(source, destination, if_generation=there)
        if bytes(store.get(destination).data) != b"moved" or store.head(source) is not None:
            return Outcome(Status.FAIL, "a move did not take the object from its source to its destination", _BAD_STORE)
    return Outcome(Status.OK, "a move replaces its destination, and is refused at another generation")


def large_upload(subject: Subject) -> Outcome:
    """Whether an upload in several pieces arrives whole, and is refused where its precondition does not hold."""
    data = os.urandom(1 << 20) * (_LARGE >> 20)
    with _scratch(subject.store) as name:
        store, large = subject.store, name("large")
        store.put(large, data, if_generation=0, crc32c=crc32c(data))
        head = store.head(large)
        if head is None or (head.size, head.crc32c) != (len(data), crc32c(data)):
            return Outcome(Status.FAIL, f"stored {len(data):,} bytes; the store says {head}", _BAD_STORE)
        refused = _refused(store, large, lambda: store.put(large, data[:-1], if_generation=0), "an upload in pieces")
        return refused if refused.status is not Status.OK else Outcome(Status.OK, f"{len(data):,} bytes in pieces arrive whole")


def list_order(subject: Subject) -> Outcome:
    """Whether a listing is complete at once, in the order of the names' bytes, and stops at folders."""
    names = ["a/1", "a0", "a:b", "B", "ä"]
    with _scratch(subject.store) as name:
        for each in names:
            subject.store.put(name(each), each.encode(), if_generation=0)
        prefix = name("")
        found = [listed.name.removeprefix(prefix) for listed in subject.store.list(prefix)]
        folders = [listed.name.removeprefix(prefix) for listed in subject.store.list(prefix, folders=True)]
    expected, top = sorted(names), sorted(["a/", "a0", "a:b", "B", "ä"])
    if (found, folders) != (expected, top):
        return Outcome(Status.FAIL, f"listed {found} and {folders}, expected {expected} and {top}", "days could be overlooked")
    return Outcome(Status.OK, "complete at once and in order")


def clock_skew(subject: Subject) -> Outcome:
    """How far this machine's clock is from the store's."""
    with _scratch(subject.store) as name:
        before = dt.datetime.now(dt.UTC)
        subject.store.put(name("clock"), b"", if_generation=0)
        after = dt.datetime.now(dt.UTC)
        [listed] = subject.store.list(name("clock"))
    skew = max(before - listed.updated, listed.updated - after, dt.timedelta(0))
    found = f"this machine's clock is within {skew / dt.timedelta(seconds=1):.1f} s of the store's"
    if skew > _SKEW:
        # The order of commits does not depend on it; what was known when does.
        return Outcome(Status.WARN, found, "synchronise the clock: commit times, which reads as_known_at go by, come from it")
    return Outcome(Status.OK, found)


@contextmanager
def _scratch(store: Store) -> Iterator[Callable[[str], str]]:
    """Names below a prefix of their own; what lies there is deleted in the end."""
    prefix = f"{PROBE}{uuid.uuid4().hex}/"
    try:
        yield lambda name: prefix + name
    finally:
        for listed in list(store.list(prefix)):
            store.delete(listed.name, if_generation=listed.generation)


def _refused(store: Store, name: str, change: Callable[[], object], what: str) -> Outcome:
    """Whether ``change``, at a generation that is not the current one, is refused and leaves the object alone."""
    before = store.head(name)
    try:
        change()
    except PreconditionFailed:
        if store.head(name) == before:
            return Outcome(Status.OK, f"{what} at another generation is refused")
    return Outcome(Status.FAIL, f"{what} at another generation was carried out", _BAD_STORE)
