"""The memory of the missing-data sensor: up to which event it has read, and which days it is asking for again."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

PAUSES = (0, 3_600, 6 * 3_600)
"""Seconds before each attempt at a day, since the one before it; there are no more attempts than these."""
MOST_OPEN = 500


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often a day was asked for.

    Attributes:
        count: Runs asked for so far.
        last: When the last one was, Unix seconds; 0 before the first.
    """

    count: int = 0
    last: int = 0

    @property
    def are_used_up(self) -> bool:
        """Whether the day may not be asked for any more."""
        return self.count >= len(PAUSES)

    def is_due(self, now: float) -> bool:
        """Whether the pause before the next one is over."""
        return not self.are_used_up and now >= self.last + PAUSES[self.count]

    def after(self, now: float) -> "Attempts":
        """With one more."""
        return Attempts(self.count + 1, int(now))


@dataclass(frozen=True, slots=True)
class OpenDays:
    """What the sensor's cursor holds.

    Attributes:
        event: Storage id of the last materialization that was looked at; 0 before the first.
        days: The days of which something may still come, with what was tried.
    """

    event: int = 0
    days: Mapping[dt.date, Attempts] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str | None) -> "OpenDays":
        """The memory that :meth:`to_json` wrote; an empty one for None."""
        if text is None:
            return cls()
        values = json.loads(text)
        return cls(values["event"], {dt.date.fromisoformat(day): Attempts(*attempts) for day, attempts in values["days"].items()})

    def to_json(self) -> str:
        """At most 500 days, so at most some 20 kB."""
        days = {day.isoformat(): [attempts.count, attempts.last] for day, attempts in sorted(self.days.items())}
        return json.dumps({"event": self.event, "days": days}, separators=(",", ":"))

    def with_day(self, day: dt.date, attempts: Attempts) -> "OpenDays":
        """With what was tried of a day."""
        return replace(self, days={**self.days, day: attempts})

    def without(self, day: dt.date) -> "OpenDays":
        """Without a day that is healed or given up."""
        return replace(self, days={each: attempts for each, attempts in self.days.items() if each != day})

    def bounded(self) -> "OpenDays":
        """The newest days, as many as are kept."""
        return replace(self, days=dict(sorted(self.days.items(), reverse=True)[:MOST_OPEN]))
