"""Funding, basis, open interest and liquidations."""

from functools import partial

import numpy as np

from market_data_assets.compute.mft import day_windows
from market_data_assets.compute.mft.bars import Bars, Floats
from market_data_assets.compute.mft.funding import INPUTS, INTERVAL, NO_INTERVAL, interval_hours
from market_data_assets.compute.mft.ratios import log_ratio, ratio
from market_data_assets.compute.mft.record import MftFeature, unbroken
from market_data_assets.compute.mft.rolling import change, previous, total
from market_data_assets.domain.days import DAY_MICROSECONDS
from market_data_assets.domain.instruments import InstrumentType

_YEAR_DAYS = 365.0
_YEAR_HOURS = _YEAR_DAYS * 24.0
_PREMIUM_HOURS = 8.0
_LEAST_DAYS = 1.0
_PER_CENT = 100.0


def _funding_annualized(bars: Bars) -> Floats:
    return ratio(bars["funding_rate"] * _YEAR_HOURS, interval_hours(bars))


def _funding_zscore(bars: Bars) -> Floats:
    rate = bars["funding_rate"]
    mean, variance = day_windows.mean_and_variance(bars, rate, 7)
    return ratio(rate - mean, np.sqrt(variance))


def _funding_cumulative(days: int, bars: Bars) -> Floats:
    bar_hours = 24.0 / bars.timeframe.buckets_per_day
    return ratio(day_windows.total(bars, bars["funding_rate"], days) * bar_hours, interval_hours(bars))


def _basis_annualized(bars: Bars) -> Floats:
    premium = log_ratio(bars["mark_price"], bars["index_price"])
    if bars.instrument_id.instrument_type is InstrumentType.PERP:
        return premium * _YEAR_HOURS / _PREMIUM_HOURS
    if bars.instrument_id.instrument_type is not InstrumentType.FUTURE or bars.expiry is None:
        return np.full(len(bars), np.nan)
    days = (bars.expiry - bars.start - bars.timeframe.microseconds) / DAY_MICROSECONDS
    return np.where(days >= _LEAST_DAYS, premium * _YEAR_DAYS / days, np.nan)


def _open_interest_change(bars: Bars) -> Floats:
    return _PER_CENT * ratio(change(bars["open_interest"]), previous(bars["open_interest"]))


def _open_interest_to_volume(bars: Bars) -> Floats:
    volume = bars["quote_volume"] if bars.instrument_id.counts_quote else bars["volume"]
    return ratio(bars["open_interest"], day_windows.total(bars, volume, 1))


def _quadrant(bars: Bars) -> Floats:
    price, interest = change(bars["close"]), change(bars["open_interest"])
    quadrant = np.where(price > 0.0, np.where(interest > 0.0, 1.0, 2.0), np.where(interest < 0.0, 3.0, 4.0))
    return np.where(np.abs(price * interest) > 0.0, quadrant, np.nan)


def _liquidated(bars: Bars) -> Floats:
    return bars["liquidation_buy_volume"] + bars["liquidation_sell_volume"]


def _liquidation_share(bars: Bars) -> Floats:
    return ratio(_liquidated(bars), bars["volume"])


def _liquidation_imbalance(bars: Bars) -> Floats:
    bought = bars["liquidation_buy_volume"] - bars["liquidation_sell_volume"]
    return ratio(total(bought, 20), total(_liquidated(bars), 20))


_FUNDING = partial(MftFeature, group="derivatives", family="fundamental", inputs=INPUTS)
_STATE = partial(MftFeature, group="derivatives", family="fundamental")
_LIQUIDATIONS = partial(
    MftFeature, group="derivatives", inputs=("liquidation_buy_volume", "liquidation_sell_volume"), source="Tardis liquidations"
)


