"""Rows of a file that are set aside, why, and whether there are so many that the whole file is refused."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market_data_assets.domain.datasets import Quarantined
from market_data_assets.errors import BadData, SchemaDrift
from market_data_assets.sources.csv import kernel
from market_data_assets.sources.csv.tables import CENTURY, Field, Kind

TOLERANCE = 0.001
"""Share of rows that may hold impossible values (RELIABILITY row 15)."""
KEPT_ROWS = 1_000
"""Rows kept for inspection, per reason; all are counted."""
_NOT_FINITE_WORDS = {b"nan", b"inf", b"infinity"}
_UNITS = {1_000_000: "seconds", 1_000: "milliseconds"}
_MISPLACED_SHARE = 0.5
_OUT_OF_DAY, _OUT_OF_RANGE = "out_of_day", "_out_of_range"


@dataclass(slots=True)
class Rejections:
    """What was set aside so far, of one file.

    Attributes:
        what: The file, dataset, day and instrument, for messages.
        columns: The file's column names, in its order.
        fields: What each of them is.
        rows: Rows seen, good and bad.
    """

    what: str
    columns: Sequence[str]
    fields: Sequence[Field]
    day_bounds: tuple[int, int]
    rows: int = 0
    misplaced: Counter[str] = field(default_factory=Counter)
    impossible: Counter[str] = field(default_factory=Counter)
    retyped: Counter[str] = field(default_factory=Counter)
    _lines: dict[str, list[bytes]] = field(default_factory=dict)
    _stray_times: dict[str, int] = field(default_factory=dict)

    def add(self, text: npt.NDArray[np.uint8], status: npt.NDArray[np.int32], begins: npt.NDArray[np.int64]) -> None:
        """Set aside every line whose status is not FINE. ``begins`` has one more entry than lines: where the text ends."""
        for row in np.flatnonzero(status):
            column, problem = divmod(int(status[row]), kernel.REASONS)
            line = text[begins[row] : begins[row + 1]].tobytes().rstrip(b"\r\n")
            self._add_line(line, column, problem)

    def quarantined(self) -> tuple[Quarantined, ...]:
        """What was set aside, by reason, with the rows as delivered."""
        counts = self.misplaced + self.impossible
        return tuple(Quarantined(reason, count, self._table(reason)) for reason, count in sorted(counts.items()))

    def check_limits(self) -> None:
        """Refuse the file when too much of it was set aside.

        Raises:
            SchemaDrift: a column has changed its type or its unit.
            BadData: more than the tolerated share of impossible values, or most rows belong elsewhere.
        """
        if self.impossible.total() > TOLERANCE * self.rows:
            if self.retyped.total() * 2 > self.impossible.total():
                raise SchemaDrift(
                    f"{self.what}: {self.retyped.total()} of {self.rows} rows hold text where a number was expected: {self._example()}"
                )
            self._check_units(self.impossible)
            raise BadData(self.what, rows=self.rows, rejected=self.impossible)
        if self.misplaced.total() > _MISPLACED_SHARE * self.rows:
            self._check_units(self.misplaced)
            raise BadData(self.what, rows=self.rows, rejected=self.misplaced)

    def _add_line(self, line: bytes, column: int, problem: int) -> None:
        field_ = self.fields[column]
        value = line.split(b",")[column]
        if problem == kernel.NOT_A_NUMBER and value.lstrip(b"+-").lower() in _NOT_FINITE_WORDS:
            problem = kernel.NOT_FINITE
        reason = _reason(field_, problem)
        if problem == kernel.OUT_OF_BOUNDS:
            self._stray_times.setdefault(reason, int(value))
        if (field_.in_day and problem == kernel.OUT_OF_BOUNDS) or field_.kind == Kind.SAME:
            self.misplaced[reason] += 1
        else:
            self.impossible[reason] += 1
            if problem == kernel.NOT_A_NUMBER:
                self.retyped[reason] += 1
        kept = self._lines.setdefault(reason, [])
        if len(kept) < KEPT_ROWS:
            kept.append(line)

    def _table(self, reason: str) -> pa.Table:
        rows = [line.decode(errors="replace").split(",") for line in self._lines[reason]]
        columns = {name: [row[index] for row in rows] for index, name in enumerate(self.columns)}
        return pa.table({**columns, "reason": [reason] * len(rows)})

    def _example(self) -> str:
        reason = next(iter(self.retyped))
        return f"{reason}, first in row {self._lines[reason][0].decode(errors='replace')!r}"

    def _check_units(self, counts: Counter[str]) -> None:
        """Refuse times that would be right in another unit, and name it."""
        low, high = self.day_bounds
        for reason, time in self._stray_times.items():
            name, bounds = ("times", (low, high)) if reason == _OUT_OF_DAY else (reason.removesuffix(_OUT_OF_RANGE), CENTURY)
            if counts[reason] and (unit := _likely_unit(time, *bounds)):
                where = "off the file's day" if reason == _OUT_OF_DAY else "not of this century"
                raise SchemaDrift(f"{self.what}: {counts[reason]} of {self.rows} {name} are {where}; {unit}")


def _likely_unit(time: int, low: int, high: int) -> str | None:
    for factor, unit in _UNITS.items():
        if low <= time * factor < high:
            return f"{time} looks like {unit}, expected microseconds"
    if low <= time // 1_000 < high:
        return f"{time} looks like nanoseconds, expected microseconds"
    return None


_PROBLEMS = {
    kernel.MISSING: "missing",
    kernel.NOT_A_NUMBER: "not_a_number",
    kernel.NOT_POSITIVE: "not_positive",
    kernel.NEGATIVE: "negative",
    kernel.NOT_FINITE: "not_finite",
    kernel.NOT_ALLOWED: "not_allowed",
    kernel.HALF_LEVEL: "without_its_other_half",
    kernel.OUT_OF_BOUNDS: "out_of_range",
}


def _reason(field_: Field, problem: int) -> str:
    if problem == kernel.OUT_OF_BOUNDS and field_.in_day:
        return _OUT_OF_DAY
    if field_.kind == Kind.SAME:
        return f"other_{field_.name}"
    return f"{(field_.targets or (field_.name,))[0]}_{_PROBLEMS[problem]}"
