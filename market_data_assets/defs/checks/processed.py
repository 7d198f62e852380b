"""Checks of candles and of book snapshots: one step per tier, each stored table read once."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import dagster as dg
import pyarrow as pa

from market_data_assets.compute import book_snapshots, candles
from market_data_assets.compute.book_snapshots.registry import BOOK_SNAPSHOTS
from market_data_assets.compute.candles.registry import CANDLES, FEATURES
from market_data_assets.compute.features import Merge as MergeClass
from market_data_assets.compute.quality.candles import judge_buckets, judge_prices, judge_volumes
from market_data_assets.compute.quality.findings import Finding, wrong_as_a_whole
from market_data_assets.compute.quality.merging import Merge, judge_merge
from market_data_assets.compute.quality.snapshots import judge_crossed_time, judge_spreads
from market_data_assets.defs.checks.reporting import Check, Judged
from market_data_assets.defs.checks.steps import Evidence, Judgements, Step, check_results, stored_content
from market_data_assets.defs.resources import LakeResource, Selection
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.timeframes import FINEST, Timeframe
from market_data_assets.errors import PartitionMissing
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.parallel import for_each

_OURS = "the rows are of our own making, so that one fault is a fault of the code"

CONSISTENT = Check("ohlc_consistent", f"low <= open, close, vwap <= high, and null together. Stops the day: {_OURS}.", True)
ADDED_UP = Check("volumes_add_up", f"volume = buy + sell + unknown volume, and 0 exactly without trades. Stops the day: {_OURS}.", True)
COMPLETE = Check(
    "buckets_complete", f"Every bucket of the day once, ascending; of options those with trades. Stops the day: {_OURS}.", True
)
MERGED = Check(
    "equals_merge_of_finer",
    "Every column equals the merge of the next finer timeframe within the tolerance of its record, of every instrument; but the columns"
    f" that do not merge. Stops the day: {_OURS}.",
    True,
)
COUNTED = Check(
    "row_counts_agree", "The file of every instrument has as many rows as the manifest says. Stops the day: a reader would lack rows.", True
)
UNCROSSED = Check(
    "book_not_crossed",
    "Crossed, and locked, for at most 1 in 1,000 of the time; above 5 % a book is wrong. Warns of single instruments; stops the day where a"
    " quarter of them, and at least two, or all are wrong.",
    True,
    wrong_as_a_whole,
)
SANE_SPREADS = Check(
    "spreads_sane", f"Spreads are above 0, else the day stops: {_OURS}. More than 1 in 100 above 1,000 bps warn, but of options.", True
)


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier of one table per timeframe, each the merge of the finer one.

    Attributes:
        judge: Check name → findings in one table of an instrument; for the checks that need one table only.
        load_merge: Gives the function that merges a finer table. Finding it loads the compiler, so it is not found on import; and
            not in threads either, since two of them cannot load the same module lazily.
        unmerged: Columns that do not merge.
    """

    name: str
    datasets: Mapping[Timeframe, Dataset]
    checks: Sequence[Check]
    judge: Callable[[InstrumentId, pa.Table, dt.date, Timeframe], Mapping[str, Iterable[Finding]]]
    load_merge: Callable[[], Merge]
    tolerances: Mapping[str, float] = field(default_factory=dict)
    unmerged: Collection[str] = ()

    def checks_of(self, timeframe: Timeframe) -> Sequence[Check]:
        """The checks of one timeframe; there is nothing finer than the finest."""
        return [check for check in self.checks if check is not MERGED or timeframe != FINEST]


def tier_checks(tier: Tier) -> dg.AssetChecksDefinition:
    """The checks of every table of a tier. Blocking ones stop the warehouse and the features."""
    datasets = {asset_key(dataset): dataset for dataset in tier.datasets.values()}
    step = Step(tier.name, {asset_key(dataset): tier.checks_of(timeframe) for timeframe, dataset in tier.datasets.items()})

    @dg.multi_asset_check(name=f"{tier.name}_checks", specs=step.specs, can_subset=True)
    def _checks(context: dg.AssetCheckExecutionContext, storage: LakeResource, selection: Selection) -> Iterator[dg.AssetCheckResult]:
        lake = storage.open()
        day = step.day(context, lake, datasets)
        required = [datasets[key] for key in step.selected(context)]

        def inputs() -> Mapping[str, str]:
            return stored_content(lake, day, datasets.values(), required)

        def judge() -> Judgements:
            stored = [dataset for dataset in datasets.values() if f"{dataset}/{day}" in inputs()]
            return {
                (asset_key(table), check): each for (table, check), each in judge_tier(lake, tier, stored, day, storage.workers).items()
            }

        yield from check_results(context, step, lake, day, Evidence(inputs, judge), anew=selection.refresh)

    return _checks


