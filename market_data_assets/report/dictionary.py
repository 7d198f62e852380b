"""The data dictionary: every stored table and column, from the records that define them, as Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import pyarrow as pa

from market_data_assets.domain.datasets import Column, Dataset, Grain

_HEAD = """# Data dictionary

Every stored table and every visible column, generated from the records in the code by `make docs`; a test fails when it is stale.
Times are UTC, ranges are half-open, a bucket is `[timestamp, timestamp_close)`. Each partition is one UTC day.

How a coarser bucket's value follows from the finer ones: **A** a sum, extremum, first or last, exactly; **B** an expression over
components that merge exactly; **C** a sum in which each change belongs to its later event, state carried through the day; **D** computed
on candles of the same timeframe; **E** from ticks for every timeframe.
"""


def data_dictionary(datasets: Sequence[Dataset]) -> str:
    """One section per tier; tables that differ only in their timeframe are described once."""
    parts = [_HEAD]
    for tier, of_tier in groupby(datasets, lambda dataset: dataset.tier):
        parts.append(f"## {tier}\n")
        for group in _alike(of_tier):
            parts.append(_section(group))
    return "\n".join(parts)


def _alike(datasets: Iterable[Dataset]) -> Sequence[Sequence[Dataset]]:
    """Tables with the same columns together."""
    groups: dict[tuple[tuple[str, str], ...], list[Dataset]] = {}
    for dataset in datasets:
        signature = tuple((name, column.doc) for name, column in dataset.columns.items())
        groups.setdefault(signature, []).append(dataset)
    return list(groups.values())


def _section(group: Sequence[Dataset]) -> str:
    first = group[0]
    names = ", ".join(f"`{dataset.name}`" for dataset in group)
    folder = first.tier + "/by_date/day-YYYY-MM-DD/" + (_folder(group) if first.partition else "")
    file = "{instrument_id}.parquet" if first.grain is Grain.INSTRUMENT else f"{first.name}.parquet"
    hidden = sum(column.hidden for column in first.columns.values())
    doc = first.doc if len(group) == 1 else first.doc.replace(str(first.timeframe), "{timeframe}")
    computed = any(column.merge for column in first.columns.values())
    head = ("column", "type", "unit", "merge", "meaning") if computed else ("column", "type", "unit", "meaning")
    lines = [f"### {names}\n", f"{doc}\n", f"`{folder}{file}`\n", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += [_row(name, column, computed=computed) for name, column in _visible(first.columns).items()]
    if hidden:
        lines.append(f"\nBeside them {hidden} hidden columns (prefix `_`) hold the components that make merging exact.")
    return "\n".join(lines) + "\n"


def _folder(group: Sequence[Dataset]) -> str:
    partition = group[0].partition or ""
    timeframe = group[0].timeframe
    return (partition if timeframe is None else partition.removesuffix(str(timeframe)) + "{timeframe}") + "/"


def _visible(columns: Mapping[str, Column]) -> Mapping[str, Column]:
    return {name: column for name, column in columns.items() if not column.hidden}


def _row(name: str, column: Column, *, computed: bool) -> str:
    type_ = "text" if pa.types.is_dictionary(column.type) or pa.types.is_string(column.type) else str(column.type)
    doc = column.doc if column.version == 1 else f"{column.doc} (version {column.version})"
    cells = (f"`{name}`", type_, column.unit, *((column.merge,) if computed else ()), doc)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
