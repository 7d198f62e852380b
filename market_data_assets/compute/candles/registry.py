"""Every column of the candles, one record each, and the seven tables made of them.

A feature is added as a record in a file of ``features`` (and, where it needs a new component, a record in
``components`` and the lines of the pass that fill it). Schemas, descriptions and the data dictionary follow.
"""

import pyarrow as pa

from market_data_assets.compute.candles.components import COMPONENTS
from market_data_assets.compute.candles.components.record import CandleComponent, Kind
from market_data_assets.compute.candles.features import book, derivatives, liquidity, meta, options, prices, returns, timing, volumes
from market_data_assets.compute.features import Feature, Fold
from market_data_assets.domain.datasets import Column, Dataset, Encoding
from market_data_assets.domain.timeframes import TIMEFRAMES, Timeframe

FEATURES: tuple[Feature, ...] = (
    *meta.FEATURES,
    *prices.PRICES,
    *volumes.FEATURES,
    *prices.RETURN,
    *returns.FEATURES,
    *returns.SPREAD,
    *liquidity.FEATURES,
    *timing.INTERVALS,
    *returns.MOVES,
    *timing.DELAYS,
    *book.FEATURES,
    *derivatives.FEATURES,
    *options.FEATURES,
)
"""The visible columns, in their stored order."""


def _hidden_columns(part: CandleComponent) -> dict[str, Column]:
    type_ = pa.int64() if part.kind is Kind.INTEGER else pa.float64()
    encoding = Encoding.DICTIONARY if part.fold is Fold.LAST and part.kind is Kind.INTEGER else Encoding.PLAIN
    docs = [part.doc, f"what _{part.name}, the nearest double, lacks of the exact sum"]
    nullable = part.kind is Kind.NUMBER or part.feed is not None
    return {
        name: Column(type_, part.unit, f"{doc} ({part.fold})", nullable=nullable, encoding=encoding, hidden=True)
        for name, doc in zip(part.columns, docs, strict=False)
    }


def _columns() -> dict[str, Column]:
    columns = {feature.name: feature.column() for feature in FEATURES}
    for part in COMPONENTS:
        if not part.public:
            columns.update(_hidden_columns(part))
    return columns


def _candles(timeframe: Timeframe) -> Dataset:
    return Dataset(
        tier="processed_candles",
        name=f"candles_{timeframe}",
        partition=f"timeframe-{timeframe}",
        doc=f"Candles of {timeframe} on exchange time, with features of trades, book, derivatives and options; one row per bucket, for"
        " options only where there are trades.",
        columns=_columns(),
        timeframe=timeframe,
    )


CANDLES: dict[Timeframe, Dataset] = {timeframe: _candles(timeframe) for timeframe in TIMEFRAMES}