Verdicts = Mapping[tuple[Dataset, Check], Judged]
InstrumentVerdicts = Mapping[tuple[Dataset, Check], tuple[int, list[Finding]]]
"""Rows looked at, and findings."""


def judge_tier(lake: Lake, tier: Tier, wanted: Collection[Dataset], day: dt.date, workers: int) -> Verdicts:
    """What every check of the wanted tables finds in all their instruments."""
    judged = {(dataset, check): Judged() for timeframe, dataset in tier.datasets.items() for check in tier.checks_of(timeframe)}
    instruments = sorted({each for dataset in wanted for each in lake.instruments(dataset, day)})
    merge = tier.load_merge()
    judge = partial(_judge_instrument, lake, tier, day, merge=merge, wanted=wanted)
    for verdicts in for_each(judge, instruments, workers):
        for key, (rows, findings) in verdicts.items():
            judged[key].add(rows, findings)
    return {(dataset, check): each for (dataset, check), each in judged.items() if dataset in wanted}


def _judge_instrument(
    lake: Lake, tier: Tier, day: dt.date, instrument: InstrumentId, *, merge: Merge, wanted: Collection[Dataset]
) -> InstrumentVerdicts:
    """One instrument in every timeframe, from fine to coarse: each table is read once, and held until the next one is judged."""
    verdicts: dict[tuple[Dataset, Check], tuple[int, list[Finding]]] = {}
    finer: pa.Table | None = None
    for timeframe, dataset in tier.datasets.items():
        if dataset not in wanted and not _is_finer_of(tier, timeframe, wanted):
            finer = None
            continue
        table, said = _stored(lake, dataset, day, instrument)
        if table is not None and dataset in wanted:
            # Nothing finer is stored where a run made this timeframe alone.
            merged = None if finer is None else merge(finer, timeframe)
            found = {
                **tier.judge(instrument, table, day, timeframe),
                MERGED.name: [] if merged is None else judge_merge(str(instrument), table, merged, tier.tolerances, tier.unmerged),
                COUNTED.name: _other_count(instrument, len(table), said),
            }
            verdicts |= {(dataset, check): (len(table), list(found[check.name])) for check in tier.checks_of(timeframe)}
        finer = table
    return verdicts


def _is_finer_of(tier: Tier, timeframe: Timeframe, wanted: Collection[Dataset]) -> bool:
    """Whether the next coarser table is wanted."""
    coarser = min((each for each in tier.datasets if each > timeframe), default=None)
    return coarser is not None and tier.datasets[coarser] in wanted


def _stored(lake: Lake, dataset: Dataset, day: dt.date, instrument: InstrumentId) -> tuple[pa.Table | None, int]:
    """All columns of a stored table and how many rows the manifest says it has; None where the instrument is not stored."""
    try:
        entry = lake.manifest(dataset, day).content.file_of(str(instrument))
    except PartitionMissing:
        return None, 0
    return (None, 0) if entry is None else (lake.read(dataset, day, instrument), entry.rows)


def _other_count(instrument: InstrumentId, rows: int, said: int) -> Iterator[Finding]:
    if rows != said:
        yield Finding(str(instrument), "row_counts_apart", abs(rows - said), said, True, detail=f"manifest {said}, file {rows}")


def _judge_candles(instrument: InstrumentId, table: pa.Table, day: dt.date, timeframe: Timeframe) -> Mapping[str, Iterator[Finding]]:
    full_grid = instrument.instrument_type is not InstrumentType.OPTION
    return {
        CONSISTENT.name: judge_prices(str(instrument), table),
        ADDED_UP.name: judge_volumes(str(instrument), table),
        COMPLETE.name: judge_buckets(str(instrument), table, day, timeframe, full_grid=full_grid),
    }


def _judge_snapshots(instrument: InstrumentId, table: pa.Table, _day: dt.date, _timeframe: Timeframe) -> Mapping[str, Iterator[Finding]]:
    return {
        UNCROSSED.name: judge_crossed_time(str(instrument), table),
        SANE_SPREADS.name: judge_spreads(str(instrument), table, is_option=instrument.instrument_type is InstrumentType.OPTION),
    }


def _merge_of_candles() -> Merge:
    return candles.merge


def _merge_of_snapshots() -> Merge:
    return book_snapshots.merge


CANDLE_TIER = Tier(
    "candles",
    CANDLES,
    (CONSISTENT, ADDED_UP, COMPLETE, MERGED, COUNTED),
    _judge_candles,
    _merge_of_candles,
    {feature.name: feature.tolerance for feature in FEATURES},
    [feature.name for feature in FEATURES if feature.merge is MergeClass.FROM_TICKS],
)
SNAPSHOT_TIER = Tier(
    "book_snapshots",
    BOOK_SNAPSHOTS,
    (UNCROSSED, SANE_SPREADS, MERGED, COUNTED),
    _judge_snapshots,
    _merge_of_snapshots,
)
