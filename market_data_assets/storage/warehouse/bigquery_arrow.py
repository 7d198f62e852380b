"""The rows of a finished query as Arrow, through BigQuery's Storage Read API."""

from typing import TYPE_CHECKING

import pyarrow as pa
from google.cloud.bigquery import TableReference

from market_data_assets.storage.parallel import for_each

if TYPE_CHECKING:
    from google.cloud.bigquery_storage import BigQueryReadClient


def read_rows(client: "BigQueryReadClient", project: str, table: TableReference, streams: int) -> pa.Table:
    """All rows of a table, such as the temporary one that holds a query's result.

    Streams are read side by side, and each continues where it was when its connection breaks.

    Args:
        project: Pays for the reading, which is free for results.
        streams: At most so many; the order of a result is only kept with one.
    """
    # Imported with the first read: it brings gRPC, which a loader does not need.
    from google.cloud.bigquery_storage import DataFormat, ReadSession  # noqa: PLC0415

    session = client.create_read_session(
        parent=f"projects/{project}",
        read_session=ReadSession(
            table=f"projects/{table.project}/datasets/{table.dataset_id}/tables/{table.table_id}", data_format=DataFormat.ARROW
        ),
        max_stream_count=streams,
    )
    schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))

    def read(stream: str) -> list[pa.RecordBatch]:
        messages = client.read_rows(stream)  # type: ignore[no-untyped-call]
        return [pa.ipc.read_record_batch(pa.py_buffer(message.arrow_record_batch.serialized_record_batch), schema) for message in messages]

    parts = for_each(read, [stream.name for stream in session.streams], streams)
    return pa.Table.from_batches([batch for part in parts for batch in part], schema)
