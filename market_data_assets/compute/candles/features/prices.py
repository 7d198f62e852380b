"""Open, high, low, close and what derives from them alone. Prices of inverse options (Deribit) are premiums, in base."""

import numpy as np

from market_data_assets.compute.candles.features import totals
from market_data_assets.compute.features import Array, Components, Feature, Merge

_EMPTY = "no trades in the bucket"


def _price(name: str, formula: str) -> Feature:
    return Feature(name, f"{formula}; of inverse options a premium, in base", "quote", Merge.ADDITIVE, "T", _EMPTY, 1)


def _return_log(of: Components) -> Array:
    return np.log(totals.number(of, "close") / totals.number(of, "open"))


PRICES = (
    _price("open", "price of the first trade, in the order of time and id"),
    _price("high", "highest price"),
    _price("low", "lowest price"),
    _price("close", "price of the last trade, in the order of time and id"),
)

RETURN = (Feature("return_log", "ln(close / open)", "log", Merge.ALGEBRAIC, "T", _EMPTY, 1, value=_return_log),)
