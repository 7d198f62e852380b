"""What schedules and sensors have in common: whether they are on by default, and how the runs they ask for are marked."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

TRIGGER_TAG = "market_data/trigger"


@dataclass(frozen=True, slots=True)
class Automation:
    """What schedules and sensors need to know of a deployment.

    Attributes:
        is_on: Whether they run from the start. Each can be switched in the UI all the same.
        first_day: First UTC day that is a partition, inclusive.
        notifies: Whether there is somebody to tell of failed runs; that sensor is then on in any case.
    """

    is_on: bool
    first_day: dt.date
    notifies: bool = False

    @property
    def of_sensors(self) -> dg.DefaultSensorStatus:
        """The status of a sensor that nobody has switched."""
        return dg.DefaultSensorStatus.RUNNING if self.is_on else dg.DefaultSensorStatus.STOPPED

    @property
    def of_schedules(self) -> dg.DefaultScheduleStatus:
        """The status of a schedule that nobody has switched."""
        return dg.DefaultScheduleStatus.RUNNING if self.is_on else dg.DefaultScheduleStatus.STOPPED


def trigger(what: str) -> Mapping[str, str]:
    """The tag of a run that says what asked for it, such as ``late_rows``."""
    return {TRIGGER_TAG: what}
