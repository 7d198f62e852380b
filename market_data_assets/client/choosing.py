"""Which source a read goes to where both could answer: the lake or the warehouse, by what it costs.

The lake is verified and newest, so it is read unless the warehouse is clearly cheaper, or is the only one that has the range.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from market_data_assets.client.costs import Rates
from market_data_assets.client.lake_shelf import LakeShelf
from market_data_assets.client.offers import Offer, answer_bytes, lake_offer, warehouse_offer
from market_data_assets.client.plan import ReadPlan, plan_read
from market_data_assets.client.stored_days import Piece, Shelf, StoredFile
from market_data_assets.client.warehouse_shelf import WarehouseShelf
from market_data_assets.client.wording import counted
from market_data_assets.domain.days import TimeRange
from market_data_assets.domain.instruments import InstrumentId
from market_data_assets.errors import AuthError, PartitionMissing, QueryError, Retryable, StorageFailed

_COUNTING = 1
"""Small queries before that for the rows: which days there are."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Rows and columns of one dataset that both sources may have.

    Attributes:
        columns: Those that are decoded.
    """

    instruments: Sequence[InstrumentId]
    time_range: TimeRange
    columns: Sequence[str]


def choose(wanted: Wanted, lake: LakeShelf, warehouse: Callable[[], WarehouseShelf], rates: Rates) -> tuple[Shelf, ReadPlan]:
    """Where to read, and what that touches.

    BigQuery is not asked for a read of a lake that is on this machine, nor for one that costs less than its smallest query.

    Raises:
        PartitionMissing: neither has a day of the range.
        QueryError: an instrument that has nothing stored on any day of the range.
        AuthError, StorageFailed, Retryable: the lake has nothing of the range, and the warehouse cannot be asked.
    """
    try:
        plan = plan_read(lake, wanted.instruments, wanted.time_range)
    except PartitionMissing as missing:
        return _of_warehouse_alone(wanted, warehouse(), missing)
    if lake.is_local:
        return lake, replace(plan, why="lake, it is on this machine")
    return _cheaper(wanted, lake, plan, warehouse, rates)


def _of_warehouse_alone(wanted: Wanted, warehouse: WarehouseShelf, missing: PartitionMissing) -> tuple[Shelf, ReadPlan]:
    try:
        plan = plan_read(warehouse, wanted.instruments, wanted.time_range)
    except PartitionMissing:
        raise missing from None
    return warehouse, replace(plan, why="warehouse, the lake has nothing of the range")


def _cheaper(
    wanted: Wanted, lake: LakeShelf, plan: ReadPlan, warehouse: Callable[[], WarehouseShelf], rates: Rates
) -> tuple[Shelf, ReadPlan]:
    own = lake_offer(plan.pieces, lake.dataset, wanted.columns, wanted.time_range, rates, local=False)

    def stay(why: str, *others: Offer) -> tuple[Shelf, ReadPlan]:
        return lake, replace(plan, offers=(own, *others), why=f"lake, {why}")

    if not warehouse_offer(0, 0, rates, counting=_COUNTING).cost.beats(own.cost, rates):
        return stay("no query of the warehouse costs less")
    shelf = warehouse()
    try:
        scanned = shelf.estimate(wanted.columns, wanted.time_range)
        answer = answer_bytes(plan.pieces, shelf.table.schema, wanted.columns, wanted.time_range)
        other = warehouse_offer(scanned, answer, rates, counting=_COUNTING)
        if not other.cost.beats(own.cost, rates):
            return stay(_why(own, other, rates), other)
        if shelf.most_bytes is not None and scanned > shelf.most_bytes:
            return stay("the warehouse would scan more than max_bytes_billed allows", other)
        days = {piece.day for piece in plan.pieces}
        lacking = days.difference(shelf.days())
    except (AuthError, QueryError, Retryable, StorageFailed) as error:
        return stay(f"the warehouse cannot be asked ({error})")
    if lacking:
        return stay(f"the warehouse lacks {len(lacking)} of {counted(len(days), 'day')}", other)
    pieces = [_in_table(shelf, piece) for piece in plan.pieces]
    return shelf, replace(plan, dataset=shelf.name, pieces=pieces, offers=(other, own), why=f"warehouse, {_why(other, own, rates)}")


def _why(better: Offer, worse: Offer, rates: Rates) -> str:
    """Why an offer that is not beaten by another is the better one."""
    apart = abs(better.cost.dollars - worse.cost.dollars) > rates.negligible_dollars
    return "it is cheaper" if apart else "it costs as good as the same and is no slower"


def _in_table(shelf: WarehouseShelf, piece: Piece) -> Piece:
    return replace(piece, file=StoredFile(shelf.place(piece.day, piece.instrument), piece.file.rows, 0, piece.file.times))
