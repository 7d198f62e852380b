"""Sensors, one file each: what is noticed between schedules, and the runs that are asked for because of it.

Each makes few and bounded questions, keeps a cursor, and ends within five seconds.
"""

from collections.abc import Callable, Sequence

import dagster as dg

from market_data_assets.defs.automation import Automation
from market_data_assets.defs.sensors.candles_after_ticks import candles_after_ticks
from market_data_assets.defs.sensors.failure_notification import failure_notification
from market_data_assets.defs.sensors.features_after_history import features_after_history
from market_data_assets.defs.sensors.late_rows import late_rows
from market_data_assets.defs.sensors.missing_data import missing_data_repair
from market_data_assets.defs.sensors.report_after_failure import report_after_failure
from market_data_assets.defs.sensors.restated_files import restated_files
from market_data_assets.defs.sensors.vendor_day_ready import vendor_day_ready

SENSORS: Sequence[Callable[[Automation], dg.SensorDefinition]] = (
    vendor_day_ready,
    candles_after_ticks,
    late_rows,
    features_after_history,
    missing_data_repair,
    restated_files,
    report_after_failure,
    failure_notification,
)
"""Makers of every sensor. A new one is a file in this package and a line here."""


def sensors(automation: Automation) -> list[dg.SensorDefinition]:
    """Every sensor of a deployment."""
    return [make(automation) for make in SENSORS]
