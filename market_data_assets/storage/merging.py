"""How the result of a run becomes the content of a day that may be stored already. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from market_data_assets.domain.datasets import Finality
from market_data_assets.errors import MarketDataError
from market_data_assets.storage.manifest import DayContent, FileEntry

MIXED = ""
"""In place of the content hash of an input: no content is that, so the day is out of date until all of it is made again."""


class StaleShard(MarketDataError):
    """The run wrote shards on top of a day that another writer has changed since: they must be written again."""


class _OfInstrument(Protocol):
    @property
    def instrument_id(self) -> str | None: ...


E = TypeVar("E", bound=_OfInstrument)


def replaced(stored: DayContent | None, run: DayContent) -> DayContent:
    """The day after a run over all its instruments: what the run found, what it keeps, and what is kept of those that failed.

    Raises:
        StaleShard: the shards of the run hold other rows of those that stay than the stored day.
    """
    stored = stored or _NOTHING
    staying = _both(_kept_of_failed(stored, run), _only(stored, lambda instrument: instrument in run.kept))
    return _joined(run, staying, stored)


def merged(stored: DayContent | None, run: DayContent) -> DayContent:
    """The day after a run over some instruments: their former entries are replaced, those of others are kept.

    The day stays provisional while the entries that are kept, or the new ones, are; and one with the columns of before while any
    entry is kept. Of inputs that were not the same for all its entries the content is not known: :data:`MIXED`.

    Raises:
        StaleShard: the shards of the run hold other rows of other instruments than the stored day.
    """
    if stored is None:
        # What the day is made from cannot be said: there may be others that nobody asked for.
        return replace(_joined(run, _NOTHING, _NOTHING), inputs={})
    run_again = instruments_of(run)
    others = _only(stored, lambda instrument: instrument not in run_again)
    is_part = bool(instruments_of(others))
    provisional = Finality.PROVISIONAL in ({stored.finality, run.finality} if is_part else {run.finality})
    day = _joined(run, _both(_kept_of_failed(stored, run), others), stored)
    return replace(
        day,
        finality=Finality.PROVISIONAL if provisional else Finality.FINAL,
        inputs=_common(stored.inputs, run.inputs),
        schema_fingerprint=stored.schema_fingerprint if is_part else run.schema_fingerprint,
    )


def _common(stored: Mapping[str, str], run: Mapping[str, str]) -> Mapping[str, str]:
    """Inputs of a day of which a part was made from ``run`` and the rest from ``stored``, as far as that is known."""
    names = {*stored, *run} if stored else ()
    return {name: run[name] if stored.get(name) == run.get(name) else MIXED for name in names}


def lacks_kept(stored: DayContent | None, run: DayContent) -> bool:
    """Whether rows that the run wants to keep are not those that are stored."""
    entries = {name: None if stored is None else stored.file_of(name) for name in run.kept}
    return any(entry is None or entry.rows_sha256 != run.kept[name] for name, entry in entries.items())


def instruments_of(content: DayContent) -> frozenset[str | None]:
    """Every instrument that the content says anything about."""
    entries: Iterable[_OfInstrument] = (
        *(entry for entry in content.files if entry.instrument_id not in content.copied),
        *content.absent,
        *content.quarantined,
        *content.failed,
        *content.quarantine_files,
    )
    return frozenset(entry.instrument_id for entry in entries)


def _kept_of_failed(stored: DayContent, run: DayContent) -> DayContent:
    """A failed attempt says nothing about an instrument, so what was stored of it stays."""
    failed = {entry.instrument_id for entry in run.failed}
    return replace(_only(stored, lambda instrument: instrument in failed), absent=(), failed=())


def _only(content: DayContent, wanted: Callable[[str | None], bool]) -> DayContent:
    def chosen(entries: Sequence[E]) -> tuple[E, ...]:
        return tuple(entry for entry in entries if wanted(entry.instrument_id))

    return DayContent(
        files=chosen(content.files),
        absent=chosen(content.absent),
        quarantined=chosen(content.quarantined),
        failed=chosen(content.failed),
        quarantine_files=chosen(content.quarantine_files),
    )


def _joined(run: DayContent, kept: DayContent, stored: DayContent) -> DayContent:
    """The entries of both; everything else from ``run``. Of the shards that the run has written, its entries hold."""
    names = {entry.name for entry in run.files if entry.part is not None}
    # Rows that the run wanted to copy and could not read are in none of its files.
    names |= {entry.name for entry in kept.files if entry.instrument_id in run.copied}
    _check_copied(run, [entry for entry in kept.files if entry.name in names])
    _check_left_alone(kept, [entry for entry in stored.files if entry.part is not None and entry.name not in names])
    elsewhere = replace(kept, files=tuple(entry for entry in kept.files if entry.name not in names))
    return replace(_both(run, elsewhere), copied={}, kept={})


def _check_copied(run: DayContent, kept: Sequence[FileEntry]) -> None:
    """The run has copied exactly those rows that are to be kept."""
    if {entry.instrument_id: entry.rows_sha256 for entry in kept} != run.copied:
        raise StaleShard("a shard was written on top of rows that another writer has replaced")


def _check_left_alone(kept: DayContent, stored: Sequence[FileEntry]) -> None:
    """A shard that the run has not written again is kept with all its instruments, or goes with all of them."""
    staying = {entry.instrument_id for entry in kept.files}
    stay = {entry.name for entry in stored if entry.instrument_id in staying}
    go = {entry.name for entry in stored if entry.instrument_id not in staying}
    if stay & go:
        raise StaleShard(f"{', '.join(sorted(stay & go))}: another writer has added instruments to a shard that others left")


def _both(run: DayContent, kept: DayContent) -> DayContent:
    return replace(
        run,
        files=_sorted(run.files, kept.files),
        absent=_sorted(run.absent, kept.absent),
        quarantined=_sorted(run.quarantined, kept.quarantined),
        failed=_sorted(run.failed, kept.failed),
        quarantine_files=_sorted(run.quarantine_files, kept.quarantine_files),
    )


def _sorted(*groups: Sequence[E]) -> tuple[E, ...]:
    return tuple(sorted((entry for group in groups for entry in group), key=lambda entry: entry.instrument_id or ""))


_NOTHING = DayContent(())
