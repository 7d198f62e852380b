"""The BigQuery emulator with what it lacks: partition decorators, ``table$YYYYMMDD`` as the destination of a load job, the
time of a partition's last change, and one winner among requests for the same job.

Run by the emulator's own Python. Without this, a load into ``table$20240808`` makes a table of that very name, and a test
that looked for it there would pass wrongly.
"""

import datetime
import re
import threading

from duckdb_extensions import import_extension

# Before the emulator opens its database: its extensions cannot be downloaded here.
for _extension in ("icu", "ducklake"):
    import_extension(_extension)

from local_bigquery.catalog import metadata, names, tables  # noqa: E402
from local_bigquery.cli import main  # noqa: E402
from local_bigquery.engine import database, results  # noqa: E402
from local_bigquery.errors import BigQueryError  # noqa: E402
from local_bigquery.jobs import runner  # noqa: E402
from local_bigquery.models import Table  # noqa: E402
from local_bigquery.sql.rules import information_schema  # noqa: E402

_DECORATED = re.compile(r"(?P<table>.+)\$(?P<day>\d{8})")
_write_table = tables.write
_list_partitions = information_schema.VIEWS["PARTITIONS"]
_submit_job = runner.submit
_submitting = threading.Lock()
_changed = {}


def _submit(*arguments, **named_arguments):
    # It looks for the job and then stores it; of two at once, the second would be refused with 400 instead of 409.
    with _submitting:
        return _submit_job(*arguments, **named_arguments)


def _undecorated(reference):
    """The base table of a reference, and the day of its decorator, None without one."""
    found = _DECORATED.fullmatch(reference[2])
    return (reference, None) if found is None else ((*reference[:2], found["table"]), found["day"])


def _write(cursor, query, parameters, reference, config, *options, **named_options):
    base, day = _undecorated(reference)
    if day is None:
        return _write_table(cursor, query, parameters, reference, config, *options, **named_options)
    if not tables.exists(*base):
        raise BigQueryError("notFound", f"Not found: Table {names.label(*base)}")
    stored = metadata.load(Table, *base) or tables.load(*base)
    if stored.timePartitioning is None or stored.timePartitioning.field is None:
        raise BigQueryError("invalid", f"Table {names.label(*base)} is not partitioned by a column")
    in_day = f"strftime({database.quote(stored.timePartitioning.field)}::TIMESTAMP, '%Y%m%d') = '{day}'"
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE _decorated AS {query}", parameters)
    relation = cursor.sql("SELECT * FROM _decorated")
    [(elsewhere,)] = cursor.sql(f"SELECT count(*) FROM _decorated WHERE ({in_day}) IS NOT TRUE").fetchall()
    if elsewhere:
        raise BigQueryError("invalid", f"Some rows belong to different partitions rather than destination partition {day}")
    with database.writing(*base):
        tables.evolve(cursor, base, relation, getattr(config, "schemaUpdateOptions", None), "Provided Schema does not match. ")
        _replace(cursor, tables.name(*base), in_day, truncate=config.writeDisposition == "WRITE_TRUNCATE")
        _changed[(*base, day)] = datetime.datetime.now(datetime.UTC).isoformat()
    return False


def _replace(cursor, table, in_day, *, truncate):
    cursor.execute("BEGIN")
    try:
        if truncate:
            cursor.execute(f"DELETE FROM {table} WHERE {in_day}")
        results.materialise(cursor, "SELECT * FROM _decorated", table, None, True)
        cursor.execute("COMMIT")
    except BaseException:
        cursor.execute("ROLLBACK")
        raise


def _partitions(project, dataset):
    columns, rows = _list_partitions(project, dataset)
    return [*columns, "last_modified_time TIMESTAMP"], [[*row, _changed.get(tuple(row[:4]))] for row in rows]


def _of_base(function):
    def of_base(*reference):
        return function(*_undecorated(reference)[0])

    return of_base


# The geography functions need one more extension, and no table of ours has a place on the globe.
database.FUNCTIONS = [path for path in database.FUNCTIONS if path.stem != "geography"]
tables.write = _write
runner.submit = _submit
information_schema.VIEWS["PARTITIONS"] = _partitions
# A finished load job asks for the columns of its destination, which is the base table's.
tables.columns = _of_base(tables.columns)
tables.load = _of_base(tables.load)

main()
