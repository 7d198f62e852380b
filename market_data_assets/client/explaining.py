"""What a read would touch and cost, before anything is decoded."""

from dataclasses import replace

from market_data_assets.client.costs import Rates
from market_data_assets.client.lake_shelf import LakeShelf
from market_data_assets.client.offers import Offer, answer_bytes, lake_offer, warehouse_offer
from market_data_assets.client.plan import ReadPlan, plan_read
from market_data_assets.client.reading import Read
from market_data_assets.client.warehouse_shelf import WarehouseShelf


def explained(read: Read, rates: Rates) -> ReadPlan:
    """The plan of a read, with at least the offer of the source that it is read from.

    Raises:
        PartitionMissing, QueryError: as :func:`plan_read`.
    """
    plan = plan_read(read.shelf, read.instruments, read.time_range) if read.plan is None else read.plan
    return plan if plan.offers else replace(plan, offers=_offers(read, plan, rates))


def _offers(read: Read, plan: ReadPlan, rates: Rates) -> tuple[Offer, ...]:
    match read.shelf:
        case LakeShelf() as lake:
            return (lake_offer(plan.pieces, lake.dataset, read.decoded, read.time_range, rates, local=lake.is_local),)
        case WarehouseShelf() as warehouse:
            answer = answer_bytes(plan.pieces, warehouse.table.schema, read.decoded, read.time_range)
            scanned = warehouse.estimate(read.decoded, read.time_range)
            return (warehouse_offer(scanned, answer, rates, counting=1, local=warehouse.is_local),)
        case _:
            return ()
