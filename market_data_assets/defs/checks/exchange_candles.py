"""Candles against the exchange's own, wherever it publishes them."""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import dagster as dg

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.contract import contract_of
from market_data_assets.compute.quality.exchange_candles import COLUMNS, Comparison, compare
from market_data_assets.defs.checks.reporting import SHOWN, Check, Judged
from market_data_assets.defs.checks.steps import Evidence, Judgements, Step, check_results, stored_content
from market_data_assets.defs.resources import LakeResource, Selection, TickSource
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.domain.timeframes import TIMEFRAMES, Timeframe
from market_data_assets.errors import AuthError, NoData, PartitionMissing, Retryable, Unusable
from market_data_assets.sources.binance_vision import KLINE_INTERVALS, BinanceVisionSource, publishes_klines
from market_data_assets.sources.simulated.source import SOURCE_NAME
from market_data_assets.storage.lake import Lake
from market_data_assets.storage.parallel import for_each

SAME_AS_EXCHANGE = Check(
    "matches_exchange_candles",
    "Every bucket with trades equals the exchange's own candle in prices, volumes and counts, digit for digit; our empty buckets are flat"
    " or absent there. Stops the day where a bucket between our first and our last trade differs: sums made of it are wrong. A"
    " recording of a part of the day warns. Passes with nothing to compare where the exchange publishes no candles.",
    True,
)
_TIMEFRAMES: Mapping[Dataset, Timeframe] = {CANDLES[timeframe]: timeframe for timeframe in TIMEFRAMES if str(timeframe) in KLINE_INTERVALS}
_DATASETS = {asset_key(dataset): dataset for dataset in _TIMEFRAMES}
_STEP = Step("exchange_candles", dict.fromkeys(_DATASETS, (SAME_AS_EXCHANGE,)), [asset_key(INSTRUMENTS)])
_DOWNLOADS = 8
_POOL = "vendor_binance_vision"


def exchange_candle_checks() -> dg.AssetChecksDefinition:
    """One check for each timeframe that Binance Vision publishes. Candles of simulated markets are never asked for."""

    @dg.multi_asset_check(name="exchange_candle_checks", specs=_STEP.specs, can_subset=True, pool=_POOL)
    def _checks(
        context: dg.AssetCheckExecutionContext, storage: LakeResource, selection: Selection, ticks: TickSource
    ) -> Iterator[dg.AssetCheckResult]:
        lake, archive = storage.open(), ExchangeArchive(ticks.exchange_candles())
        day = _STEP.day(context, lake, _DATASETS)
        required = [INSTRUMENTS, *(_DATASETS[key] for key in _STEP.selected(context))]

        def inputs() -> Mapping[str, str]:
            return stored_content(lake, day, (INSTRUMENTS, *_DATASETS.values()), required)

        yield from check_results(
            context, _STEP, lake, day, Evidence(inputs, lambda: _judge_stored(lake, archive, day), archive.settles), anew=selection.refresh
        )

    return _checks


def _judge_stored(lake: Lake, archive: "ExchangeArchive", day: dt.date) -> Judgements:
    """Every timeframe that is stored."""
    judged: dict[tuple[dg.AssetKey, Check], Judged] = {}
    for key, dataset in _DATASETS.items():
        with suppress(PartitionMissing):
            judged[key, SAME_AS_EXCHANGE] = judge_day(lake, archive, dataset, day)
    return judged


@dataclass(frozen=True, slots=True)
class ExchangeArchive:
    """The exchange's candles; not asked again once it could not be reached."""

    source: BinanceVisionSource
    unreachable: threading.Event = field(default_factory=threading.Event)

    def settles(self, judged: Judgements) -> bool:
        """Whether all was asked for, and something compared or nothing ever to be: what it did not give today it may the next time."""
        told = all(each.notes["compared_instruments"] or not each.notes["may_be_compared_later"] for each in judged.values())
        return told and not self.unreachable.is_set()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one instrument: compared, or why not; and whether it may be another time."""

    instrument: InstrumentId
    comparison: Comparison | None
    reason: str = ""
    may_come: bool = False


def judge_day(lake: Lake, archive: ExchangeArchive, dataset: Dataset, day: dt.date) -> Judged:
    """The candles of a stored day against those published; instruments without are counted by reason."""
    listed = {each.instrument_id: each for each in map(Instrument.from_row, lake.read_table(INSTRUMENTS, day).to_pylist())}
    stored = [listed[instrument] for instrument in lake.instruments(dataset, day) if instrument in listed]
    outcomes = for_each(lambda instrument: _compare(lake, archive, dataset, day, instrument), stored, _DOWNLOADS)
    judged = Judged(notes=_notes(outcomes))
    for outcome in outcomes:
        if outcome.comparison is not None:
            each = outcome.comparison
            judged.add(each.equal + each.empty + each.edges + each.unrecorded + each.different, each.findings)
    return judged


def _compare(lake: Lake, archive: ExchangeArchive, dataset: Dataset, day: dt.date, instrument: Instrument) -> _Outcome:
    name = instrument.instrument_id
    if reason := _without_candles(instrument):
        return _Outcome(name, None, reason)
    if archive.unreachable.is_set():
        return _Outcome(name, None, "not asked again: the exchange's files could not be reached", may_come=True)
    try:
        contract = contract_of(instrument.row())
        klines = archive.source.klines_of(instrument, day, KLINE_INTERVALS[str(_TIMEFRAMES[dataset])])
    except NoData as absence:
        # A mirror may not have been filled yet, which looks the same as a market without candles.
        return _Outcome(name, None, absence.reason, may_come=True)
    except (Retryable, AuthError) as error:
        archive.unreachable.set()
        return _Outcome(name, None, f"not reached: {error}", may_come=True)
    except Unusable as error:
        return _Outcome(name, None, f"{error.reason}: {error}", may_come=True)
    ours = lake.read(dataset, day, name, COLUMNS)
    return _Outcome(name, compare(str(name), ours, klines, inverse=contract.inverse, multiplier=contract.multiplier))


def _without_candles(instrument: Instrument) -> str:
    """Why the exchange has no candles of an instrument to ask for; empty where it has."""
    if instrument.source == SOURCE_NAME:
        return "simulated: there is nothing to compare"
    return "" if publishes_klines(instrument) else "the exchange publishes no candles"


def _notes(outcomes: Sequence[_Outcome]) -> dict[str, object]:
    compared = [outcome.comparison for outcome in outcomes if outcome.comparison is not None]
    missing = [outcome for outcome in outcomes if outcome.comparison is None]
    counts = {
        name: sum(getattr(each, name) for each in compared) for name in ("equal", "aggregated", "empty", "edges", "unrecorded", "different")
    }
    reasons = Counter(outcome.reason for outcome in missing)
    notes: dict[str, object] = {
        "compared_instruments": len(compared),
        **{f"{name}_buckets": count for name, count in counts.items()},
        "without_exchange_candles": len(missing),
        "may_be_compared_later": sum(outcome.may_come for outcome in missing),
    }
    if not compared:
        notes["nothing_to_compare"] = True
    if reasons:
        table = [
            {"reason": reason, "instruments": count, "such_as": str(next(each.instrument for each in missing if each.reason == reason))}
            for reason, count in reasons.most_common(SHOWN)
        ]
        notes["without_exchange_candles_by_reason"] = table
    return notes