def _cumulative(label: str, days: int) -> MftFeature:
    return _FUNDING(
        name=f"funding_cumulative_{label}",
        formula=f"Σ funding_rate · bar length of the last {label} / funding interval of the bar: what a position of constant value paid"
        f" (long) or got (short) as share of its value. {INTERVAL}",
        unit="share of position",
        null_rule=f"a bar of the window has no funding rate; {NO_INTERVAL}",
        source="",
        look_back_bars=0,
        look_back_days=days,
        value=partial(_funding_cumulative, days),
    )


FEATURES = (
    _FUNDING(
        name="funding_annualized",
        formula=f"funding_rate · 8760 / funding interval in hours, not compounded. {INTERVAL}",
        unit="share of position a year",
        null_rule=NO_INTERVAL,
        source="",
        look_back_bars=0,
        look_back_days=1,
        value=_funding_annualized,
    ),
    _STATE(
        name="funding_zscore",
        formula="(funding_rate − mean) / sample standard deviation (n − 1) over the bars of the last 7 × 24 h",
        unit="standard deviations",
        null_rule="a bar of the window has no funding rate; the funding rate did not change",
        source="",
        look_back_bars=0,
        look_back_days=7,
        inputs=("funding_rate",),
        value=_funding_zscore,
    ),
    _cumulative("24h", 1),
    _cumulative("7d", 7),
    _STATE(
        name="basis_annualized",
        formula="future: ln(mark_price / index_price) · 365 / days from timestamp_close to expiry. Perpetual: ln(mark_price / index_price)"
        " · 8760 / 8, as if the premium were paid every 8 hours, whatever the contract's own interval",
        unit="log a year",
        null_rule="mark or index price is not known; a future that expires in less than a day, or whose expiry is not known; spot",
        source="",
        look_back_bars=0,
        inputs=("mark_price", "index_price"),
        value=_basis_annualized,
    ),
    _STATE(
        name="open_interest_change_pct",
        formula="100 · (open_interest_t / open_interest_(t−1) − 1)",
        unit="percent",
        null_rule="either is not known, or the earlier is 0",
        source="",
        look_back_bars=1,
        inputs=("open_interest",),
        value=_open_interest_change,
    ),
    _STATE(
        name="open_interest_to_volume_1d",
        formula="open_interest / Σ volume of the last 24 h, both in base; of inverse contracts both in quote",
        unit="1",
        null_rule="the open interest is not known; a bar of the window is a hole or is not there; no trades in it",
        source="",
        look_back_bars=0,
        look_back_days=1,
        inputs=("open_interest", "volume", "quote_volume"),
        value=_open_interest_to_volume,
    ),
    _STATE(
        name="price_open_interest_quadrant",
        formula="by the changes of close and open_interest since the bar before: 1 = both rise (longs open), 2 = price rises, interest"
        " falls (shorts close), 3 = both fall (longs close), 4 = price falls, interest rises (shorts open)",
        unit="1 | 2 | 3 | 4",
        null_rule="either change is 0 or not known",
        source="",
        look_back_bars=1,
        inputs=("close", "open_interest"),
        value=_quadrant,
    ),
    _LIQUIDATIONS(
        name="liquidation_share",
        formula="(liquidation_buy_volume + liquidation_sell_volume) / volume of the bar; a lower bound where the venue throttles the feed",
        unit="share of volume",
        null_rule="no trades in the bar, or no liquidation feed",
        look_back_bars=0,
        inputs=("liquidation_buy_volume", "liquidation_sell_volume", "volume"),
        value=_liquidation_share,
    ),
    _LIQUIDATIONS(
        name="liquidation_imbalance_20",
        formula="Σ (liquidation_buy_volume − liquidation_sell_volume) / Σ of both, of the last 20 bars: 1 = only shorts were liquidated",
        unit="[−1, 1]",
        null_rule=unbroken(19, "no liquidations in the window, or no feed"),
        look_back_bars=19,
        default=False,
        value=_liquidation_imbalance,
    ),
)
