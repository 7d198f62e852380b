"""Checks of the warehouse: within reach, up to date, and, in a table of its own, that loads and queries do what readers count on."""

from market_data_assets.domain.days import TimeRange, day_end, day_start, to_datetime
from market_data_assets.errors import SchemaDrift
from market_data_assets.storage.warehouse.base import LoadStatus
from market_data_assets.upkeep.doctor.record import Outcome, Status
from market_data_assets.upkeep.doctor.scratch_table import DAY, VALUES, ScratchTable
from market_data_assets.upkeep.doctor.subject import Subject

_SHOWN = 3


def warehouse_tables(subject: Subject) -> Outcome:
    """Whether the warehouse is within reach, and its tables are as their records say."""
    try:
        changes = subject.warehouse.pending()
    except SchemaDrift as error:
        return Outcome(Status.FAIL, str(error), "migrations only add: rename the table, migrate, then load its days again")
    kind = f"the {subject.settings.warehouse} warehouse"
    if not changes:
        return Outcome(Status.OK, f"every table of {kind} is as its record says")
    more = f" and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else ""
    return Outcome(Status.WARN, f"{kind} is not migrated: {'; '.join(changes[:_SHOWN])}{more}", "market-data migrate")


def load(subject: Subject) -> Outcome:
    """Whether a load replaces a day as a whole: rows are counted after a first load, and after another one over it."""
    scratch = subject.new_table()
    for version, values in enumerate((VALUES, VALUES[:2]), 1):
        loaded = scratch.warehouse.replace_day(scratch.table, scratch.day(values, version=version))
        counted = sum(scratch.warehouse.counts(scratch.table, TimeRange.of_day(DAY)).get(DAY, {}).values())
        if not loaded.rows == counted == len(values):
            return Outcome(Status.FAIL, f"loaded {len(values)} rows, told of {loaded.rows}, found {counted}", "days would be doubled")
    return Outcome(Status.OK, f"a day of {len(VALUES)} rows was replaced by one of {len(VALUES) - 1}")


def empty_load(subject: Subject) -> Outcome:
    """Whether a load without rows empties its day."""
    scratch = subject.new_table()
    scratch.warehouse.replace_day(scratch.table, scratch.day(VALUES, version=1))
    scratch.warehouse.replace_day(scratch.table, scratch.day((), version=2))
    if left := scratch.warehouse.row_count(scratch.table, DAY):
        return Outcome(Status.FAIL, f"{left} rows are left after an empty load", "an emptied day would keep its old rows")
    return Outcome(Status.OK, "an empty load empties its day")


def repeated_load(subject: Subject) -> Outcome:
    """Whether loading the same day twice loads it once."""
    scratch = subject.new_table()
    day = scratch.day(VALUES, version=1)
    statuses = [scratch.warehouse.replace_day(scratch.table, day).status for _ in range(2)]
    rows = scratch.warehouse.row_count(scratch.table, DAY)
    if statuses != [LoadStatus.REPLACED, LoadStatus.NOOP] or rows != len(VALUES):
        return Outcome(Status.FAIL, f"loading twice gave {' and '.join(statuses)}, {rows} rows", "days would be loaded again and again")
    return Outcome(Status.OK, "the same load again changes nothing")


def query(subject: Subject) -> Outcome:
    """Whether a parameterised query gives the rows."""
    values = subject.loaded_table.warehouse.query(_sql(subject.loaded_table), _DURING)["value"].to_pylist()
    if values != list(VALUES):
        return Outcome(Status.FAIL, f"a query gave {values}, expected {list(VALUES)}")
    return Outcome(Status.OK, f"{len(values)} rows came back by parameters")


def estimate(subject: Subject) -> Outcome:
    """Whether what a query would scan can be told in advance."""
    size = subject.loaded_table.warehouse.estimate(_sql(subject.loaded_table), _DURING).bytes
    if size <= 0:
        return Outcome(Status.FAIL, "a query that reads rows is estimated at 0 bytes", "costs cannot be told in advance")
    return Outcome(Status.OK, f"a query of {len(VALUES)} rows is estimated at {size:,} bytes")


_DURING = {"first": to_datetime(day_start(DAY)), "after": to_datetime(day_end(DAY))}


def _sql(scratch: ScratchTable) -> str:
    return f"SELECT value FROM {scratch.table.name} WHERE timestamp >= @first AND timestamp < @after ORDER BY value"
