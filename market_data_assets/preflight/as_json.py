"""A plan as one JSON document."""

from typing import Any

from market_data_assets.preflight.plan import BackfillPlan, TablePlan
from market_data_assets.preflight.stored import State
from market_data_assets.preflight.verdict import remarks, verdict


def plan_document(plan: BackfillPlan) -> dict[str, Any]:
    """Every number of the plan; sizes in bytes, times in seconds, money in dollars, days as text. None is what is not known."""
    downloads, lake, warehouse = plan.downloads, plan.lake_growth, plan.warehouse_growth
    return {
        "first": str(plan.days[0]),
        "last": str(plan.days[-1]),
        "days": len(plan.days),
        "to_make": [str(day) for day in plan.to_make],
        "instruments": plan.instruments,
        "instruments_known_from": {origin.name.lower(): days for origin, days in sorted(plan.origins.items())},
        "vendor": {
            "files": downloads.files,
            "known_bytes": downloads.known_bytes,
            "estimated_bytes": downloads.estimated_bytes,
            "absent_files": downloads.absent,
            "unsized_files": downloads.unsized,
        },
        "lake": {"bytes": lake.bytes, "rows": lake.rows, "unsized_instrument_days": lake.unsized, "free_bytes": plan.free},
        "store_operations": {
            "writes": plan.operations.writes,
            "reads": plan.operations.reads,
            "dollars_on_a_bucket": plan.operation_dollars,
            "billed": plan.on_bucket,
        },
        "warehouse": {"kind": plan.warehouse, "bytes": warehouse.bytes, "rows": warehouse.rows, "load_jobs": plan.loads},
        "dollars_a_month": plan.monthly_dollars,
        "seconds": plan.duration.seconds,
        "seconds_basis": plan.duration.basis,
        "limits": [
            {"what": each.what, "allowed": each.allowed, "needed": each.needed, "exceeded": each.is_exceeded} for each in plan.limits
        ],
        "tables": [_table(table) for table in plan.tables],
        "verdict": verdict(plan),
        "remarks": list(remarks(plan)),
    }


def _table(table: TablePlan) -> dict[str, Any]:
    return {
        "tier": table.tier,
        "name": table.name,
        "partitions": table.partitions,
        "stored": table.stored,
        **{str(state): table.states.get(state, 0) for state in State},
        "to_make": table.to_make,
        "files": table.files,
        "rows": table.growth.rows,
        "bytes": table.growth.bytes,
        "unsized_instrument_days": table.growth.unsized,
        "vendor_files": table.downloads.files,
        "vendor_bytes": table.downloads.bytes,
    }
