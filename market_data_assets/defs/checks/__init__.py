"""Asset checks: each reads one day, the run's partition, and reports what :mod:`market_data_assets.compute.quality` finds.

The checks of a tier share a step, so that each stored file is read once and a run has few more steps than without them.
"""

from market_data_assets.defs.checks.exchange_candles import exchange_candle_checks
from market_data_assets.defs.checks.features import feature_checks
from market_data_assets.defs.checks.processed import CANDLE_TIER, SNAPSHOT_TIER, tier_checks
from market_data_assets.defs.checks.raw import raw_checks
from market_data_assets.defs.checks.staleness import staleness_checks
from market_data_assets.defs.checks.warehouse import warehouse_checks
from market_data_assets.domain.schemas import RAW

CHECKS = [
    *(raw_checks(dataset) for dataset in RAW),
    staleness_checks(),
    tier_checks(CANDLE_TIER),
    exchange_candle_checks(),
    tier_checks(SNAPSHOT_TIER),
    warehouse_checks(),
    feature_checks(),
]
