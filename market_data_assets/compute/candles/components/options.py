"""What the options of an underlying add to its bucket."""

from market_data_assets.compute.candles.components.record import CandleComponent, count, number
from market_data_assets.compute.features import Fold

CHAIN = "option_buckets"


def _last(name: str, unit: str) -> CandleComponent:
    return number(name, Fold.LAST, unit, "at the end of the last 15s bucket that has it", public=True, feed=CHAIN)


OPTIONS: tuple[CandleComponent, ...] = (
    count(CHAIN, "listed 15s buckets of a day that has a chain of options", feed=CHAIN),
    _last("atm_mark_iv", "decimals a year"),
    _last("atm_iv_7d", "decimals a year"),
    _last("atm_iv_90d", "decimals a year"),
    _last("skew_25d_put_call_ratio", "ratio"),
    _last("risk_reversal_25d_30d", "decimals a year"),
    _last("butterfly_25d_30d", "decimals a year"),
    _last("model_free_iv_30d", "decimals a year"),
    _last("option_put_call_open_interest_ratio", "ratio"),
    _last("option_stale_share", "[0, 1]"),
)
