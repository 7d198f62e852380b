"""Creating and extending the tables of a BigQuery dataset: additive, repeatable, and safe when two run at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from google.api_core.exceptions import Conflict, NotFound, PreconditionFailed
from google.cloud.bigquery import Dataset, SchemaField, Table, TimePartitioning, TimePartitioningType

from market_data_assets.errors import Retryable, SchemaDrift
from market_data_assets.storage.warehouse.base import CLUSTER_COLUMN, PARTITION_COLUMN, WarehouseTable
from market_data_assets.storage.warehouse.bigquery_errors import refusals
from market_data_assets.storage.warehouse.bigquery_schema import canonical, schema_fields
from market_data_assets.storage.warehouse.bigquery_session import BigQuerySession

_ATTEMPTS = 10
_DATASET_DOC = "Analytics tables of market_data_assets: one row per instrument and bucket, a partition per UTC day."


@dataclass(frozen=True, slots=True)
class Difference:
    """What one table or view lacks.

    Attributes:
        lines: What is to be done, for people.
        wanted: The table as it shall be.
        fields: Its properties that differ; none where it does not exist yet.
    """

    lines: Sequence[str]
    wanted: Table
    fields: Sequence[str] = ()


def pending(session: BigQuerySession, tables: Sequence[WarehouseTable]) -> Sequence[str]:
    """What :func:`migrate` would do, a line each."""
    lines = [] if _dataset_exists(session) else [f"{session.dataset}: create the dataset"]
    return [*lines, *(line for name, table in _all(tables) for line in _difference(session, name, table).lines)]


def migrate(session: BigQuerySession, tables: Sequence[WarehouseTable]) -> Sequence[str]:
    """Create the dataset, the tables and their views where they are missing; add columns, and renew descriptions.

    Raises:
        SchemaDrift: a stored column has another type, or a table another partitioning, than its record says.
    """
    lines = []
    if not _dataset_exists(session):
        _create_dataset(session)
        lines.append(f"{session.dataset}: create the dataset")
    return [*lines, *(line for name, table in _all(tables) for line in _apply(session, name, table))]


def stored_table(session: BigQuerySession, name: str) -> Table | None:
    """A table or view as it is, None where there is none."""
    try:
        return session.client.get_table(session.reference.table(name), retry=session.retry)
    except NotFound:
        return None


def _all(tables: Sequence[WarehouseTable]) -> Sequence[tuple[str, WarehouseTable]]:
    """Tables by name, each followed by its views."""
    return [(name, table) for table in tables for name in (table.name, *table.views)]


def _dataset_exists(session: BigQuerySession) -> bool:
    with refusals(f"BigQuery dataset {session.dataset}"):
        try:
            session.client.get_dataset(session.reference, retry=session.retry)
        except NotFound:
            return False
    return True


def _create_dataset(session: BigQuerySession) -> None:
    dataset = Dataset(session.reference)
    dataset.description = _DATASET_DOC
    if session.location is not None:
        dataset.location = session.location
    with refusals(f"creating the BigQuery dataset {session.dataset}"):
        session.client.create_dataset(dataset, exists_ok=True, retry=session.retry)


def _apply(session: BigQuerySession, name: str, table: WarehouseTable) -> Sequence[str]:
    for _ in range(_ATTEMPTS):
        difference = _difference(session, name, table)
        if not difference.lines:
            return []
        with refusals(f"migrating the BigQuery table {session.dataset}.{name}"):
            try:
                if difference.fields:
                    # The client sends the etag that was read: a table that changed since is looked at again.
                    session.client.update_table(difference.wanted, difference.fields, retry=session.retry)
                else:
                    session.client.create_table(difference.wanted, retry=session.retry)
                return difference.lines
            except (Conflict, PreconditionFailed):
                continue
    raise Retryable(f"migrating the BigQuery table {session.dataset}.{name}: others kept changing it; run it again")


def _difference(session: BigQuerySession, name: str, table: WarehouseTable) -> Difference:
    with refusals(f"BigQuery table {session.dataset}.{name}"):
        stored = stored_table(session, name)
    is_view = name != table.name
    if stored is None:
        wanted = _new_view(session, name, table) if is_view else _new_table(session, table)
        return Difference([f"{name}: create the {'view' if is_view else 'table'}"], wanted)
    return _view_difference(stored, table, _view_query(session, table)) if is_view else _table_difference(stored, table)


def _new_table(session: BigQuerySession, table: WarehouseTable) -> Table:
    wanted = Table(session.reference.table(table.name), schema=[*schema_fields(table)])
    wanted.description = table.doc
    wanted.time_partitioning = TimePartitioning(TimePartitioningType.DAY, field=PARTITION_COLUMN)
    wanted.clustering_fields = [CLUSTER_COLUMN]
    wanted.require_partition_filter = True
    return wanted


def _new_view(session: BigQuerySession, name: str, table: WarehouseTable) -> Table:
    view = Table(session.reference.table(name))
    view.view_query = _view_query(session, table)
    view.description = _view_doc(table)
    return view


def _view_query(session: BigQuerySession, table: WarehouseTable) -> str:
    """All columns that the table has once it is migrated, those of newer or older records too."""
    with refusals(f"BigQuery table {session.dataset}.{table.name}"):
        stored = stored_table(session, table.name)
    names = list(table.columns) if stored is None else [field.name for field in _merged_schema(stored, table)]
    # Columns by name: what a star stands for is settled when the view is made. The condition holds for every row, and is there
    # because BigQuery takes no query without one on the partitions as a view; the conditions of those who query it come on top.
    columns = ", ".join(f"`{name}`" for name in names)
    return f"SELECT {columns} FROM {session.quoted(table.name)} WHERE {PARTITION_COLUMN} >= TIMESTAMP '1970-01-01 00:00:00+00'"


def _view_doc(table: WarehouseTable) -> str:
    return f"The same rows as {table.name}."


def _view_difference(stored: Table, table: WarehouseTable, query: str) -> Difference:
    doc = _view_doc(table)
    if stored.table_type != "VIEW":
        raise SchemaDrift(f"warehouse {table}: {stored.table_id} is a {stored.table_type}, expected a view of it")
    fields = [name for name, same in (("view_query", stored.view_query == query), ("description", stored.description == doc)) if not same]
    if fields:
        stored.view_query, stored.description = query, doc
    return Difference([f"{stored.table_id}: update the view"] if fields else [], stored, fields)


def _table_difference(stored: Table, table: WarehouseTable) -> Difference:
    _check_layout(stored, table)
    lines, fields = [], []
    schema, known = _merged_schema(stored, table), {field.name: field for field in stored.schema}
    added = [field for field in schema if field.name not in known]
    lines += [f"{table.name}: add column {field.name} ({field.field_type})" for field in added]
    if any(field.description != known[field.name].description for field in schema if field.name in known):
        lines.append(f"{table.name}: update column descriptions")
    if lines:
        fields.append("schema")
        stored.schema = schema
    if stored.description != table.doc:
        lines.append(f"{table.name}: update the description")
        fields.append("description")
        stored.description = table.doc
    if not stored.require_partition_filter:
        lines.append(f"{table.name}: require a partition filter")
        fields.append("require_partition_filter")
        stored.require_partition_filter = True
    return Difference(lines, stored, fields)


def _check_layout(stored: Table, table: WarehouseTable) -> None:
    """Raise where the table cannot become what its record says: neither partitioning nor types change in place."""
    partitioning = stored.time_partitioning
    if partitioning is None or (partitioning.type_, partitioning.field) != (TimePartitioningType.DAY, PARTITION_COLUMN):
        raise SchemaDrift(f"warehouse {table}: it is not partitioned by the day of {PARTITION_COLUMN}, and that cannot be changed in place")
    wanted = {field.name: field.field_type for field in schema_fields(table)}
    for field in stored.schema:
        found, expected = canonical(field.field_type), wanted.get(field.name)
        if expected is not None and (found != expected or field.mode == "REPEATED"):
            raise SchemaDrift(
                f"warehouse {table}: column {field.name} is stored as {found}, its record says {expected}; migrations only add"
            )


def _merged_schema(stored: Table, table: WarehouseTable) -> list[SchemaField]:
    """The stored columns in their order, with the record's descriptions, then the new ones, which can only be optional."""
    record = {field.name: field for field in schema_fields(table)}
    kept = [_described(field, record[field.name].description) if field.name in record else field for field in stored.schema]
    names = {field.name for field in kept}
    new = [SchemaField(field.name, field.field_type, description=field.description) for field in record.values() if field.name not in names]
    return [*kept, *new]


def _described(field: SchemaField, description: str | None) -> SchemaField:
    return SchemaField.from_api_repr({**field.to_api_repr(), "description": description})
