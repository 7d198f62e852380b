"""What a query would scan and cost, before it is run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from market_data_assets.client.costs import Rates
from market_data_assets.client.wording import dollars, readable
from market_data_assets.storage.warehouse.base import Warehouse


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A query that was not run.

    Attributes:
        bytes: That the warehouse would scan, at most.
        limit: Most bytes that a query may scan; None where nothing is billed, as in an embedded warehouse.
    """

    bytes: int
    limit: int | None
    rates: Rates = field(default_factory=Rates)

    @property
    def dollars(self) -> float:
        """What it would cost on demand; at least the minimum of a query where anything is billed."""
        return 0.0 if self.limit is None else self.rates.query.of(max(self.bytes, self.rates.query_minimum))

    @property
    def is_refused(self) -> bool:
        """Whether the limit would refuse it."""
        return self.limit is not None and self.bytes > self.limit

    def document(self) -> Mapping[str, Any]:
        """The same as JSON takes it."""
        return {"bytes": self.bytes, "dollars": self.dollars, "limit_bytes": self.limit, "refused": self.is_refused}

    def __str__(self) -> str:
        if self.limit is None:
            return f"up to {readable(self.bytes)} to scan in the embedded warehouse, $0"
        cost = f"{readable(self.bytes)} to scan, {dollars(self.dollars)}"
        word = "over" if self.is_refused else "within"
        refused = ": it would be refused" if self.is_refused else ""
        return f"{cost}, {word} the limit of {readable(self.limit)} a query{refused}"


def plan_query(warehouse: Warehouse, sql: str, limit: int | None) -> QueryPlan:
    """Dry-run one SELECT.

    Raises:
        QueryError: not a single SELECT, an unknown table or column, or SQL that the warehouse refuses.
        StorageFailed, Retryable, AuthError: the warehouse could not be asked.
    """
    return QueryPlan(warehouse.estimate(sql).bytes, limit)
