"""What holds of every feature of the registry: no look-ahead, no short window, no infinity."""

import datetime as dt
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from market_data_assets.compute.mft.bars import PROVISIONAL, Bars, Floats
from market_data_assets.compute.mft.build import from_candles
from market_data_assets.compute.mft.grid import CandleDays
from market_data_assets.compute.mft.record import MftFeature
from market_data_assets.compute.mft.registry import FEATURES, look_back_days
from market_data_assets.domain.timeframes import Timeframe
from market_data_assets_tests.compute.mft import candles

DAY = candles.DAY
QUARTER = candles.QUARTER
PER_DAY = QUARTER.buckets_per_day
_OF_HOLES = {"no_data_share_20"}
_OPEN_ENDED = {"hour_sin", "hour_cos", "weekday_sin", "weekday_cos", "is_weekend", "is_month_turn", "minutes_to_expiry", "provisional"}
_EXPIRY = candles.day_start(DAY + dt.timedelta(days=30))


@lru_cache
def stored(timeframe: Timeframe) -> tuple[CandleDays, CandleDays]:
    """The instrument and its benchmark, with all the look-back that any feature declares."""
    days = candles.days_before(DAY, look_back_days(timeframe, FEATURES) + 1)
    own = candles.candle_days(candles.PERP, timeframe, days, expiry=_EXPIRY)
    return own, candles.candle_days(candles.BTC, timeframe, days)


def computed(timeframe: Timeframe, own: CandleDays, benchmark: CandleDays | None) -> pa.Table:
    return from_candles(own, DAY, timeframe, benchmark=benchmark, features=FEATURES).frame.table


@lru_cache
def expected(timeframe: Timeframe) -> pa.Table:
    return computed(timeframe, *stored(timeframe))


def bars() -> Bars:
    """All quarters of an hour up to the end of the day, as the features see them."""
    return candles.sample_bars(QUARTER, look_back_days(QUARTER, FEATURES) + 1)


def until(found: Bars, length: int) -> Bars:
    """Its first ``length`` bars."""
    return replace(
        found,
        start=found.start[:length],
        known=found.known[:length],
        columns={name: values[:length] for name, values in found.columns.items()},
        benchmark=None if found.benchmark is None else until(found.benchmark, length),
    )


def value_of(feature: MftFeature, found: Bars) -> Floats:
    with np.errstate(all="ignore"):
        return np.asarray(feature.value(found), np.float64)


def assert_same_rows(found: pa.Table, wanted: pa.Table) -> None:
    assert [name for name in wanted.column_names if not found[name].equals(wanted[name])] == []


@pytest.mark.parametrize("rows", [1, 37, 95])
def test_what_happens_later_changes_no_earlier_row(rows: int) -> None:
    own, benchmark = (candles.perturbed(one, DAY, QUARTER, rows) for one in stored(QUARTER))
    found = computed(QUARTER, own, benchmark)
    assert_same_rows(found.slice(0, rows), expected(QUARTER).slice(0, rows))
    assert not found.equals(expected(QUARTER))


@pytest.mark.parametrize("rows", [1, 37, 95])
def test_a_day_that_ends_early_has_the_rows_of_the_whole_day(rows: int) -> None:
    own, benchmark = (candles.cut(one, DAY, rows) for one in stored(QUARTER))
    assert_same_rows(computed(QUARTER, own, benchmark), expected(QUARTER).slice(0, rows))


def test_rows_of_a_day_say_nothing_before_the_latest_candle_they_are_made_of() -> None:
    own, benchmark = stored(QUARTER)
    latest = np.maximum.accumulate(
        [pc.max(one.tables[day]["available_at"].cast(pa.int64())).as_py() for one in (own, benchmark) for day in list(own.tables)[:-1]]
    )[-1]
    today = np.maximum(*(one.tables[DAY]["available_at"].cast(pa.int64()).to_numpy() for one in (own, benchmark)))
    found = expected(QUARTER)["available_at"].cast(pa.int64()).to_numpy()
    assert (found == np.maximum(np.maximum.accumulate(today), latest)).all()


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
class TestEveryFeature:
    def test_has_a_value_as_soon_as_its_look_back_is_there_and_not_before(self, feature: MftFeature) -> None:
        midnight = len(bars()) - PER_DAY
        first = until(bars(), midnight + 1)
        reach = max(feature.look_back_bars, feature.look_back_days * PER_DAY)
        whole, enough = value_of(feature, first)[-1], value_of(feature, first.last(reach + 1))[-1]
        assert np.isfinite(enough)
        if reach:
            short = reach if feature.look_back_days == 0 else reach - PER_DAY + 1
            assert np.isnan(value_of(feature, first.last(short))[-1])
        if not feature.recursive:
            np.testing.assert_array_equal(enough, whole)

    def test_hole_makes_null_and_never_another_value(self, feature: MftFeature) -> None:
        hole = len(bars()) - PER_DAY // 2
        columns = {name: np.where(np.arange(len(values)) == hole, np.nan, values) for name, values in bars().columns.items()}
        columns["no_data"] = np.where(np.arange(len(bars())) == hole, 1.0, bars()["no_data"])
        columns[PROVISIONAL] = bars()[PROVISIONAL]
        known = bars().known & (np.arange(len(bars())) != hole)
        found, wanted = value_of(feature, replace(bars(), known=known, columns=columns)), value_of(feature, bars())
        if feature.name not in _OPEN_ENDED | _OF_HOLES:
            assert np.isnan(found[hole : hole + feature.look_back_bars + 1]).all()
        if not feature.recursive and feature.name not in _OF_HOLES:
            kept = ~np.isnan(found)
            np.testing.assert_array_equal(found[kept], wanted[kept])

    def test_is_finite_or_null_whatever_the_market_does(self, feature: MftFeature) -> None:
        for market in (bars().last(PER_DAY * 3), _still(), _wild()):
            found = value_of(feature, market)
            assert found.shape == (len(market),)
            assert not np.isinf(found).any()


def _still() -> Bars:
    """A market that does nothing: one price, no trades, no change of any state."""
    last = bars().last(PER_DAY * 3)
    constant = {name: np.full(len(last), 100.0 if name in ("open", "high", "low", "close") else 0.0) for name in last.columns}
    quiet = replace(last, columns=constant)
    return replace(quiet, benchmark=quiet)


def _wild() -> Bars:
    """A market whose every number changes by many orders of magnitude from bar to bar, or is 0."""
    last = bars().last(PER_DAY * 3)
    random = np.random.default_rng(3)
    factor = np.where(random.uniform(size=len(last)) < 0.2, 0.0, 10.0 ** random.integers(-9, 9, len(last)))
    wild = replace(last, columns={name: values * factor for name, values in last.columns.items()})
    return replace(wild, benchmark=wild)
