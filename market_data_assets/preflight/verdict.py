"""What a plan comes to, in one sentence and in a few remarks."""

from collections.abc import Iterator, Sequence

from market_data_assets.client.wording import counted, dollars, readable
from market_data_assets.preflight.durations import time_text
from market_data_assets.preflight.plan import BackfillPlan
from market_data_assets.preflight.universe import Origin
from market_data_assets.upkeep.scope import ranges_of

_SHOWN_SPANS = 6


def verdict(plan: BackfillPlan) -> str:
    """One line: days, files, bytes, time, money, limits."""
    days = f"{counted(len(plan.days), 'day')}, {len(plan.to_make):,} to make"
    if not plan.to_make:
        return f"{days}: nothing to do"
    parts = [
        days,
        *_downloads(plan),
        _growth(plan),
        _time(plan),
        f"{_operations(plan)} of storage operations",
        *_loads(plan),
        _limits(plan),
    ]
    return ", ".join(parts)


def remarks(plan: BackfillPlan) -> Sequence[str]:
    """What the reader should know about the numbers, and which days to run."""
    return [
        *_which_days(plan),
        *_origins(plan),
        *_refusals(plan),
        *_sizes(plan),
        *_money(plan),
        *(f"too low a limit: {limit}" for limit in plan.exceeded),
    ]


def _downloads(plan: BackfillPlan) -> Iterator[str]:
    downloads = plan.downloads
    if not downloads.files:
        yield "no vendor files"
        return
    yield counted(downloads.files, "vendor file")
    if downloads.unsized == downloads.files:
        yield "of unknown size"
    else:
        about = "~" if downloads.estimated_bytes or downloads.unsized else ""
        yield f"{about}{readable(downloads.bytes)} to {'read' if downloads.known_bytes else 'download'}"


def _growth(plan: BackfillPlan) -> str:
    growth = plan.lake_growth
    return f"~{readable(growth.bytes)} more in the lake" if growth.bytes else "an unknown number of bytes more in the lake"


def _time(plan: BackfillPlan) -> str:
    if plan.duration.seconds is None:
        return f"time unknown ({plan.duration.basis})"
    return f"about {time_text(plan.duration.seconds)} {plan.duration.basis}"


def _operations(plan: BackfillPlan) -> str:
    return dollars(plan.operation_dollars) if plan.on_bucket else "$0"


def _loads(plan: BackfillPlan) -> Iterator[str]:
    if plan.loads:
        yield f"{counted(plan.loads, 'free load job')}"


def _limits(plan: BackfillPlan) -> str:
    if not plan.exceeded:
        return "no limit is exceeded"
    return f"{len(plan.exceeded)} {'limit is' if len(plan.exceeded) == 1 else 'limits are'} exceeded"


def _which_days(plan: BackfillPlan) -> Iterator[str]:
    found = ranges_of(plan.to_make)
    if len(plan.to_make) < len(plan.days) and found:
        shown = ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in found[:_SHOWN_SPANS])
        more = f" and {len(found) - _SHOWN_SPANS} more ranges" if len(found) > _SHOWN_SPANS else ""
        yield f"to make: {shown}{more}; a day that lacks anything is made as a whole"


def _origins(plan: BackfillPlan) -> Iterator[str]:
    for origin, days in sorted(plan.origins.items()):
        if origin is not Origin.STORED:
            yield f"instruments of {counted(days, 'day')}: {origin}"


def _refusals(plan: BackfillPlan) -> Iterator[str]:
    if plan.refused:
        yield f"without an API key the vendor gives the first day of each month only: {counted(plan.refused, 'day')} would be refused"


def _sizes(plan: BackfillPlan) -> Iterator[str]:
    downloads, growth = plan.downloads, plan.lake_growth
    if downloads.known_bytes and downloads.estimated_bytes:
        yield f"bytes to read: {readable(downloads.known_bytes)} known, {readable(downloads.estimated_bytes)} estimated"
    elif downloads.known_bytes:
        yield "bytes to read are known: they are those of the files in the vendor's folder"
    elif downloads.estimated_bytes:
        yield "bytes to download are estimated from stored days nearby"
    if downloads.absent:
        yield f"{counted(downloads.absent, 'listed file')} not in the vendor's folder"
    if downloads.unsized:
        yield f"{counted(downloads.unsized, 'vendor file')} of unknown size: nothing alike is stored nearby"
    if growth.unsized:
        yield f"{counted(growth.unsized, 'instrument-day')} of unknown size: nothing alike is stored nearby; the sums are without them"


def _money(plan: BackfillPlan) -> Iterator[str]:
    if not plan.to_make:
        return
    counts = f"{plan.operations.writes:,} writes and listings, {plan.operations.reads:,} reads"
    price = "" if plan.on_bucket else f"; in a bucket they would cost {dollars(plan.operation_dollars)}"
    yield f"store operations: {counts}{price}"
    if plan.monthly_dollars:
        yield f"what is kept adds {dollars(plan.monthly_dollars)} a month"
    if plan.free is not None:
        warehouse = plan.warehouse_growth.bytes if plan.warehouse == "embedded" else 0
        grown = plan.lake_growth.bytes + warehouse
        needed = f"{readable(grown)} more, {readable(warehouse)} of it in the warehouse, " if warehouse else f"{readable(grown)} more, "
        yield f"disk: {needed if grown else ''}{readable(plan.free)} free"
