"""How the result of a run becomes the content of a day that may be stored already. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from market_data_assets.domain.datasets import Finality
from market_data_assets.storage.manifest import DayContent


class _OfInstrument(Protocol):
    @property
    def instrument_id(self) -> str | None: ...


E = TypeVar("E", bound=_OfInstrument)


def replaced(stored: DayContent | None, run: DayContent) -> DayContent:
    """The day after a run over all its instruments: what the run found, and what is kept of those that failed."""
    return run if stored is None else _joined(run, _kept_of_failed(stored, run))


def merged(stored: DayContent | None, run: DayContent) -> DayContent:
    """The day after a run over some instruments: their former entries are replaced, those of others are kept.

    The day stays provisional while the entries that are kept, or the new ones, are.
    """
    if stored is None:
        return run
    run_again = instruments_of(run)
    others = _only(stored, lambda instrument: instrument not in run_again)
    provisional = Finality.PROVISIONAL in ({stored.finality, run.finality} if instruments_of(others) else {run.finality})
    day = _joined(_joined(run, _kept_of_failed(stored, run)), others)
    return replace(day, finality=Finality.PROVISIONAL if provisional else Finality.FINAL, inputs={**stored.inputs, **run.inputs})


def instruments_of(content: DayContent) -> frozenset[str | None]:
    """Every instrument that the content says anything about."""
    entries: Iterable[_OfInstrument] = (
        *content.files,
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


def _joined(run: DayContent, kept: DayContent) -> DayContent:
    """The entries of both; everything else from ``run``."""
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
