"""What the page says first: whether the day is complete, in a sentence, and a few numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from market_data_assets.catalog import PROCESSED
from market_data_assets.domain.datasets import Dataset, Finality
from market_data_assets.domain.schemas import TRADES
from market_data_assets.report.page.numbers import amount, count, percent, plural, size
from market_data_assets.report.page.page_day import PageDay
from market_data_assets.report.page.sections.candles import Charts
from market_data_assets.report.page.sections.quality import Quality
from market_data_assets.report.page.sections.sizes import LAKE, size_of
from market_data_assets.storage.manifest import Manifest

State = Literal["complete", "provisional", "incomplete", "wrong", "empty"]
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Number:
    """One number with what it counts, and what to know of it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Headline:
    """The head of the page.

    Attributes:
        verdict: One sentence, or two.
        complete_share: Of what was expected, in [0, 1]; None where nobody can say.
        finality: ``final`` or ``provisional`` of the computed tables; empty where none is stored.
        missing_tables: Tables that a whole day has, and this one has not.
        findings: Rows of the report of what is missing.
        failed: Instruments whose last attempt failed, summed over all tables.
        instruments: Listed on the day.
        trades: Rows of the raw table, as delivered.
        bytes: Of all tables of the lake.
    """

    state: State
    verdict: str
    numbers: Sequence[Number]
    complete_share: float | None
    finality: str
    missing_tables: Sequence[str]
    findings: int
    failed: int
    instruments: int
    trades: int
    bytes: int


@dataclass(frozen=True)
class _Known:
    """What the head is made from."""

    page: PageDay
    quality: Quality | None
    charts: Charts | None

    @cached_property
    def stored(self) -> Mapping[Dataset, Manifest]:
        found = {dataset: self.page.manifest(dataset) for dataset in LAKE}
        return {dataset: manifest for dataset, manifest in found.items() if manifest is not None}

    @property
    def missing(self) -> Sequence[Dataset]:
        return [dataset for dataset in LAKE if dataset not in self.stored]

    @property
    def share(self) -> float | None:
        shares = self.page.shares
        return None if not shares else sum(shares.values()) / len(shares)

    @property
    def findings(self) -> int:
        return 0 if self.page.missing is None else self.page.missing.num_rows

    @property
    def failed(self) -> int:
        return sum(len(manifest.content.failed) for manifest in self.stored.values())

    @property
    def errors(self) -> int:
        return 0 if self.quality is None else self.quality.errors

    @property
    def finality(self) -> Finality | None:
        """Provisional as soon as one computed table is."""
        found = {manifest.content.finality for dataset, manifest in self.stored.items() if dataset in PROCESSED}
        if not found:
            return None
        return Finality.PROVISIONAL if Finality.PROVISIONAL in found else Finality.FINAL

    @property
    def state(self) -> State:
        if not self.stored:
            return "empty"
        if self.errors:
            return "wrong"
        if self.missing or self.findings or self.failed:
            return "incomplete"
        return "provisional" if self.finality is Finality.PROVISIONAL else "complete"


def headline_of(page: PageDay, quality: object, charts: object) -> Headline:
    """The head of the page.

    Args:
        quality, charts: Facts of these two sections, or why they have none.
    """
    known = _Known(page, quality if isinstance(quality, Quality) else None, charts if isinstance(charts, Charts) else None)
    sizes = {dataset: size_of(manifest) for dataset, manifest in known.stored.items()}
    total = sum(each.bytes for each in sizes.values())
    return Headline(
        known.state,
        _verdict(known),
        _numbers(known, total),
        known.share,
        "" if known.finality is None else str(known.finality),
        [str(dataset) for dataset in known.missing],
        known.findings,
        known.failed,
        len(page.expected),
        sizes[TRADES].rows if TRADES in sizes else 0,
        total,
    )


def _verdict(known: _Known) -> str:
    if not known.stored:
        return "Nothing of this day is stored."
    lacks = [*_lacks(known), *_never_made(known.missing)]
    if known.failed:
        lacks.append(f"the last attempt failed for {plural(known.failed, 'file')}")
    words = "Not complete: " + "; ".join(lacks) + "." if lacks else "Complete: everything that was expected is stored."
    if known.errors:
        words += f" {plural(known.errors, 'quality check')} found numbers that are wrong."
    if known.finality is Finality.PROVISIONAL:
        words += " Provisional: late rows may still come with the vendor's next day."
    return words


def _lacks(known: _Known) -> Sequence[str]:
    if known.page.missing is None or not known.findings:
        return []
    reasons = Counter(known.page.missing["reason"].to_pylist())
    named = ", ".join(f"{number:,} {reason}" for reason, number in reasons.most_common(_NAMED))
    more = f" and {len(reasons) - _NAMED} more" if len(reasons) > _NAMED else ""
    return [f"{percent(known.share)} of what was expected is there, with {plural(known.findings, 'finding')} ({named}{more})"]


def _never_made(missing: Sequence[Dataset]) -> Sequence[str]:
    if not missing:
        return []
    names = ", ".join(dataset.name for dataset in missing[:_NAMED])
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    return [f"{plural(len(missing), 'table')} not stored: {names}{more}"]


def _numbers(known: _Known, total: int) -> Sequence[Number]:
    trades, charts, quality = known.stored.get(TRADES), known.charts, known.quality
    with_trades = None if trades is None else sum(1 for entry in trades.content.files if entry.rows)
    listed = None if known.page.instruments is None else len(known.page.expected)
    numbers = [
        Number("complete", percent(known.share), "of the expected time"),
        Number("instruments", count(listed), f"{count(with_trades)} with trades"),
        Number("trades", count(None if trades is None else size_of(trades).rows), "as delivered"),
    ]
    if charts is not None:
        numbers.append(Number("traded", f"$ {amount(charts.dollars)}", f"{plural(charts.traded, 'instrument')}, no options"))
    numbers.append(Number("stored", size(total), f"{len(known.stored)} of {len(LAKE)} tables"))
    if quality is not None:
        judged = quality.passed + quality.errors + quality.warnings
        note = f"{plural(quality.errors, 'error')}, {plural(quality.warnings, 'warning')}"
        numbers.append(Number("checks passed", f"{quality.passed} of {judged}", note))
    return numbers
