"""SQL over the analytics tables, on either warehouse."""

from collections.abc import Mapping
from typing import Any

from market_data_assets.client.deployment import Deployment
from market_data_assets.client.frames import As, check_as, to_frame
from market_data_assets.client.offers import Offer, warehouse_offer


class SqlReads(Deployment):
    """One SELECT at a time. It can read the tables of this warehouse and nothing else, and change nothing."""

    def sql(self, sql: str, parameters: Mapping[str, object] | None = None, *, as_: As = "pandas") -> Any:
        """The rows of one SELECT over tables such as ``candles_1m`` and ``book_snapshots_5m``.

        Values belong into ``parameters``, never into the text. BigQuery wants a filter on ``timestamp`` for each table, and
        a query that would scan more than ``max_bytes_billed`` is refused before it runs.

        Args:
            sql: With ``@name`` where a parameter's value stands, such as ``WHERE instrument_id = @id``.
            parameters: Text, numbers, booleans, dates, aware datetimes, and lists of those (``IN UNNEST(@ids)``).

        Raises:
            QueryError: not a single SELECT, an unknown table, column or parameter, or more bytes than a query may scan.
            AuthError, StorageFailed, Retryable: the warehouse cannot be asked.
        """
        check_as(as_)
        return to_frame(self._warehouse.query(sql, parameters), as_)

    def sql_estimate(self, sql: str, parameters: Mapping[str, object] | None = None) -> Offer:
        """What :meth:`sql` would scan and cost, by a dry run, which costs nothing; errors as there."""
        scanned = self._warehouse.estimate(sql, parameters).bytes
        return warehouse_offer(scanned, 0, self._rates, local=self._settings.warehouse == "embedded")
