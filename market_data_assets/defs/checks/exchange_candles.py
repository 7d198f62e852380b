"""Candles against the exchange's own, wherever it publishes them."""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from market_data_assets.compute.candles.registry import CANDLES
from market_data_assets.compute.contract import contract_of
from market_data_assets.compute.quality.exchange_candles import COLUMNS, Comparison, compare
from market_data_assets.defs.checks.reporting import SHOWN, Check, Judged, day_of_run, reports, selected
from market_data_assets.defs.resources import LakeResource, TickSource
from market_data_assets.defs.specs import asset_key
from market_data_assets.domain.datasets import Dataset
from market_data_assets.domain.instrument_rows import Instrument
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.domain.schemas import INSTRUMENTS
from market_data_assets.domain.timeframes import TIMEFRAMES, Timeframe
from market_data_assets.errors import AuthError, NoData, Retryable, Unusable
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
_DATASETS: Mapping[Dataset, Timeframe] = {CANDLES[timeframe]: timeframe for timeframe in TIMEFRAMES if str(timeframe) in KLINE_INTERVALS}
_DOWNLOADS = 8


def exchange_candle_checks() -> dg.AssetChecksDefinition:
    """One check for each timeframe that Binance Vision publishes. Candles of simulated markets are never asked for."""

    @dg.multi_asset_check(
        name="exchange_candle_checks",
        specs=[SAME_AS_EXCHANGE.spec(asset_key(dataset), [asset_key(INSTRUMENTS)]) for dataset in _DATASETS],
        can_subset=True,
        pool="vendor",
    )
    def _checks(context: dg.AssetCheckExecutionContext, storage: LakeResource, ticks: TickSource) -> Iterator[dg.AssetCheckResult]:
        lake, archive = storage.open(), ExchangeArchive(ticks.exchange_candles())
        for dataset in selected(context, _DATASETS):
            day = day_of_run(context, lake, dataset)
            yield from reports(context, day, {(dataset, SAME_AS_EXCHANGE): judge_day(lake, archive, dataset, day)})

    return _checks


@dataclass(frozen=True, slots=True)
class ExchangeArchive:
    """The exchange's candles; not asked again once it could not be reached."""

    source: BinanceVisionSource
    unreachable: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one instrument: compared, or why not."""

    instrument: InstrumentId
    comparison: Comparison | None
    reason: str = ""


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
    if reason := _not_asked(archive, instrument):
        return _Outcome(name, None, reason)
    try:
        contract = contract_of(instrument.row())
        klines = archive.source.klines_of(instrument, day, KLINE_INTERVALS[str(_DATASETS[dataset])])
    except NoData as absence:
        return _Outcome(name, None, absence.reason)
    except (Retryable, AuthError) as error:
        archive.unreachable.set()
        return _Outcome(name, None, f"not reached: {error}")
    except Unusable as error:
        return _Outcome(name, None, f"{error.reason}: {error}")
    ours = lake.read(dataset, day, name, COLUMNS)
    return _Outcome(name, compare(str(name), ours, klines, inverse=contract.inverse, multiplier=contract.multiplier))


def _not_asked(archive: ExchangeArchive, instrument: Instrument) -> str:
    """Why the exchange's candles of an instrument are not asked for; empty where they are."""
    if instrument.source == SOURCE_NAME:
        return "simulated: there is nothing to compare"
    if not publishes_klines(instrument):
        return "the exchange publishes no candles"
    return "not asked again: the exchange's files could not be reached" if archive.unreachable.is_set() else ""


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
    }
    if not compared:
        notes["nothing_to_compare"] = True
    if reasons:
        table = [
            dg.TableRecord(
                {"reason": reason, "instruments": count, "such_as": str(next(each.instrument for each in missing if each.reason == reason))}
            )
            for reason, count in reasons.most_common(SHOWN)
        ]
        notes["without_exchange_candles_by_reason"] = dg.MetadataValue.table(table)
    return notes
