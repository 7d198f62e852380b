"""Every mid-frequency feature, one record each, and the six tables made of the default ones.

A feature is added as a record in the file of its family. Schemas, descriptions, the data dictionary and the days of look-back
follow.
"""

from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa

from market_data_assets.compute.mft import (
    alpha158,
    bands,
    calendar,
    cross_asset,
    derivatives,
    liquidity,
    options,
    order_flow,
    oscillators,
    quality,
    realised,
    returns,
    statistical,
    trend,
    volatility,
    volume,
)
from market_data_assets.compute.mft.look_back import days_of
from market_data_assets.compute.mft.record import MftFeature
from market_data_assets.domain.datasets import TIMESTAMP, Column, Dataset, Encoding
from market_data_assets.domain.instruments import InstrumentId, InstrumentType
from market_data_assets.domain.timeframes import FINEST, TIMEFRAMES, Timeframe
from market_data_assets.errors import QueryError

FEATURES: tuple[MftFeature, ...] = (
    *returns.FEATURES,
    *volatility.FEATURES,
    *realised.FEATURES,
    *liquidity.FEATURES,
    *trend.FEATURES,
    *oscillators.FEATURES,
    *bands.FEATURES,
    *volume.FEATURES,
    *order_flow.FEATURES,
    *statistical.FEATURES,
    *derivatives.FEATURES,
    *options.FEATURES,
    *cross_asset.FEATURES,
    *calendar.FEATURES,
    *quality.FEATURES,
    *alpha158.FEATURES,
)
"""All of them, in the order of the catalogue."""

DEFAULTS: tuple[MftFeature, ...] = tuple(feature for feature in FEATURES if feature.default)
"""Those that are stored, in their stored order."""

MFT_TIMEFRAMES: tuple[Timeframe, ...] = tuple(timeframe for timeframe in TIMEFRAMES if timeframe != FINEST)
"""1m and up (DECISIONS, D04)."""

GROUPS: Mapping[str, tuple[MftFeature, ...]] = {
    "technical_features": tuple(feature for feature in DEFAULTS if feature.family == "technical"),
    "fundamental_features": tuple(feature for feature in DEFAULTS if feature.family == "fundamental"),
    "alpha158": alpha158.FEATURES,
}
"""Sets of features by name (DECISIONS, D07)."""

_WORD = pa.string()
_KEY = {
    "instrument_id": Column(_WORD, "", "canonical id, VENUE:TYPE:SYMBOL", nullable=False, encoding=Encoding.DICTIONARY),
    "timestamp": Column(TIMESTAMP, "µs UTC", "start of the bar, inclusive", nullable=False, encoding=Encoding.DELTA),
    "timestamp_close": Column(TIMESTAMP, "µs UTC", "end of the bar, exclusive", nullable=False, encoding=Encoding.DELTA),
    "available_at": Column(
        TIMESTAMP,
        "µs UTC",
        "latest available_at of the bar's candle and of every candle before it in the look-back, the benchmark's included: when the"
        " row could first be known",
        nullable=False,
        encoding=Encoding.DELTA,
    ),
    "bucket_status": Column(_WORD, "", "that of the bar's candle", nullable=False, encoding=Encoding.DICTIONARY),
}


def features_dataset(timeframe: Timeframe, features: Sequence[MftFeature] = DEFAULTS) -> Dataset:
    """The table of some features of a timeframe; the one that is stored holds the default ones.

    Raises:
        QueryError: a timeframe below 1m.
    """
    if timeframe not in MFT_TIMEFRAMES:
        raise QueryError(f"features of {timeframe}: expected one of {', '.join(map(str, MFT_TIMEFRAMES))}")
    return Dataset(
        tier="mft_features",
        name=f"features_{timeframe}",
        partition=f"timeframe-{timeframe}",
        doc=f"Features of {timeframe} bars, from candles only: one row per candle of spot pairs, perpetuals and futures, with the candles"
        f" of earlier days as far as their windows reach back. Windows that touch a hole are null.",
        columns={**_KEY, **{feature.name: feature.column() for feature in features}},
        timeframe=timeframe,
    )


def look_back_days(timeframe: Timeframe, features: Sequence[MftFeature] = DEFAULTS) -> int:
    """Earlier days whose candles are read.

    ===  =======  ==========================  ============================================
    bar  default  without the option surface  days of windows in bars
    ===  =======  ==========================  ============================================
    1m   30       14                          1
    5m   30       14                          1
    15m  30       14                          2, and 3 for what is recursive
    1h   30       14                          6, 11
    4h   42       42                          22, 42
    24h  249      249                         128, 249
    ===  =======  ==========================  ============================================

    30 is the variance risk premium, 14 the relative volume; funding and har_rv_7d need 7.
    """
    return max((days_of(feature, timeframe) for feature in features), default=0)


def input_columns(features: Sequence[MftFeature] = DEFAULTS) -> tuple[str, ...]:
    """Columns of the candles that some features read, beside those of :data:`.grid.KEY_COLUMNS`."""
    return tuple(dict.fromkeys(name for feature in features for name in feature.inputs))


def select_features(names: Sequence[str]) -> tuple[MftFeature, ...]:
    """The records of features and of groups, by name, in the order of the registry.

    Raises:
        QueryError: a name that is neither.
    """
    by_name = {feature.name: (feature,) for feature in FEATURES}
    if unknown := [name for name in names if name not in by_name and name not in GROUPS]:
        raise QueryError(f"features {', '.join(unknown)} are not known; groups are {', '.join(GROUPS)}")
    wanted = {feature.name for name in names for feature in (GROUPS[name] if name in GROUPS else by_name[name])}
    return tuple(feature for feature in FEATURES if feature.name in wanted)


def columns_of_group(group: str) -> tuple[str, ...]:
    """The key columns and the features of one of :data:`GROUPS`.

    Raises:
        QueryError: no such group.
    """
    if group not in GROUPS:
        raise QueryError(f"group {group!r} of features is not known; known are {', '.join(GROUPS)}")
    return (*_KEY, *(feature.name for feature in GROUPS[group]))


def benchmark_of(instrument: InstrumentId, available: Collection[InstrumentId]) -> InstrumentId | None:
    """The perpetual that betas are measured against.

    BTC perpetual of the instrument's venue: the one against USDT, else USD, else USDC, else the first by its id, those with
    a settlement of their own last. A venue without one: BINANCE:PERP:BTC-USDT. None if that is not available either.
    """
    own = [one for one in available if one.venue == instrument.venue and one.instrument_type is InstrumentType.PERP and one.base == "BTC"]
    if own:
        return min(own, key=_preference)
    return _BENCHMARK if _BENCHMARK in available else None


_BENCHMARK = InstrumentId.parse("BINANCE:PERP:BTC-USDT")
_QUOTES = ("USDT", "USD", "USDC")


def _preference(perpetual: InstrumentId) -> tuple[bool, int, str]:
    quote = _QUOTES.index(perpetual.quote) if perpetual.quote in _QUOTES else len(_QUOTES)
    return (perpetual.settle is not None, quote, str(perpetual))


MFT_FEATURES: dict[Timeframe, Dataset] = {timeframe: features_dataset(timeframe) for timeframe in MFT_TIMEFRAMES}
"""The stored tables."""
