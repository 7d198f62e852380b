"""Checks of the raw tier: one step per data type, one pass over its files."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

import dagster as dg

from market_data_assets.compute.quality.activity import RowCounts, fell_silent, judge_emptiness, judge_quarantine
from market_data_assets.compute.quality.findings import Finding, wrong_as_a_whole
from market_data_assets.defs.checks.raw_files import judge_file
from market_data_assets.defs.checks.reporting import Check, Judged
from market_data_assets.defs.checks.steps import Evidence, Judgements, Step, check_results, digest_of, stored_content
from market_data_assets.defs.resources import LakeResource, Selection
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import INSTRUMENTS, LIQUIDATIONS, OPTIONS_CHAIN, TRADES
from market_data_assets.errors import PartitionMissing
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.manifest import DayContent, schema_fingerprint
from market_data_assets.storage.parallel import for_each

_DAYS_BEFORE = 7
_SOME_WRONG = "warns of single instruments; stops the day where a quarter of them, and at least two, or all have it"

HAS_ROWS = Check("has_rows", "The day has rows of some instrument, unless none is listed with this data type; an empty day only warns.")
ACTIVE = Check(
    "usually_active_instruments_have_rows",
    f"Instruments with rows on most of the {_DAYS_BEFORE} days before have some on this day; only warns.",
)
FEW_SET_ASIDE = Check(
    "few_rows_quarantined", "No file was refused and at most one row in 10,000 of each was set aside; only warns: what is stored is sound."
)
SCHEMA = Check("schema_as_declared", "The day was written with the columns that are declared now.", True)
TIMES = Check(
    "timestamps_in_day",
    f"Exchange times ascend, within a day of the file's day and of their arrival; {_SOME_WRONG}: candles find rows by time.",
    True,
    wrong_as_a_whole,
)
VALUES = Check(
    "prices_and_amounts_sane",
    f"Prices and amounts are finite and above 0; {_SOME_WRONG}: they get into every sum. Single prices at more than twice or less than"
    " half of their neighbours' medians only warn.",
    True,
    wrong_as_a_whole,
)
UNITS = Check(
    "amounts_in_one_unit", "No span of the day has amounts a thousand times those of the rest; only warns: nobody knows which is true."
)
IDS = Check(
    "ids_unique",
    f"Each id once. Duplicates warn: candles count them once. Ids with two prices or amounts are wrong; {_SOME_WRONG}.",
    True,
    wrong_as_a_whole,
)
UNCROSSED = Check(
    "book_not_crossed",
    f"At most 1 row in 1,000 with the best bid above the best ask, and as many with both equal; above 5 % a book is wrong; {_SOME_WRONG}:"
    " book features leave such rows out.",
    True,
    wrong_as_a_whole,
)


def raw_checks(dataset: Dataset) -> dg.AssetChecksDefinition:
    """The checks of one raw data type. Blocking ones stop candles, book snapshots and all that follows."""
    key = asset_key(dataset)
    step = Step(dataset.name, {key: (*day_checks(dataset), *file_checks(dataset))})

    @dg.multi_asset_check(name=f"{dataset.name}_checks", specs=step.specs, can_subset=True)
    def _checks(context: dg.AssetCheckExecutionContext, storage: LakeResource, selection: Selection) -> Iterator[dg.AssetCheckResult]:
        lake = storage.open()
        day = step.day(context, lake, {key: dataset})
        evidence = Evidence(lambda: _inputs(lake, dataset, day), lambda: judge_raw_day(lake, dataset, day, storage.workers))
        yield from check_results(context, step, lake, day, evidence, anew=selection.refresh)

    return _checks


def judge_raw_day(lake: Lake, dataset: Dataset, day: dt.date, workers: int) -> Judgements:
    """What every check of a raw data type finds in a stored day."""
    of_files = file_checks(dataset)
    judged = {check: Judged() for check in (*day_checks(dataset), *of_files)}
    _judge_day(lake, dataset, day, judged)
    # Files of another version may lack what the other checks read; then these have looked at nothing, and this one stops the day.
    if not judged[SCHEMA].findings:
        _judge_files(lake, dataset, day, {check: judged[check] for check in of_files}, workers)
    return {(asset_key(dataset), check): each for check, each in judged.items()}


def _inputs(lake: Lake, dataset: Dataset, day: dt.date) -> Mapping[str, str]:
    """The day and its columns, what is listed, and who fell silent: of the days before, nothing else is read, and they may come after
    this one.
    """
    content = lake.manifest(dataset, day).content
    silent = {"silent_instruments": digest_of(fell_silent(row_counts(content), _earlier(lake, dataset, day)))}
    # Neither is part of the content: rows may be the same with and without another type that is allowed now.
    columns = {"columns": digest_of((f"stored {content.schema_fingerprint}", f"declared {schema_fingerprint(dataset)}"))}
    return {**stored_content(lake, day, (dataset, INSTRUMENTS)), **silent, **columns}


def day_checks(dataset: Dataset) -> Sequence[Check]:
    """The checks that need no more than the manifest. A day without any liquidation is a calm day."""
    of_any = (ACTIVE, FEW_SET_ASIDE, SCHEMA)
    return of_any if dataset == LIQUIDATIONS else (HAS_ROWS, *of_any)


def file_checks(dataset: Dataset) -> Sequence[Check]:
    """The checks that look into the files of a data type."""
    if dataset in {TRADES, LIQUIDATIONS}:
        return (TIMES, VALUES, UNITS, IDS)
    if dataset == OPTIONS_CHAIN or "ask_prices" in dataset.columns:
        return (TIMES, VALUES, UNITS, UNCROSSED)
    return (TIMES, VALUES, UNITS)


def _judge_day(lake: Lake, dataset: Dataset, day: dt.date, judged: Mapping[Check, Judged]) -> None:
    """What the manifest alone tells."""
    content = lake.manifest(dataset, day).content
    counts = row_counts(content)
    silent = [Finding(str(each), "silent", 1, 1, detail="usually has rows") for each in fell_silent(counts, _earlier(lake, dataset, day))]
    found: Mapping[Check, Iterable[Finding]] = {
        HAS_ROWS: judge_emptiness(counts, _listed(lake, dataset, day)),
        ACTIVE: silent,
        FEW_SET_ASIDE: _quarantined(content, counts),
        SCHEMA: _other_schema(dataset, content),
    }
    for check in day_checks(dataset):
        each, findings = judged[check], found[check]
        each.instruments, each.rows = len(counts), sum(counts.values())
        each.findings += findings
    judged[FEW_SET_ASIDE].notes["rows_set_aside"] = sum(content.quality.values())


def _judge_files(lake: Lake, dataset: Dataset, day: dt.date, judged: Mapping[Check, Judged], workers: int) -> None:
    frames = lake.read_day(dataset, day)
    instruments = [instrument for instrument, rows in row_counts(lake.manifest(dataset, day).content).items() if rows]
    files = for_each(lambda instrument: judge_file(instrument, frames[instrument], dataset, day), instruments, workers)
    for rows, findings in files:
        for check, each in judged.items():
            each.add(rows, findings[check.name])


def row_counts(content: DayContent) -> RowCounts:
    """Rows by instrument, by the manifest."""
    return {InstrumentId.parse(entry.instrument_id): entry.rows for entry in content.files if entry.instrument_id is not None}


def _earlier(lake: Lake, dataset: Dataset, day: dt.date) -> Sequence[RowCounts]:
    return [_earlier_counts(lake, dataset, day - dt.timedelta(days=back)) for back in range(1, _DAYS_BEFORE + 1)]


def _earlier_counts(lake: Lake, dataset: Dataset, day: dt.date) -> RowCounts:
    try:
        return row_counts(lake.manifest(dataset, day).content)
    except PartitionMissing:
        return {}


def _listed(lake: Lake, dataset: Dataset, day: dt.date) -> int:
    """How many instruments the vendor lists with this data type."""
    return sum(dataset.name in row["data_types"] for row in lake.read_table(INSTRUMENTS, day, ["data_types"]).to_pylist())


def _quarantined(content: DayContent, counts: RowCounts) -> Iterator[Finding]:
    reasons: dict[str, dict[str, int]] = {}
    for entry in content.quarantined:
        reasons.setdefault(entry.instrument_id, {})[entry.reason] = entry.rows
    for instrument, set_aside in reasons.items():
        yield from judge_quarantine(instrument, counts.get(InstrumentId.parse(instrument)), set_aside)


def _other_schema(dataset: Dataset, content: DayContent) -> Iterator[Finding]:
    if content.schema_fingerprint != schema_fingerprint(dataset):
        detail = "written by a version with other columns; materialize the day again"
        yield Finding("", "other_columns", len(content.files), len(content.files), True, detail=detail)
